use axum::extract::Request;
use axum::http::HeaderValue;
use axum::http::header::{CONNECTION, TRANSFER_ENCODING};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use crate::error::ApiError;

/// Refuses a body in a coding of which two readers could think differently.
pub(super) async fn check(request: Request, next: Next) -> Response {
    if is_known_coding(&request) {
        return next.run(request).await;
    }
    let mut response = ApiError::UnknownCoding.into_response();
    let close = HeaderValue::from_static("close");
    response.headers_mut().insert(CONNECTION, close);
    response
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
