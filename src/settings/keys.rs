use std::path::PathBuf;

use documented::DocumentedFields;
use serde::{Deserialize, Serialize};

/// `[keys]`: where the keys are kept.
#[derive(Clone, Debug, Deserialize, DocumentedFields, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct Keys {
    /// The folder of the key files. Used where `[jwt]` gives no signing key itself.
    pub dir: PathBuf,
}

impl Default for Keys {
    fn default() -> Self {
        Self { dir: "keys".into() }
    }
}
