use std::borrow::Cow;

use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE, RETRY_AFTER};
use axum::http::{HeaderName, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use documented::DocumentedVariants;
use serde::{Serialize, Serializer};
use serde_json::Value;
use tegata_jwt::{Claim, TokenError, VerifyError};
use utoipa::ToSchema;

use super::{RefusedClass, Unavailable};
use crate::json;
use crate::seldom::Seldom;

/// An error under `/api`, in the bodies of Ninja JWT: `{"detail", "code"}`.
#[derive(Debug, DocumentedVariants)]
pub enum ApiError {
    /// The request says of two hosts that it is for them, or of none.
    AmbiguousHost,
    /// The credentials are wrong, or the user may not log in: which, is not told.
    AuthenticationFailed,
    /// The token is blacklisted, as `/token/verify` tells it.
    BlacklistedAtVerify,
    /// The token was not granted a scope that it needs.
    InsufficientScope(String),
    /// A fault of ours.
    Internal,
    /// Members are missing: their names, and what is said of each.
    InvalidInput(Vec<Member>),
    /// The token's user is gone or no longer active.
    NoActiveAccount,
    /// No such path.
    NotFound,
    /// The body is not JSON.
    NotJson,
    /// The token names no user.
    NoUserIdentification,
    /// The user has another password than the token was obtained with.
    PasswordChanged,
    /// The token is none of those that open this endpoint: why, for each of them.
    RefusedToken(Vec<RefusedClass>),
    /// The token is refused.
    Token(TokenError),
    /// The token is blacklisted.
    TokenBlacklisted,
    /// There were too many wrong guesses of a password: the next can be made after so many seconds.
    TooMany {
        /// How many.
        retry_after: u64,
    },
    /// The body is longer than any we read.
    TooLarge,
    /// The body did not come in time.
    TooSlow,
    /// The request shows no token.
    Unauthorized,
    /// What is needed for the answer is not there.
    Unavailable(Unavailable),
    /// The body is in a transfer coding that we do not know.
    UnknownCoding,
    /// Members have the wrong form, as pydantic tells it.
    Unprocessable(Vec<FieldError>),
    /// The token's user is not active.
    UserInactive,
    /// The token's user is not there.
    UserNotFound,
}

impl ApiError {
    pub(super) fn status(&self) -> StatusCode {
        match self {
            Self::AuthenticationFailed
            | Self::NoActiveAccount
            | Self::NoUserIdentification
            | Self::PasswordChanged
            | Self::RefusedToken(_)
            | Self::Token(_)
            | Self::TokenBlacklisted
            | Self::Unauthorized
            | Self::UserInactive
            | Self::UserNotFound => StatusCode::UNAUTHORIZED,
            Self::Internal => StatusCode::INTERNAL_SERVER_ERROR,
            Self::AmbiguousHost
            | Self::BlacklistedAtVerify
            | Self::InvalidInput(_)
            | Self::NotJson => StatusCode::BAD_REQUEST,
            Self::InsufficientScope(_) => StatusCode::FORBIDDEN,
            Self::NotFound => StatusCode::NOT_FOUND,
            Self::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Self::TooMany { .. } => StatusCode::TOO_MANY_REQUESTS,
            Self::TooSlow => StatusCode::REQUEST_TIMEOUT,
            Self::Unavailable(_) => StatusCode::SERVICE_UNAVAILABLE,
            Self::UnknownCoding => StatusCode::NOT_IMPLEMENTED,
            Self::Unprocessable(_) => StatusCode::UNPROCESSABLE_ENTITY,
        }
    }

    pub(super) fn body(&self) -> Vec<u8> {
        let failed = Some("authentication_failed");
        let not_valid = Some("token_not_valid");
        match self {
            Self::AmbiguousHost => detail("Expected one Host header", Some("ambiguous_host")),
            Self::AuthenticationFailed => {
                detail("No active account found with the given credentials", failed)
            }
            Self::BlacklistedAtVerify => detail("Token is blacklisted", Some("invalid")),
            Self::InsufficientScope(_) => detail(
                "You do not have permission to perform this action.",
                Some("permission_denied"),
            ),
            Self::Internal => detail("Internal server error", Some("error")),
            Self::InvalidInput(members) => {
                let first = [("detail", "Invalid input."), ("code", "invalid")];
                let first = first.map(|(name, text)| (name.into(), text.into()));
                json::to_vec(&Members([&first, members.as_slice()].concat()))
            }
            Self::NoActiveAccount => detail("No active account found for the given token.", failed),
            Self::NotFound => detail("Not Found", None),
            Self::NotJson => detail("Cannot parse request body", None),
            Self::NoUserIdentification => detail(
                "Token contained no recognizable user identification",
                not_valid,
            ),
            Self::PasswordChanged => detail(
                "The user's password has been changed.",
                Some("password_changed"),
            ),
            Self::RefusedToken(messages) => json::to_vec(&Refused {
                detail: "Given token not valid for any token type",
                code: "token_not_valid",
                messages,
            }),
            Self::Token(error) => detail(&token_detail(error), not_valid),
            Self::TokenBlacklisted => detail("Token is blacklisted", not_valid),
            Self::TooLarge => detail("Request body is too large", Some("request_too_large")),
            Self::TooMany { retry_after } => {
                let seconds = if *retry_after == 1 {
                    "second"
                } else {
                    "seconds"
                };
                let told = format!(
                    "Request was throttled. Expected available in {retry_after} {seconds}."
                );
                detail(&told, Some("throttled"))
            }
            Self::TooSlow => detail("Request body did not come in time", Some("request_timeout")),
            Self::Unauthorized => detail("Unauthorized", None),
            Self::Unavailable(_) => {
                detail("The service is unavailable, try again", Some("unavailable"))
            }
            Self::UnknownCoding => detail(
                "Transfer coding is not supported",
                Some("unknown_transfer_coding"),
            ),
            Self::Unprocessable(faults) => json::to_vec(&Faults { detail: faults }),
            Self::UserInactive => detail("User is inactive", failed),
            Self::UserNotFound => detail("User not found", failed),
        }
    }

    /// What a failure leaves in the log: one line, or one for each class. Refusals are the caller's, and leave it to those
    /// who look for them.
    fn log(&self) {
        match self {
            Self::InsufficientScope(scope) => {
                tracing::debug!(scope, "token was not granted a scope that it needs");
            }
            Self::RefusedToken(classes) => classes.iter().for_each(RefusedClass::log),
            Self::Token(error) => tracing::debug!(%error, "token refused"),
            // A flood of requests must not become a flood of log lines.
            Self::Unavailable(error @ (Unavailable::Full | Unavailable::HashingBusy)) => {
                tracing::debug!(%error, "unavailable");
            }
            Self::Unavailable(error) => {
                let seldom = match error {
                    Unavailable::Keys { .. } => &KEYS_UNAVAILABLE,
                    _ => &UNAVAILABLE,
                };
                if let Some(times) = seldom.happened() {
                    tracing::error!(%error, times, "unavailable");
                } else {
                    tracing::debug!(%error, "unavailable");
                }
            }
            _ => {}
        }
    }
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        self.log();
        let mut response = (self.status(), JSON_HEADERS, self.body()).into_response();
        response.extensions_mut().insert(self.reason());
        let retry_after = match self {
            Self::TooMany { retry_after } => Some(retry_after),
            Self::Unavailable(ref error) => Some(error.retry_after()),
            _ => None,
        };
        if let Some(seconds) = retry_after {
            response.headers_mut().insert(RETRY_AFTER, seconds.into());
        }
        response
    }
}

