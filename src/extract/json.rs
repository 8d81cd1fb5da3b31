use std::borrow::Cow;
use std::pin::pin;
use std::task::Poll;
use std::time::Duration;

use axum::body::{HttpBody, to_bytes};
use axum::extract::{FromRequest, Request};
use axum::response::{IntoResponse, Response};
use futures_util::poll;
use http_body_util::LengthLimitError;
use serde::Serialize;
use serde::de::IgnoredAny;
use serde_json::json;
use tegata_jwt::TokenError;
use tokio::time::timeout;
use utoipa::ToSchema;

use super::member::{Member, Members, NotUnicode};
use crate::error::{ApiError, FieldError, JSON_HEADERS};
use crate::json as python;

/// JSON, in and out, as Ninja JWT reads and writes it. Whatever the content type says: Ninja JWT
/// does not look at it.
pub struct Json<T>(pub T);

/// What an endpoint answers that has nothing to tell: `{}`.
#[derive(Serialize, ToSchema)]
#[schema(as = Schema)]
pub struct Empty {}

/// What an endpoint reads from a JSON body. `S` is what else there is to know, as the name of a
/// member.
pub trait Schema<S>: Sized {
    /// The body's name in the `loc` of an error.
    const PARAMETER: &'static str;

    /// Takes what it needs from a body that is an object.
    fn read(body: &Object<'_>, state: &S) -> Result<Self, ApiError>;

    /// What is said of a body that is not an object.
    #[must_use]
    fn not_an_object(_: &S) -> Vec<FieldError> {
        let msg = "Input should be a valid dictionary or object to extract fields from";
        let loc = vec!["body".into(), Self::PARAMETER.into()];
        vec![FieldError::new("model_attributes_type", loc, msg)]
    }
}

impl<T: Schema<S>, S: Send + Sync> FromRequest<S> for Json<T> {
    type Rejection = ApiError;

    async fn from_request(request: Request, state: &S) -> Result<Self, Self::Rejection> {
        // Nobody waits for what would be refused when it is there.
        if request.body().size_hint().lower() > MAX_BODY_BYTES as u64 {
            return Err(ApiError::TooLarge);
        }
        let mut body = pin!(to_bytes(request.into_body(), MAX_BODY_BYTES));
        // Mostly it has come with the header, and needs no clock.
        let body = match poll!(&mut body) {
            Poll::Ready(body) => body,
            Poll::Pending => {
                let body = timeout(BODY_TIME, body).await;
                body.map_err(|_| ApiError::TooSlow)?
            }
        };
        parse(&body.map_err(unread)?, state).map(Self)
    }
}

impl<T: Serialize> IntoResponse for Json<T> {
    fn into_response(self) -> Response {
        (JSON_HEADERS, python::to_vec(&self.0)).into_response()
    }
}

/// What is said of a body that could not be read.
fn unread(error: axum::Error) -> ApiError {
    if error.into_inner().is::<LengthLimitError>() {
        ApiError::TooLarge
    } else {
        ApiError::NotJson
    }
}

/// A JSON object from a request.
pub struct Object<'a> {
    parameter: &'static str,
    members: Members<'a>,
}

impl<'a> Object<'a> {
    /// Whether the member is there at all.
    #[must_use]
    pub fn contains(&self, member: &str) -> bool {
        self.members.find(member).is_some()
    }

