use std::path::PathBuf;

use documented::DocumentedFields;
use serde::de::Error;
use serde::{Deserialize, Deserializer, Serialize};

/// `[keys]`: where the keys are kept.
#[derive(Clone, Debug, Deserialize, DocumentedFields, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct Keys {
    /// The folder of the key files. Used where `[jwt]` gives no signing key itself.
    #[serde(deserialize_with = "folder")]
    pub dir: PathBuf,
}

impl Default for Keys {
    fn default() -> Self {
        Self { dir: "keys".into() }
    }
}

fn folder<'de, D: Deserializer<'de>>(deserializer: D) -> Result<PathBuf, D::Error> {
    let path = PathBuf::deserialize(deserializer)?;
    if path.as_os_str().is_empty() {
        return Err(D::Error::custom("expected a folder"));
    }
    Ok(path)
}
