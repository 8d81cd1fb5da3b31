use std::path::PathBuf;

use serde::Deserialize;

/// `[keys]`: where the keys are kept.
#[derive(Clone, Debug, Deserialize)]
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
