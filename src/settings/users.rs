use documented::DocumentedFields;
use serde::de::Error;
use serde::{Deserialize, Deserializer, Serialize};

/// `[users]`: how passwords are kept.
#[derive(Clone, Debug, Deserialize, DocumentedFields, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct Users {
    /// How many rounds of PBKDF2 a new password hash takes, and how many a refused login costs.
    /// The default is Django 5.2's.
    #[serde(deserialize_with = "at_least_one")]
    pub pbkdf2_iterations: u32,
}

impl Default for Users {
    fn default() -> Self {
        Self {
            pbkdf2_iterations: 1_000_000,
        }
    }
}

fn at_least_one<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u32, D::Error> {
    let iterations = u32::deserialize(deserializer)
        .ok()
        .filter(|iterations| *iterations > 0);
    iterations.ok_or_else(|| D::Error::custom("expected a whole number above 0"))
}
