use axum::extract::Request;
use axum::http::{HeaderName, HeaderValue};
use uuid::Uuid;

/// The id that a proxy gave a request, or a new one.
pub(super) fn of(request: &Request) -> HeaderValue {
    let given = request.headers().get(&REQUEST_ID);
    given
        .filter(|id| is_plain(id))
        .cloned()
        .unwrap_or_else(random)
}

fn random() -> HeaderValue {
    let mut text = Uuid::encode_buffer();
    let id = Uuid::new_v4().hyphenated().encode_lower(&mut text);
    HeaderValue::try_from(&*id).expect("a UUID is hex digits and hyphens")
}

/// Short and of characters that can do no harm in a log.
fn is_plain(id: &HeaderValue) -> bool {
    let is_plain = |byte: &u8| byte.is_ascii_alphanumeric() || b"-_.".contains(byte);
    (1..=64).contains(&id.len()) && id.as_bytes().iter().all(is_plain)
}

/// The header of the id, in requests and in answers.
pub(super) static REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