impl From<TokenError> for ApiError {
    fn from(error: TokenError) -> Self {
        Self::Token(error)
    }
}

impl From<VerifyError> for ApiError {
    fn from(error: VerifyError) -> Self {
        match error {
            VerifyError::InsufficientScope { needed } => Self::InsufficientScope(needed),
            VerifyError::KeysUnavailable {
                issuer,
                retry_after,
            } => Self::Unavailable(Unavailable::Keys {
                issuer,
                retry_after,
            }),
            VerifyError::Token(error) => Self::Token(error),
            // What is not known yet is no reason to let anybody in.
            _ => Self::Internal,
        }
    }
}

impl<E: Into<Unavailable>> From<E> for ApiError {
    fn from(error: E) -> Self {
        Self::Unavailable(error.into())
    }
}

/// One fault of a body, as pydantic tells it.
#[derive(Debug, Serialize, ToSchema)]
pub struct FieldError {
    /// The fault's stable name.
    #[serde(rename = "type")]
    pub kind: &'static str,
    /// Where it is: `body`, the parameter, the member.
    pub loc: Vec<Cow<'static, str>>,
    /// What is wrong.
    pub msg: Cow<'static, str>,
    /// The bound that was broken, or the words of the error.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ctx: Option<Value>,
}

impl FieldError {
    /// A fault that is not about a bound.
    #[must_use]
    pub fn new(
        kind: &'static str,
        loc: Vec<Cow<'static, str>>,
        msg: impl Into<Cow<'static, str>>,
    ) -> Self {
        Self {
            kind,
            loc,
            msg: msg.into(),
            ctx: None,
        }
    }

