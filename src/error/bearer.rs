use std::borrow::Cow;

use axum::http::header::WWW_AUTHENTICATE;
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use tegata_jwt::{TokenClass, TokenError};
use utoipa::ToSchema;

use super::ApiError;
use super::api::token_detail;

/// Why a token is not of one of the classes that open an endpoint.
#[derive(Debug, Serialize, ToSchema)]
pub struct RefusedClass {
    token_class: &'static str,
    token_type: &'static str,
    message: Cow<'static, str>,
    /// What is wrong with the token itself, for the log.
    #[serde(skip)]
    error: Option<TokenError>,
}

impl RefusedClass {
    /// The token itself is refused.
    #[must_use]
    pub fn new(class: TokenClass, error: TokenError) -> Self {
        let message = token_detail(&error);
        Self {
            error: Some(error),
            ..Self::because(class, message)
        }
    }

    /// The token is blacklisted.
    #[must_use]
    pub fn blacklisted(class: TokenClass) -> Self {
        Self::because(class, "Token is blacklisted".into())
    }

    fn because(class: TokenClass, message: Cow<'static, str>) -> Self {
        Self {
            token_class: class.class_name(),
            token_type: class.name(),
            message,
            error: None,
        }
    }

    pub(super) fn error(&self) -> Option<&TokenError> {
        self.error.as_ref()
    }

    pub(super) fn log(&self) {
        if let Some(error) = &self.error {
            tracing::debug!(%error, class = self.token_class, "token refused");
        }
    }
}

/// An error of an endpoint that says how to authenticate (RFC 9110 11.6.1, RFC 6750 3).
pub struct Challenged {
    error: ApiError,
    scheme: String,
}

impl Challenged {
    /// An error, and the scheme a caller should take.
    #[must_use]
    pub fn new(error: ApiError, schemes: &[String]) -> Self {
        let scheme = schemes.first().map_or("Bearer", String::as_str).to_owned();
        Self { error, scheme }
    }
}

impl IntoResponse for Challenged {
    fn into_response(self) -> Response {
        let details = match &self.error {
            ApiError::InsufficientScope(scope) => {
                format!(", error=\"insufficient_scope\", scope=\"{scope}\"")
            }
            ApiError::Unauthorized => String::new(),
            _ => ", error=\"invalid_token\"".to_owned(),
        };
        let challenge = format!("{} realm=\"api\"{details}", self.scheme);
        let mut response = self.error.into_response();
        if matches!(
            response.status(),
            StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN
        ) && let Ok(challenge) = HeaderValue::try_from(challenge)
        {
            response.headers_mut().insert(WWW_AUTHENTICATE, challenge);
        }
        response
    }
}
