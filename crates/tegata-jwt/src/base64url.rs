//! base64url as RFC 7515 2 wants it: no padding, no foreign character, unused bits zero (RFC 4648
//! 3.5), so that no two texts stand for the same bytes.

use std::borrow::Cow;

use base64::Engine;
use base64::decoded_len_estimate;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

pub(crate) fn encode(bytes: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

/// Appends to a text that is being written.
pub(crate) fn encode_into(text: &mut String, bytes: &[u8]) {
    URL_SAFE_NO_PAD.encode_string(bytes, text);
}

/// Decodes into the room that is given, where it suffices.
pub(crate) fn decode_in<'a>(text: &str, room: &'a mut [u8]) -> Option<Cow<'a, [u8]>> {
    if decoded_len_estimate(text.len()) > room.len() {
        return decode(text).map(Cow::Owned);
    }
    let length = URL_SAFE_NO_PAD.decode_slice(text, room).ok()?;
    Some(Cow::Borrowed(&room[..length]))
}

pub(crate) fn decode(text: &str) -> Option<Vec<u8>> {
    URL_SAFE_NO_PAD.decode(text).ok()
}
