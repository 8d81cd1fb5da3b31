use tegata_jwt::TokenError;

use super::{ApiError, RefusedClass, Unavailable};

/// Why a request was refused, as it is counted. It travels on the answer and not on the wire.
#[derive(Clone, Copy)]
pub struct Reason(pub &'static str);

impl ApiError {
    pub(super) fn reason(&self) -> Reason {
        Reason(match self {
            Self::AmbiguousHost | Self::UnknownCoding => "ambiguous_request",
            Self::AuthenticationFailed => "authentication_failed",
            Self::BlacklistedAtVerify | Self::TokenBlacklisted => "token_blacklisted",
            Self::InsufficientScope(_) => "insufficient_scope",
            Self::Internal => "internal_error",
            Self::InvalidInput(_) | Self::NotJson | Self::Unprocessable(_) => "malformed_body",
            Self::NoActiveAccount | Self::UserInactive | Self::UserNotFound => "no_active_user",
            Self::NoUserIdentification => "no_user_identification",
            Self::NotFound => "not_found",
            Self::PasswordChanged => "password_changed",
            Self::RefusedToken(classes) => of_classes(classes),
            Self::Token(error) => of_token(error),
            Self::TooLarge => "body_too_large",
            Self::TooMany { .. } => "throttled",
            Self::TooSlow => "body_too_slow",
            Self::Unauthorized => "no_token",
            Self::Unavailable(Unavailable::Full) => "max_connections",
            Self::Unavailable(Unavailable::HashingBusy) => "hashing_busy",
            Self::Unavailable(Unavailable::Keys { .. }) => "keys_unavailable",
            Self::Unavailable(_) => "unavailable",
        })
    }
}

/// Of the last class that was tried: what is wrong with the token itself is so for each.
fn of_classes(classes: &[RefusedClass]) -> &'static str {
    let last = classes.last().map(RefusedClass::error);
    last.map_or("token_malformed", |error| {
        error.map_or("token_blacklisted", of_token)
    })
}

fn of_token(error: &TokenError) -> &'static str {
    match error {
        TokenError::AlgorithmMismatch { .. } | TokenError::AlgorithmNotAllowed => "token_algorithm",
        TokenError::AudienceMismatch => "token_audience",
        TokenError::BadSignature => "token_signature",
        TokenError::BindingMissing => "token_binding",
        TokenError::ClaimMalformed(_)
        | TokenError::ClaimMissing(_)
        | TokenError::ClaimMismatch { .. }
        | TokenError::ClaimsUnfit
        | TokenError::LifetimeTooLong => "token_claims",
        TokenError::Expired | TokenError::RefreshExpired { .. } => "token_expired",
        TokenError::HeaderRefused { .. } => "token_header",
        TokenError::IssuerMismatch | TokenError::UnknownIssuer => "token_issuer",
        TokenError::Malformed | TokenError::TooLong => "token_malformed",
        TokenError::NotYetValid => "token_not_yet_valid",
        TokenError::RefreshExpMissing { .. } | TokenError::WrongType => "token_type",
        TokenError::Revoked => "token_blacklisted",
        TokenError::UnknownKey => "token_key",
    }
}
