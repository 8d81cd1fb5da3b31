//! Errors as the OpenAPI document shows them: the status and the body are those that callers get.

use axum::http::StatusCode;
use serde_json::Value;
use utoipa::PartialSchema;
use utoipa::openapi::schema::AdditionalProperties;
use utoipa::openapi::{ObjectBuilder, RefOr, Schema, Type};

use super::ApiError;
use super::api::{Detail, Faults, Refused};

/// What a caller gets.
pub(crate) struct Shown {
    /// The status.
    pub(crate) status: StatusCode,
    /// The body.
    pub(crate) body: Value,
    /// The name of the body's schema, one of [`schemas`].
    pub(crate) schema: &'static str,
}

impl ApiError {
    /// The error as a caller gets it.
    pub(crate) fn shown(&self) -> Shown {
        Shown {
            status: self.status(),
            body: serde_json::from_slice(&self.body()).expect("what is answered is JSON"),
            schema: match self {
                Self::InvalidInput(_) => INVALID_INPUT,
                Self::RefusedToken(_) => REFUSED_TOKEN,
                Self::Unprocessable(_) => UNPROCESSABLE,
                _ => DETAIL,
            },
        }
    }
}

/// The bodies of errors, by their names.
pub(crate) fn schemas() -> [(&'static str, RefOr<Schema>); 4] {
    [
        (DETAIL, Detail::schema()),
        (INVALID_INPUT, invalid_input()),
        (REFUSED_TOKEN, Refused::schema()),
        (UNPROCESSABLE, Faults::schema()),
    ]
}

/// `detail`, `code`, and a text for each member that is missing.
fn invalid_input() -> RefOr<Schema> {
    let text = || ObjectBuilder::new().schema_type(Type::String);
    let members = ObjectBuilder::new()
        .schema_type(Type::Object)
        .property("detail", text())
        .property("code", text())
        .required("detail")
        .required("code")
        .additional_properties(Some(AdditionalProperties::RefOr(text().build().into())));
    members.build().into()
}

const DETAIL: &str = "Detail";
const INVALID_INPUT: &str = "InvalidInput";
const REFUSED_TOKEN: &str = "RefusedToken";
const UNPROCESSABLE: &str = "Unprocessable";
