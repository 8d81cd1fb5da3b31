//! JSON as Python's `json.dumps` writes it, which is how Ninja JWT answers: a blank after each
//! comma and colon, and nothing but ASCII.

use std::fmt::Write as _;
use std::io::{self, Write};

use serde::Serialize;
use serde_json::ser::{Formatter, Serializer};

/// Writes an answer's body.
#[must_use]
pub fn to_vec(value: &impl Serialize) -> Vec<u8> {
    let mut json = Vec::with_capacity(128);
    let mut serializer = Serializer::with_formatter(&mut json, Python);
    value
        .serialize(&mut serializer)
        .expect("answers have string keys and a Vec takes any bytes");
    json
}

/// A JSON text as one line of ASCII, fit for a terminal whatever wrote it.
#[must_use]
pub fn one_line(json: &str) -> String {
    // Control characters stand only between members, all else that is not ASCII only in strings.
    escape(&json.replace(|c: char| c < ' ', ""))
}

struct Python;

impl Formatter for Python {
    fn begin_array_value<W: Write + ?Sized>(&mut self, w: &mut W, first: bool) -> io::Result<()> {
        if first { Ok(()) } else { w.write_all(b", ") }
    }

    fn begin_object_key<W: Write + ?Sized>(&mut self, w: &mut W, first: bool) -> io::Result<()> {
        if first { Ok(()) } else { w.write_all(b", ") }
    }

    fn begin_object_value<W: Write + ?Sized>(&mut self, w: &mut W) -> io::Result<()> {
        w.write_all(b": ")
    }

    fn write_string_fragment<W: Write + ?Sized>(&mut self, w: &mut W, s: &str) -> io::Result<()> {
        // All at once: most texts are tokens, and plain to their end.
        if s.bytes().fold(true, |all, byte| all & is_plain(byte)) {
            return w.write_all(s.as_bytes());
        }
        w.write_all(escape(s).as_bytes())
    }
}

/// What is not printable ASCII as JSON's `\uXXXX`.
fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len() * 2);
    for unit in text.encode_utf16() {
        match u8::try_from(unit).ok().filter(|byte| is_plain(*byte)) {
            Some(byte) => escaped.push(byte.into()),
            None => write!(escaped, "\\u{unit:04x}").expect("a String takes whatever is written"),
        }
    }
    escaped
}

fn is_plain(byte: u8) -> bool {
    matches!(byte, b' '..=b'~')
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_terminal_gets_one_line_without_control_characters() {
        let hostile = "{\n\t\"a\": \"\u{9b}2J\u{202e}\u{7f}😀\"\r\n}";

        assert_eq!(
            one_line(hostile),
            r#"{"a": "\u009b2J\u202e\u007f\ud83d\ude00"}"#
        );
    }

    #[test]
    fn separators_and_escapes_are_pythons() {
        let value = json!([1, "a\"ï\n\u{7f}", {"user": "ユ😀", "more": [true, null]}, {}]);

        let written = String::from_utf8(to_vec(&value)).unwrap();
        assert_eq!(
            written,
            r#"[1, "a\"\u00ef\n\u007f", {"more": [true, null], "user": "\u30e6\ud83d\ude00"}, {}]"#
        );
    }
}
