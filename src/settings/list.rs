use serde::de::Error;
use serde::{Deserialize, Deserializer};

/// A list, or one text alone; an empty one is none.
pub(super) fn deserialize<'de, T, D>(deserializer: D) -> Result<Vec<T>, D::Error>
where
    T: TryFrom<String, Error: std::fmt::Display>,
    D: Deserializer<'de>,
{
    let texts = match OneOrMany::deserialize(deserializer)? {
        // An empty variable is how compose files leave one out.
        OneOrMany::One(text) if text.is_empty() => Vec::new(),
        OneOrMany::One(text) => vec![text],
        OneOrMany::Many(texts) => texts,
    };
    let items = texts.into_iter().map(T::try_from);
    items.collect::<Result<_, _>>().map_err(D::Error::custom)
}

#[derive(Deserialize)]
#[serde(untagged, expecting = "wrong type, expected a text or a list of texts")]
enum OneOrMany {
    One(String),
    Many(Vec<String>),
}
