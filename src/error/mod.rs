//! What can go wrong, as callers are told.

mod api;
mod bearer;
mod limited;
mod unavailable;

pub(crate) use self::api::JSON_HEADERS;
pub use self::api::{ApiError, FieldError};
pub use self::bearer::{Challenged, RefusedClass};
pub use self::limited::{Limited, Quota, TooMany};
pub use self::unavailable::Unavailable;
