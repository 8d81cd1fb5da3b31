//! What can go wrong, as callers are told.

mod api;
mod unavailable;

pub(crate) use self::api::JSON_HEADERS;
pub use self::api::{ApiError, Challenged, FieldError, RefusedClass};
pub use self::unavailable::Unavailable;
