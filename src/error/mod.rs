//! What can go wrong, as callers are told.

mod api;
mod bearer;
mod described;
mod limited;
mod reason;
mod unavailable;

pub(crate) use self::api::JSON_HEADERS;
pub use self::api::{ApiError, FieldError};
pub use self::bearer::{Challenged, RefusedClass};
pub(crate) use self::described::{Shown, schemas};
pub use self::limited::{Limited, Quota, TooMany};
pub use self::reason::Reason;
pub use self::unavailable::Unavailable;
