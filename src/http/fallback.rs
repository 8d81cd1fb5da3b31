use std::any::Any;

use axum::http::StatusCode;
use axum::http::header::CONTENT_TYPE;
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

/// The panic is in the log by now.
pub(super) fn panicked(_: Box<dyn Any + Send>) -> Response {
    ApiError::Internal.into_response()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_is_a_500_that_tells_nothing() {
        let response = panicked(Box::new("the key is hunter2"));

        assert_eq!(response.status(), StatusCode::INTERNAL_SERVER_ERROR);
        assert_eq!(
            response.headers()[CONTENT_TYPE],
            "application/json; charset=utf-8"
        );
    }
}
