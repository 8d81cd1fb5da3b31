use axum::extract::Request;
use axum::http::header::{CONNECTION, HOST, TRANSFER_ENCODING};
use axum::http::{HeaderValue, Version};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use crate::error::ApiError;

/// Refuses a request of which two readers could think differently.
pub(super) async fn check(request: Request, next: Next) -> Response {
    let refusal = if !is_known_coding(&request) {
        ApiError::UnknownCoding
    } else if !has_one_host(&request) {
        ApiError::AmbiguousHost
    } else {
        return next.run(request).await;
    };
    let mut response = refusal.into_response();
    let close = HeaderValue::from_static("close");
    response.headers_mut().insert(CONNECTION, close);
    response
}

/// RFC 9112 3.2: not two hosts, and in HTTP/1.1 not none.
fn has_one_host(request: &Request) -> bool {
    match request.headers().get_all(HOST).iter().count() {
        0 => request.version() < Version::HTTP_11,
        count => count == 1,
    }
}

/// `chunked`, once and alone (RFC 9112 6.1). hyper asks for `chunked` at the end only, and hands over
/// what somebody else may read as another body.
fn is_known_coding(request: &Request) -> bool {
    let codings = request.headers().get_all(TRANSFER_ENCODING);
    let mut codings = codings.iter();
    match (codings.next(), codings.next()) {
        (None, _) => true,
        (Some(coding), None) => coding.as_bytes().eq_ignore_ascii_case(b"chunked"),
        _ => false,
    }
}
