use serde::de::Error;
use serde::{Deserialize, Deserializer, Serialize};

use super::text::OneOrMany;

/// Whom tokens are for (RFC 7519 4.1.3): one name, written as a text, or several, as a list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub enum Audience {
    /// One name.
    One(String),
    /// Several, at least one.
    Many(Vec<String>),
}

impl Audience {
    /// Whether `name` is one of them, to the letter.
    #[must_use]
    pub fn includes(&self, name: &str) -> bool {
        match self {
            Self::One(one) => one == name,
            Self::Many(many) => many.iter().any(|one| one == name),
        }
    }
}

pub(super) fn or_none<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<Audience>, D::Error> {
    match OneOrMany::deserialize(deserializer)? {
        OneOrMany::One(name) if name.is_empty() => Ok(None),
        OneOrMany::One(name) => Ok(Some(Audience::One(name))),
        OneOrMany::Many(names) if names.is_empty() || names.iter().any(String::is_empty) => {
            let refused = "no token has an empty audience: give names, or \"\" for none";
            Err(D::Error::custom(refused))
        }
        OneOrMany::Many(names) => Ok(Some(Audience::Many(names))),
    }
}
