use axum::body::Bytes;
use axum::extract::rejection::{BytesRejection, FailedToBufferBody};
use axum::extract::{FromRequest, Request};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use serde_json::{Map, Value};

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

    /// What is said of a body that is no object.
    #[must_use]
    fn not_an_object() -> Vec<FieldError> {
        vec![FieldError {
            kind: "model_attributes_type",
            loc: vec!["body", Self::PARAMETER],
            msg: "Input should be a valid dictionary or object to extract fields from",
            ctx: None,
        }]
    }
}

impl<T: Schema, S: Send + Sync> FromRequest<S> for Json<T> {
    type Rejection = ApiError;

    async fn from_request(request: Request, state: &S) -> Result<Self, Self::Rejection> {
        let body =
            Bytes::from_request(request, state)
                .await
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
    members: Map<String, Value>,
}

impl Object {
    /// A member that Python would take for true: present, and neither null, false, zero nor empty.
    #[must_use]
    pub fn truthy(&self, member: &str) -> Option<&Value> {
        self.members.get(member).filter(|value| match value {
            Value::Null => false,
            Value::Bool(value) => *value,
            Value::Number(number) => number.as_f64() != Some(0.0),
            Value::String(text) => !text.is_empty(),
            Value::Array(values) => !values.is_empty(),
            Value::Object(members) => !members.is_empty(),
        })
    }

    /// Whether the member is there at all.
    #[must_use]
    pub fn contains(&self, member: &str) -> bool {
        self.members.contains_key(member)
    }

    /// A member that must be truthy, and is `missing` where it is not.
    pub fn require(&self, member: &'static str, missing: &'static str) -> Result<&Value, ApiError> {
        self.truthy(member)
            .ok_or_else(|| ApiError::InvalidInput(vec![(member, missing)]))
    }

    /// The fault of a member of the wrong form.
    #[must_use]
    pub fn fault(
        &self,
        member: &'static str,
        kind: &'static str,
        msg: &'static str,
        ctx: Option<Value>,
    ) -> FieldError {
        FieldError {
            kind,
            loc: vec!["body", self.parameter, member],
            msg,
            ctx,
        }
    }

    /// A member that must be a string.
    pub fn string(&self, member: &'static str, value: &Value) -> Result<String, FieldError> {
        let text = value.as_str().map(str::to_owned);
        text.ok_or_else(|| {
            self.fault(
                member,
                "string_type",
                "Input should be a valid string",
                None,
            )
        })
    }
}

/// The checks in Ninja's order: a body at all, JSON, an object, then what `T` wants of it.
fn parse<T: Schema>(body: &[u8]) -> Result<T, ApiError> {
    if body.is_empty() {
        let missing = FieldError {
            kind: "missing",
            loc: vec!["body", T::PARAMETER],
            msg: "Field required",
            ctx: None,
        };
        return Err(ApiError::Unprocessable(vec![missing]));
    }

    let text = body.strip_prefix(BYTE_ORDER_MARK).unwrap_or(body);
    match serde_json::from_slice(text).map_err(|_| ApiError::NotJson)? {
        Value::Object(members) => T::read(&Object {
            parameter: T::PARAMETER,
            members,
        }),
        _ => Err(ApiError::Unprocessable(T::not_an_object())),
    }
}

const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";
