//! Tokens signed by hand, for claims the service itself would not write.

use aws_lc_rs::hmac;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use crate::app::SECRET;

/// A token of these claims, signed with the tests' key.
pub(crate) fn sign(claims: &str) -> String {
    let input = unsigned(r#"{"alg":"HS256","typ":"JWT"}"#, claims);
    let key = hmac::Key::new(hmac::HMAC_SHA256, SECRET.as_bytes());
    let signature = URL_SAFE_NO_PAD.encode(hmac::sign(&key, input.as_bytes()));
    format!("{input}.{signature}")
}

/// What of a token is signed.
pub(crate) fn unsigned(header: &str, claims: &str) -> String {
    let [header, claims] = [header, claims].map(|part| URL_SAFE_NO_PAD.encode(part));
    format!("{header}.{claims}")
}

/// The header of a token, as it stands in it.
pub(crate) fn header(token: &str) -> String {
    part(token, 0)
}

/// The claims of a token, as they stand in it.
pub(crate) fn claims(token: &str) -> String {
    part(token, 1)
}

fn part(token: &str, number: usize) -> String {
    let part = token.split('.').nth(number).unwrap();
    String::from_utf8(URL_SAFE_NO_PAD.decode(part).unwrap()).unwrap()
}

/// One claim of a token.
pub(crate) fn claim(token: &str, name: &str) -> serde_json::Value {
    let claims: serde_json::Value = serde_json::from_str(&claims(token)).unwrap();
    claims[name].clone()
}
