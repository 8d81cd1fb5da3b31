use axum::extract::Request;
use axum::http::header::{CONNECTION, HOST, TRANSFER_ENCODING};
use axum::http::{HeaderValue, StatusCode, Version};
use axum::response::{IntoResponse, Response};

use crate::error::ApiError;

/// Refuses a request of which two readers could think differently, and one of HTTP/2 with too many
/// headers.
pub(super) fn refuse(request: &Request) -> Option<Response> {
    let is_http2 = request.version() == Version::HTTP_2;
    // In HTTP/1 it does not come so far.
    if is_http2 && request.headers().len() > MAX_HEADERS {
        return Some(StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE.into_response());
    }
    let refusal = if !is_known_coding(request) {
        ApiError::UnknownCoding
    } else if !has_one_host(request) {
        ApiError::AmbiguousHost
    } else {
        return None;
    };
    let mut response = refusal.into_response();
    // In HTTP/2 what follows cannot be mistaken for a part of it.
    if !is_http2 {
        let close = HeaderValue::from_static("close");
        response.headers_mut().insert(CONNECTION, close);
    }
    Some(response)
}

/// RFC 9112 3.2: not two hosts, and in HTTP/1.1 not none. In HTTP/2 the authority is one as well
/// (RFC 9113 8.3.1).
fn has_one_host(request: &Request) -> bool {
    let mut hosts = request.headers().get_all(HOST).iter();
    let host = hosts.next();
    if hosts.next().is_some() {
        return false;
    }
    match (request.version(), request.uri().authority(), host) {
        (Version::HTTP_2, Some(authority), Some(host)) => {
            let authority = authority.as_str().as_bytes();
            authority.eq_ignore_ascii_case(host.as_bytes())
        }
        (Version::HTTP_2, authority, host) => authority.is_some() || host.is_some(),
        (version, _, host) => host.is_some() || version < Version::HTTP_11,
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

/// Of one request.
const MAX_HEADERS: usize = 100;
