use std::collections::HashMap;
use std::fmt;
use std::time::Duration;

use axum::body::Bytes;
use axum::extract::rejection::{BytesRejection, FailedToBufferBody};
use axum::extract::{FromRequest, Request};
use axum::response::{IntoResponse, Response};
use serde::de::{Error, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize};

use crate::error::{ApiError, FieldError, JSON_HEADERS};
use crate::json;

/// JSON, in and out, as Ninja JWT reads and writes it. Whatever the content type says: Ninja JWT
/// does not look at it.
pub struct Json<T>(pub T);

/// What an endpoint reads from a JSON body.
pub trait Schema: Sized {
    /// The body's name in the `loc` of an error.
    const PARAMETER: &'static str;

    /// Takes what it needs from a body that is an object.
    fn read(body: &Object) -> Result<Self, ApiError>;

    /// What is said of a body that is not an object.
    #[must_use]
    fn not_an_object() -> Vec<FieldError> {
        let msg = "Input should be a valid dictionary or object to extract fields from";
        let loc = vec!["body", Self::PARAMETER];
        vec![FieldError::new("model_attributes_type", loc, msg)]
    }
}

impl<T: Schema, S: Send + Sync> FromRequest<S> for Json<T> {
    type Rejection = ApiError;

    async fn from_request(request: Request, state: &S) -> Result<Self, Self::Rejection> {
        let body = tokio::time::timeout(BODY_TIME, Bytes::from_request(request, state)).await;
        let body = body
            .map_err(|_| ApiError::TooSlow)?
            .map_err(|rejection| match rejection {
                BytesRejection::FailedToBufferBody(FailedToBufferBody::LengthLimitError(_)) => {
                    ApiError::TooLarge
                }
                _ => ApiError::NotJson,
            })?;
        parse(&body).map(Self)
    }
}

impl<T: Serialize> IntoResponse for Json<T> {
    fn into_response(self) -> Response {
        (JSON_HEADERS, json::to_vec(&self.0)).into_response()
    }
}

/// A JSON object from a request. Of a member that stands twice the last one counts.
pub struct Object {
    parameter: &'static str,
    members: HashMap<String, Member>,
}

impl Object {
    /// Whether the member is there at all.
    #[must_use]
    pub fn contains(&self, member: &str) -> bool {
        self.members.contains_key(member)
    }

    /// A member that Python would take for true, and that is `missing` where it is not: absent,
    /// null, false, zero or empty.
    pub fn require(
        &self,
        member: &'static str,
        missing: &'static str,
    ) -> Result<&Member, ApiError> {
        let found = self.members.get(member).filter(|member| member.is_truthy());
        found.ok_or_else(|| ApiError::InvalidInput(vec![(member, missing)]))
    }

    /// A required member's text, or what is wrong with it.
    pub fn text(&self, member: &'static str, value: &Member) -> Result<String, FieldError> {
        let text = value.text().map(str::to_owned);
        let msg = "Input should be a valid string";
        text.ok_or_else(|| FieldError::new("string_type", self.loc(member), msg))
    }

    /// The text of a member that must be truthy and a string.
    pub fn require_text(
        &self,
        member: &'static str,
        missing: &'static str,
    ) -> Result<String, ApiError> {
        let text = self.text(member, self.require(member, missing)?);
        text.map_err(|fault| ApiError::Unprocessable(vec![fault]))
    }

    /// Where a member stands, in the words of an error.
    #[must_use]
    pub fn loc(&self, member: &'static str) -> Vec<&'static str> {
        vec!["body", self.parameter, member]
    }
}

/// A member's value: its text, or whether Python would take it for true. Not a
/// [`serde_json::Value`], which gives an object with one certain key a meaning of its own and
/// reads the text in it as further JSON, level upon level.
pub enum Member {
    /// Null, false, zero, or empty.
    Falsy,
    /// A string that is not empty.
    Text(String),
    /// Anything else.
    Truthy,
}

impl Member {
    /// The text of a string.
    #[must_use]
    pub fn text(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            Self::Falsy | Self::Truthy => None,
        }
    }

    fn is_truthy(&self) -> bool {
        !matches!(self, Self::Falsy)
    }

    fn from_truth(is_true: bool) -> Self {
        if is_true { Self::Truthy } else { Self::Falsy }
    }
}

impl<'de> Deserialize<'de> for Member {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(MemberVisitor)
    }
}

struct MemberVisitor;

impl<'de> Visitor<'de> for MemberVisitor {
    type Value = Member;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_unit<E: Error>(self) -> Result<Member, E> {
        Ok(Member::Falsy)
    }

    fn visit_bool<E: Error>(self, value: bool) -> Result<Member, E> {
        Ok(Member::from_truth(value))
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<Member, E> {
        Ok(Member::from_truth(value != 0))
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<Member, E> {
        Ok(Member::from_truth(value != 0))
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<Member, E> {
        Ok(Member::from_truth(value != 0.0))
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Member, E> {
        Ok(if text.is_empty() {
            Member::Falsy
        } else {
            Member::Text(text.to_owned())
        })
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut values: A) -> Result<Member, A::Error> {
        let mut is_empty = true;
        while values.next_element::<IgnoredAny>()?.is_some() {
            is_empty = false;
        }
        Ok(Member::from_truth(!is_empty))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Member, A::Error> {
        let mut is_empty = true;
        while members.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {
            is_empty = false;
        }
        Ok(Member::from_truth(!is_empty))
    }
}

/// The checks in Ninja's order: a body at all, JSON, an object, then what `T` wants of it.
fn parse<T: Schema>(body: &[u8]) -> Result<T, ApiError> {
    if body.is_empty() {
        let missing = FieldError::missing(vec!["body", T::PARAMETER]);
        return Err(ApiError::Unprocessable(vec![missing]));
    }

    let json = std::str::from_utf8(body).map_err(|_| ApiError::NotJson)?;
    let json = json.strip_prefix(BYTE_ORDER_MARK).unwrap_or(json);
    let is_object = json.trim_ascii_start().starts_with('{');
    if !is_object {
        serde_json::from_str::<IgnoredAny>(json).map_err(|_| ApiError::NotJson)?;
        return Err(ApiError::Unprocessable(T::not_an_object()));
    }
    let members = serde_json::from_str(json).map_err(|_| ApiError::NotJson)?;
    T::read(&Object {
        parameter: T::PARAMETER,
        members,
    })
}

const BYTE_ORDER_MARK: char = '\u{feff}';
/// How long a client may take for the body of a request.
const BODY_TIME: Duration = Duration::from_secs(10);

#[cfg(test)]
mod tests {
    use axum::body::Body;

    use super::*;

    struct Whole;

    impl Schema for Whole {
        const PARAMETER: &'static str = "whole";

        fn read(_: &Object) -> Result<Self, ApiError> {
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

        assert!(parse::<Whole>(nested.as_bytes()).is_ok());
        let members: HashMap<String, Member> = serde_json::from_str(&nested).unwrap();
        assert!(members["$serde_json::private::RawValue"].text().is_some());
    }
}