    /// A member that Python would take for true, and that is `missing` where it is not: absent,
    /// null, false, zero or empty.
    pub fn require(
        &self,
        member: &str,
        missing: impl Into<Cow<'static, str>>,
    ) -> Result<Member<'a>, ApiError> {
        let found = self.members.find(member).map(Member::read);
        let found = found.filter(|member| !matches!(member, Member::Falsy));
        found
            .ok_or_else(|| ApiError::InvalidInput(vec![(member.to_owned().into(), missing.into())]))
    }

    /// The text of a member that must be truthy and a string.
    pub fn require_text(
        &self,
        member: &'static str,
        missing: &'static str,
    ) -> Result<String, ApiError> {
        match self.require(member, missing)? {
            Member::Text(text) => Ok(text.into_owned()),
            // No token is, and Ninja JWT fails over it.
            Member::NotUnicode(_) => Err(TokenError::Malformed.into()),
            _ => Err(ApiError::Unprocessable(vec![self.not_a_string(member)])),
        }
    }

    /// The text of a member that must be truthy and is a token, checked as such before anybody
    /// asks whether it is a string.
    pub fn require_token(
        &self,
        member: &'static str,
        missing: &'static str,
    ) -> Result<String, ApiError> {
        match self.require(member, missing)? {
            Member::Text(text) => Ok(text.into_owned()),
            Member::NotUnicode(fault) => {
                Err(ApiError::Unprocessable(vec![self.not_unicode(&fault)]))
            }
            _ => Err(TokenError::Malformed.into()),
        }
    }

    /// The fault of a member that is no string.
    #[must_use]
    pub fn not_a_string(&self, member: &str) -> FieldError {
        let msg = "Input should be a valid string";
        FieldError::new("string_type", self.loc(member), msg)
    }

    /// The fault of a body that Python finds out only when it writes a member as UTF-8.
    #[must_use]
    pub fn not_unicode(&self, fault: &NotUnicode) -> FieldError {
        let loc = vec!["body".into(), self.parameter.into()];
        let error = fault.to_string();
        FieldError {
            ctx: Some(json!({ "error": error })),
            ..FieldError::new("value_error", loc, format!("Value error, {error}"))
        }
    }

    /// Where a member stands, in the words of an error.
    #[must_use]
    pub fn loc(&self, member: &str) -> Vec<Cow<'static, str>> {
        vec![
            "body".into(),
            self.parameter.into(),
            member.to_owned().into(),
        ]
    }
}

/// Reads a body, with the checks in Ninja's order: a body at all, JSON, an object, then what `T`
/// wants of it.
pub fn parse<T: Schema<S>, S>(body: &[u8], state: &S) -> Result<T, ApiError> {
    if body.is_empty() {
        let missing = FieldError::missing(vec!["body".into(), T::PARAMETER.into()]);
        return Err(ApiError::Unprocessable(vec![missing]));
    }

    let json = std::str::from_utf8(body).map_err(|_| ApiError::NotJson)?;
    let json = json.strip_prefix(BYTE_ORDER_MARK).unwrap_or(json);
    let is_object = json.trim_ascii_start().starts_with('{');
    if !is_object {
        serde_json::from_str::<IgnoredAny>(json).map_err(|_| ApiError::NotJson)?;
        return Err(ApiError::Unprocessable(T::not_an_object(state)));
    }
    let body = Object {
        parameter: T::PARAMETER,
        members: serde_json::from_str(json).map_err(|_| ApiError::NotJson)?,
    };
    T::read(&body, state)
}

const BYTE_ORDER_MARK: char = '\u{feff}';
/// The longest body that is read: four times the longest token.
pub const MAX_BODY_BYTES: usize = 64 * 1024;
/// How long a client may take for the body of a request.
const BODY_TIME: Duration = Duration::from_secs(10);

#[cfg(test)]
mod tests {
    use axum::body::Body;

    use super::*;

    struct Whole;

    impl<S> Schema<S> for Whole {
        const PARAMETER: &'static str = "whole";

        fn read(_: &Object<'_>, _: &S) -> Result<Self, ApiError> {
            Ok(Self)
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_body_that_never_ends_is_given_up() {
        let (_sender, receiver) = tokio::io::duplex(1);
        let body = Body::from_stream(tokio_util::io::ReaderStream::new(receiver));

        let refused = Json::<Whole>::from_request(Request::new(body), &()).await;

        assert!(matches!(refused.err(), Some(ApiError::TooSlow)));
    }

    #[test]
    fn json_within_json_is_a_text_and_nothing_more() {
        // Eleven levels of text in text, each of which a `Value` would read as further JSON.
        let layer = |inner: String| {
            let text = serde_json::to_string(&inner).unwrap();
            format!(r#"{{"$serde_json::private::RawValue":{text}}}"#)
        };
        let nested = (0..11).fold("[".repeat(100) + &"]".repeat(100), |inner, _| layer(inner));

        assert!(parse::<Whole, ()>(nested.as_bytes(), &()).is_ok());
    }

    #[test]
    fn a_body_nested_without_end_is_no_danger() {
        let nested = |levels| format!("{{\"a\":{}1{}}}", "[".repeat(levels), "]".repeat(levels));

        assert!(parse::<Whole, ()>(nested(100).as_bytes(), &()).is_ok());
        assert!(parse::<Whole, ()>(nested(30_000).as_bytes(), &()).is_ok());
        assert!(parse::<Whole, ()>("[".repeat(60_000).as_bytes(), &()).is_err());
    }
}