    /// Nothing stands where something must.
    #[must_use]
    pub fn missing(loc: Vec<Cow<'static, str>>) -> Self {
        Self::new("missing", loc, "Field required")
    }
}

/// Of a database that is away all requests tell the same.
static UNAVAILABLE: Seldom = Seldom::new();
/// An issuer that is away must not hide that the database is.
static KEYS_UNAVAILABLE: Seldom = Seldom::new();

/// The headers of every JSON answer: tokens are in most of them, and none belongs in a cache
/// (RFC 6749 5.1).
pub(crate) const JSON_HEADERS: [(HeaderName, HeaderValue); 2] = [
    (
        CONTENT_TYPE,
        HeaderValue::from_static("application/json; charset=utf-8"),
    ),
    (CACHE_CONTROL, HeaderValue::from_static("no-store")),
];

#[derive(Serialize, ToSchema)]
pub(super) struct Detail<'a> {
    detail: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    code: Option<&'static str>,
}

#[derive(Serialize, ToSchema)]
pub(super) struct Refused<'a> {
    detail: &'static str,
    code: &'static str,
    #[schema(inline)]
    messages: &'a [RefusedClass],
}

#[derive(Serialize, ToSchema)]
pub(super) struct Faults<'a> {
    #[schema(inline)]
    detail: &'a [FieldError],
}

/// An object whose members keep their order.
struct Members(Vec<Member>);

/// A member's name, and its text.
type Member = (Cow<'static, str>, Cow<'static, str>);

impl Serialize for Members {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter().map(|(name, text)| (name, text)))
    }
}

fn detail(detail: &str, code: Option<&'static str>) -> Vec<u8> {
    json::to_vec(&Detail { detail, code })
}

/// What a caller learns of a refused token: no more than Simple JWT tells.
pub(super) fn token_detail(error: &TokenError) -> Cow<'static, str> {
    let told = match error {
        TokenError::ClaimMissing(Claim::Exp) => "Token has no 'exp' claim",
        TokenError::ClaimMissing(Claim::Jti) => "Token has no id",
        TokenError::ClaimMissing(Claim::TokenType) => "Token has no type",
        TokenError::RefreshExpired { claim } => {
            return format!("Token '{claim}' claim has expired").into();
        }
        TokenError::RefreshExpMissing { claim } => {
            return format!("Token has no '{claim}' claim").into();
        }
        TokenError::WrongType => "Token has wrong type",
        _ => "Token is invalid or expired",
    };
    told.into()
}
