use std::borrow::Cow;
use std::fmt;
use std::ops::Range;

use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, Visitor};
use serde_json::value::RawValue;
use zeroize::Zeroize;

/// A JSON object kept as its text, its members indexed in their order.
///
/// Read as RFC 7515 4 and RFC 7519 4 want it: UTF-8, no member twice, nothing before or after.
#[derive(Clone, Debug)]
pub(crate) struct Object {
    /// The JSON, then the names that stand in it with escapes, unescaped.
    text: String,
    /// How much of `text` is the JSON.
    length: usize,
    members: Vec<Member>,
}

/// Where in the text a member's name and value stand.
#[derive(Clone, Debug)]
struct Member {
    name: Range<usize>,
    value: Range<usize>,
}

impl Object {
    /// Indexes the members of a JSON object, or says nothing but that it is none.
    pub(crate) fn parse(json: Vec<u8>) -> Option<Self> {
        let mut text = String::from_utf8(json).ok()?;
        let length = text.len();

        let mut unescaped = String::new();
        let mut reader = serde_json::Deserializer::from_str(&text);
        let members = Index {
            text: &text,
            unescaped: &mut unescaped,
        };
        let members = members.deserialize(&mut reader).ok()?;
        reader.end().ok()?;

        text.push_str(&unescaped);
        Some(Self {
            text,
            length,
            members,
        })
    }

    /// The JSON text of the member called `name`.
    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        self.iter()
            .find(|(found, _)| *found == name)
            .map(|(_, value)| value)
    }

    /// The members' names and JSON texts, in their order.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        let text = &self.text;
        self.members
            .iter()
            .map(|member| (&text[member.name.clone()], &text[member.value.clone()]))
    }

    /// The whole JSON text.
    pub(crate) fn json(&self) -> &str {
        &self.text[..self.length]
    }
}

impl Zeroize for Object {
    fn zeroize(&mut self) {
        self.text.zeroize();
        self.members.clear();
        self.length = 0;
    }
}

/// Reads an object's members into their places in `text`.
struct Index<'a> {
    text: &'a str,
    unescaped: &'a mut String,
}

impl Index<'_> {
    fn name(&mut self, name: Cow<'_, str>) -> Range<usize> {
        match name {
            Cow::Borrowed(name) => self.place(name),
            Cow::Owned(name) => {
                let start = self.text.len() + self.unescaped.len();
                self.unescaped.push_str(&name);
                start..start + name.len()
            }
        }
    }

    /// Where a slice of the text begins and ends.
    fn place(&self, part: &str) -> Range<usize> {
        let start = part.as_ptr().addr() - self.text.as_ptr().addr();
        start..start + part.len()
    }

    fn resolve(&self, place: &Range<usize>) -> &str {
        match place.start.checked_sub(self.text.len()) {
            Some(start) => &self.unescaped[start..start + place.len()],
            None => &self.text[place.clone()],
        }
    }
}

impl<'de> DeserializeSeed<'de> for Index<'_> {
    type Value = Vec<Member>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for Index<'_> {
    type Value = Vec<Member>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON object")
    }

    fn visit_map<A: MapAccess<'de>>(mut self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut members = Vec::<Member>::with_capacity(8);
        while let Some(name) = map.next_key_seed(Name)? {
            let value = self.place(map.next_value::<&RawValue>()?.get());
            if members
                .iter()
                .any(|member| self.resolve(&member.name) == name)
            {
                return Err(A::Error::custom("a member stands twice"));
            }
            if members.len() == MAX_MEMBERS {
                return Err(A::Error::custom("too many members"));
            }
            members.push(Member {
                name: self.name(name),
                value,
            });
        }
        Ok(members)
    }
}

/// A member's name: a slice of the text, or its own string where the text has escapes.
struct Name;

impl<'de> DeserializeSeed<'de> for Name {
    type Value = Cow<'de, str>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl<'de> Visitor<'de> for Name {
    type Value = Cow<'de, str>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a member's name")
    }

    fn visit_borrowed_str<E: Error>(self, name: &'de str) -> Result<Self::Value, E> {
        Ok(Cow::Borrowed(name))
    }

    fn visit_str<E: Error>(self, name: &str) -> Result<Self::Value, E> {
        Ok(Cow::Owned(name.to_owned()))
    }
}

/// Far above what tokens hold; it keeps the search for members that stand twice short.
const MAX_MEMBERS: usize = 256;

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(json: &str) -> Option<Object> {
        Object::parse(json.as_bytes().to_vec())
    }

    #[test]
    fn members_keep_their_order_and_text() {
        let object = parse(r#" {"b": [1, {"z": 1.50}], "\u0061\u00ef": "x", "c":null} "#).unwrap();

        let members: Vec<_> = object.iter().collect();
        assert_eq!(
            members,
            [
                ("b", r#"[1, {"z": 1.50}]"#),
                ("aï", r#""x""#),
                ("c", "null")
            ]
        );
    }

    #[test]
    fn a_member_that_stands_twice_is_refused() {
        assert!(parse(r#"{"a": 1, "b": 2, "a": 1}"#).is_none());
    }

    #[test]
    fn a_member_that_stands_twice_behind_an_escape_is_refused() {
        assert!(parse(r#"{"a": 1, "\u0061": 2}"#).is_none());
        assert!(parse(r#"{"\u0061": 1, "a": 2}"#).is_none());
        assert!(parse(r#"{"\u0061": 1, "\u0061": 2}"#).is_none());
    }

    #[test]
    fn what_is_not_one_json_object_is_refused() {
        let refused = [
            "",
            "null",
            "[]",
            "{} {}",
            "{\"a\":NaN}",
            "{\"a\":1,}",
            "\u{feff}{}",
            "{",
        ];

        assert!(refused.iter().all(|json| parse(json).is_none()));
        assert!(Object::parse(b"{\"a\":\"\xff\"}".to_vec()).is_none());
    }

    #[test]
    fn a_flood_of_members_is_refused() {
        let members: Vec<_> = (0..=MAX_MEMBERS).map(|n| format!("\"m{n}\":0")).collect();

        assert!(parse(&format!("{{{}}}", members.join(","))).is_none());
    }
}
