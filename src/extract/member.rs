use std::borrow::Cow;
use std::fmt;

use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;

/// The members of a JSON object, each value as its text.
pub(super) struct Members<'a>(Vec<(Name<'a>, &'a RawValue)>);

impl<'a> Members<'a> {
    /// The value of a member. Of one that stands twice the last counts.
    pub(super) fn find(&self, name: &str) -> Option<&'a str> {
        let mut members = self.0.iter().rev();
        let found = members.find(|(Name(found), _)| found == name);
        found.map(|(_, value)| value.get())
    }
}

impl<'de> Deserialize<'de> for Members<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Object;

        impl<'de> Visitor<'de> for Object {
            type Value = Members<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<M: MapAccess<'de>>(self, mut map: M) -> Result<Self::Value, M::Error> {
                let mut members = Vec::new();
                while let Some(member) = map.next_entry()? {
                    members.push(member);
                }
                Ok(Members(members))
            }
        }

        deserializer.deserialize_map(Object)
    }
}

/// The name of a member, borrowed where it has no escapes.
#[derive(serde::Deserialize)]
struct Name<'a>(#[serde(borrow)] Cow<'a, str>);

/// A member's value: its text, or whether Python would take it for true. Not a
/// [`serde_json::Value`], which gives an object with one certain key a meaning of its own and
/// reads the text in it as further JSON, level upon level.
#[derive(Debug, PartialEq)]
pub enum Member<'a> {
    /// Null, false, zero, or empty.
    Falsy,
    /// A string with half a surrogate pair in it, which JSON can write and Unicode has not.
    NotUnicode(NotUnicode),
    /// A string that is not empty.
    Text(Cow<'a, str>),
    /// Anything else.
    Truthy,
}

impl<'a> Member<'a> {
    /// Reads a JSON text that is known to be one.
    pub(super) fn read(json: &'a str) -> Self {
        let between = |ends: [char; 2]| {
            let inner = json
                .strip_prefix(ends[0])
                .and_then(|rest| rest.strip_suffix(ends[1]));
            inner.map(str::trim_ascii)
        };
        if let Some(inner) = json
            .strip_prefix('"')
            .and_then(|rest| rest.strip_suffix('"'))
        {
            return Self::string(json, inner);
        }
        let is_falsy = matches!(json, "null" | "false")
            || between(['[', ']']) == Some("")
            || between(['{', '}']) == Some("")
            || json.parse() == Ok(0.0);
        if is_falsy { Self::Falsy } else { Self::Truthy }
    }

    fn string(json: &'a str, inner: &'a str) -> Self {
        if inner.is_empty() {
            return Self::Falsy;
        }
        if !inner.contains('\\') {
            return Self::Text(Cow::Borrowed(inner));
        }
        match serde_json::from_str(json) {
            Ok(text) => Self::Text(Cow::Owned(text)),
            Err(_) => Self::NotUnicode(NotUnicode::find(inner)),
        }
    }
}

/// The first lone surrogates of a string: halves of pairs whose other half is missing.
#[derive(Debug, PartialEq)]
pub struct NotUnicode {
    first: u16,
    /// Where they stand, in characters.
    position: usize,
    /// How many stand side by side.
    length: usize,
}

impl NotUnicode {
    fn find(escaped: &str) -> Self {
        let decoded: Vec<_> = char::decode_utf16(units(escaped)).collect();
        let position = decoded.iter().position(Result::is_err).unwrap_or_default();
        let alone = &decoded[position..];
        Self {
            first: match alone.first() {
                Some(Err(alone)) => alone.unpaired_surrogate(),
                _ => 0,
            },
            position,
            length: alone.iter().take_while(|unit| unit.is_err()).count(),
        }
    }
}

impl fmt::Display for NotUnicode {
    /// In Python's words.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            first, position, ..
        } = self;
        let last = position + self.length.saturating_sub(1);
        if last == *position {
            write!(
                f,
                "'utf-8' codec can't encode character '\\u{first:04x}' in position {position}"
            )?;
        } else {
            write!(
                f,
                "'utf-8' codec can't encode characters in position {position}-{last}"
            )?;
        }
        f.write_str(": surrogates not allowed")
    }
}

/// The UTF-16 code units of a JSON string.
fn units(escaped: &str) -> Vec<u16> {
    let mut units = Vec::new();
    let mut rest = escaped.chars();
    while let Some(c) = rest.next() {
        let escape = if c == '\\' { rest.next() } else { None };
        if escape == Some('u') {
            let (digits, after) = rest.as_str().split_at_checked(4).unwrap_or_default();
            units.push(u16::from_str_radix(digits, 16).unwrap_or_default());
            rest = after.chars();
        } else {
            // What else is escaped is one unit, whichever.
            units.extend_from_slice(escape.unwrap_or(c).encode_utf16(&mut [0; 2]));
        }
    }
    units
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn truth_is_pythons() {
        let falsy = [
            "null", "false", "0", "-0", "0.0", "0e5", "\"\"", "[]", "[ ]", "{\n}",
        ];
        let truthy = ["true", "1", "-0.1", "[0]", "{\"a\": 0}"];

        assert!(falsy.iter().all(|json| Member::read(json) == Member::Falsy));
        assert!(
            truthy
                .iter()
                .all(|json| Member::read(json) == Member::Truthy)
        );
        assert_eq!(Member::read("\" \""), Member::Text(" ".into()));
        assert_eq!(Member::read(r#""\u00e9""#), Member::Text("\u{e9}".into()));
    }

    #[test]
    fn a_lone_surrogate_is_told_as_python_tells_it() {
        let told = |json| match Member::read(json) {
            Member::NotUnicode(fault) => fault.to_string(),
            other => panic!("{other:?}"),
        };

        assert_eq!(
            told(r#""\ud800""#),
            r"'utf-8' codec can't encode character '\ud800' in position 0: surrogates not allowed"
        );
        assert_eq!(
            told(r#""a\n\ud83d\ude00\udc00\udc01b""#),
            "'utf-8' codec can't encode characters in position 3-4: surrogates not allowed"
        );
    }
}
