//! What can go wrong, as callers are told.

mod api;
mod unavailable;

pub(crate) use self::api::JSON_HEADERS;
pub use self::api::{ApiError, FieldError};
pub use self::unavailable::Unavailable;
