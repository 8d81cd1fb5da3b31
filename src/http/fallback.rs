use axum::http::header::{ALLOW, CONTENT_TYPE};
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};

use crate::error::ApiError;

pub(super) async fn not_found() -> ApiError {
    ApiError::NotFound
}

/// Django Ninja's own words; the router adds `Allow`.
pub(super) async fn method_not_allowed() -> Response {
    let html = [(CONTENT_TYPE, "text/html; charset=utf-8")];
    (StatusCode::METHOD_NOT_ALLOWED, html, "Method not allowed").into_response()
}

/// The same, with what would be allowed.
pub(super) async fn allow(methods: &'static str) -> Response {
    let mut response = method_not_allowed().await;
    let methods = HeaderValue::from_static(methods);
    response.headers_mut().insert(ALLOW, methods);
    response
}
