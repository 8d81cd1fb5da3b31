//! Tokens signed by hand, for claims the service itself would not write.

use aws_lc_rs::hmac;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use crate::app::SECRET;

/// A token of these claims, signed with the tests' key.
pub(crate) fn sign(claims: &str) -> String {
    let header = r#"{"alg":"HS256","typ":"JWT"}"#;
    let input = format!(
        "{}.{}",
        URL_SAFE_NO_PAD.encode(header),
        URL_SAFE_NO_PAD.encode(claims)
    );
    let key = hmac::Key::new(hmac::HMAC_SHA256, SECRET.as_bytes());
    let signature = URL_SAFE_NO_PAD.encode(hmac::sign(&key, input.as_bytes()));
    format!("{input}.{signature}")
}

/// The claims of a token, as they stand in it.
pub(crate) fn claims(token: &str) -> String {
    let payload = token.split('.').nth(1).unwrap();
    String::from_utf8(URL_SAFE_NO_PAD.decode(payload).unwrap()).unwrap()
}

/// One claim of a token.
pub(crate) fn claim(token: &str, name: &str) -> serde_json::Value {
    let claims: serde_json::Value = serde_json::from_str(&claims(token)).unwrap();
    claims[name].clone()
}
