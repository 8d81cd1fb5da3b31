use serde::de::Error;
use serde::{Deserialize, Deserializer};

/// A whole number above 0.
pub(super) fn at_least_one<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u32, D::Error> {
    let number = u32::deserialize(deserializer).ok();
    let number = number.filter(|number| *number > 0);
    number.ok_or_else(|| D::Error::custom("expected a whole number above 0"))
}
