use std::borrow::Cow;
use std::fmt;
use std::ops::Range;

use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, Visitor};
use serde_json::value::RawValue;
use smallvec::SmallVec;
use zeroize::Zeroize;

/// A JSON object kept as its text, its members indexed in their order.
///
/// Read as RFC 7515 4 and RFC 7519 4 want it: UTF-8, no member twice, nothing before or after.
#[derive(Clone, Debug)]
pub(crate) struct Object<'a> {
    text: Cow<'a, str>,
    /// The names that stand in the text with escapes, without them.
    unescaped: String,
    members: Members,
}

/// As many as tokens usually have fit in without further memory.
type Members = SmallVec<[Member; 8]>;

/// Where in the text, and what is unescaped beyond its end, a member's name and value stand.
#[derive(Clone, Debug)]
struct Member {
    tag: Tag,
    name: Place,
    value: Place,
}

/// A name's length and first bytes: where they differ, the names do, and nobody reads them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Tag([u8; 4]);

impl Tag {
    fn of(name: &str) -> Self {
        let mut tag = [0; 4];
        for (place, byte) in tag.iter_mut().zip(name.bytes()) {
            *place = byte;
        }
        #[expect(clippy::cast_possible_truncation, reason = "its last bits tell enough")]
        let length = name.len() as u8;
        tag[3] = length;
        Self(tag)
    }
}

/// Half as large as a range of `usize`: what is indexed is some KiB long.
#[derive(Clone, Copy, Debug)]
struct Place {
    start: u32,
    end: u32,
}

impl Place {
    /// `None` beyond 4 GiB.
    fn new(start: usize, length: usize) -> Option<Self> {
        Some(Self {
            start: start.try_into().ok()?,
            end: start.checked_add(length)?.try_into().ok()?,
        })
    }

    fn range(self) -> Range<usize> {
        self.start as usize..self.end as usize
    }
}

impl<'a> Object<'a> {
    /// Indexes the members of a JSON object, or says nothing but that it is none.
    pub(crate) fn parse(json: impl Into<Cow<'a, [u8]>>) -> Option<Self> {
        let text = match json.into() {
            Cow::Borrowed(json) => Cow::Borrowed(std::str::from_utf8(json).ok()?),
            Cow::Owned(json) => Cow::Owned(String::from_utf8(json).ok()?),
        };
        // The parser's refusal takes memory, and most of what is no object shows it at once.
        if !text.trim_ascii_start().starts_with('{') {
            return None;
        }

        let (mut unescaped, mut members) = (String::new(), Members::new());
        let mut reader = serde_json::Deserializer::from_str(&text);
        let index = Index {
            text: &text,
            unescaped: &mut unescaped,
            members: &mut members,
        };
        index.deserialize(&mut reader).ok()?;
        reader.end().ok()?;

        Some(Self {
            text,
            unescaped,
            members,
        })
    }

    /// The JSON text of the member called `name`.
    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        let found = find(&self.members, name, &self.text, &self.unescaped);
        found.map(|member| &self.text[member.value.range()])
    }

    /// The members' names and JSON texts, in their order.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        let (text, unescaped) = (&*self.text, &*self.unescaped);
        self.members
            .iter()
            .map(move |member| (name(member, text, unescaped), &text[member.value.range()]))
    }

    /// The whole JSON text.
    pub(crate) fn json(&self) -> &str {
        &self.text
    }
}

impl Zeroize for Object<'static> {
    /// Of a text that is its own.
    fn zeroize(&mut self) {
        self.text.to_mut().zeroize();
        self.unescaped.zeroize();
        self.members.clear();
    }
}

fn find<'a>(
    members: &'a [Member],
    wanted: &str,
    text: &str,
    unescaped: &str,
) -> Option<&'a Member> {
    let tag = Tag::of(wanted);
    let mut alike = members.iter().filter(|member| member.tag == tag);
    alike.find(|member| name(member, text, unescaped) == wanted)
}

fn name<'a>(member: &Member, text: &'a str, unescaped: &'a str) -> &'a str {
    let place = member.name.range();
    match place.start.checked_sub(text.len()) {
        Some(start) => &unescaped[start..start + place.len()],
        None => &text[place],
    }
}

/// Reads an object's members into their places in `text`.
struct Index<'a> {
    text: &'a str,
    unescaped: &'a mut String,
    members: &'a mut Members,
}

impl Index<'_> {
    fn name(&mut self, name: Cow<'_, str>) -> Option<Place> {
        match name {
            Cow::Borrowed(name) => self.place(name),
            Cow::Owned(name) => {
                let start = self.text.len() + self.unescaped.len();
                self.unescaped.push_str(&name);
                Place::new(start, name.len())
            }
        }
    }

    /// Where a slice of the text begins and ends.
    fn place(&self, part: &str) -> Option<Place> {
        Place::new(part.as_ptr().addr() - self.text.as_ptr().addr(), part.len())
    }
}

impl<'de> DeserializeSeed<'de> for Index<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for Index<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON object")
    }

    fn visit_map<A: MapAccess<'de>>(mut self, mut map: A) -> Result<Self::Value, A::Error> {
        while let Some(found) = map.next_key_seed(Name)? {
            let value = map.next_value::<&RawValue>()?.get();
            if find(self.members, &found, self.text, self.unescaped).is_some() {
                return Err(A::Error::custom("a member stands twice"));
            }
            if self.members.len() == MAX_MEMBERS {
                return Err(A::Error::custom("too many members"));
            }
            let tag = Tag::of(&found);
            let places = self.place(value).zip(self.name(found));
            let (value, name) = places.ok_or_else(|| A::Error::custom("too long"))?;
            self.members.push(Member { tag, name, value });
        }
        Ok(())
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

    fn parse(json: &str) -> Option<Object<'static>> {
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
    fn names_that_begin_alike_are_told_apart() {
        let object = parse(r#"{"expa": 1, "expb": 2, "ex": 3, "": 4, "\u0065xpc": 5}"#).unwrap();

        let found = ["expa", "expb", "ex", "", "expc"].map(|name| object.get(name));
        assert_eq!(found, ["1", "2", "3", "4", "5"].map(Some));
        assert_eq!(object.get("expd"), None);
        assert!(parse(r#"{"expa": 1, "expb": 2, "\u0065xpa": 3}"#).is_none());
    }

    #[test]
    fn a_flood_of_members_is_refused() {
        let members: Vec<_> = (0..=MAX_MEMBERS).map(|n| format!("\"m{n}\":0")).collect();

        assert!(parse(&format!("{{{}}}", members.join(","))).is_none());
    }
}
