use std::borrow::Cow;

use documented::DocumentedVariants;
use tegata_jwt::TokenError;

use crate::error::ApiError;

/// An answer that is none, and when it is given.
pub struct Refusal {
    /// In a sentence.
    pub when: Cow<'static, str>,
    /// What is told.
    pub error: ApiError,
}

impl From<ApiError> for Refusal {
    fn from(error: ApiError) -> Self {
        let docs = error.get_variant_docs();
        let when = docs.split(['.', ':']).next().unwrap_or(docs);
        Self {
            when: Cow::Owned(format!("{when}.")),
            error,
        }
    }
}

/// What is answered whatever was asked for.
#[must_use]
pub fn anywhere() -> [ApiError; 3] {
    [
        ApiError::AmbiguousHost,
        ApiError::Internal,
        ApiError::UnknownCoding,
    ]
}

/// What is told of a token that is none of ours, or none any more.
#[must_use]
pub fn token_refused() -> Refusal {
    Refusal {
        when: Cow::Borrowed("The token is malformed, forged or expired."),
        error: ApiError::Token(TokenError::Malformed),
    }
}

/// What is told of a token whose issuer's need a scope that it was not granted.
#[must_use]
pub fn scope_missing() -> ApiError {
    ApiError::InsufficientScope(String::new())
}

/// What is told of a token that is of use elsewhere.
#[must_use]
pub fn token_misplaced() -> Refusal {
    Refusal {
        when: Cow::Borrowed("The token is of another type."),
        error: ApiError::Token(TokenError::WrongType),
    }
}
