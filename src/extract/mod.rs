//! Parts of requests as types: holding one means that it was checked.

mod bearer;
mod client_address;
mod json;
mod member;

pub use self::bearer::{Bearer, bearer_refusals};
pub use self::client_address::ClientAddress;
pub use self::json::{Empty, Json, MAX_BODY_BYTES, Object, Schema, parse};
pub use self::member::{Member, NotUnicode};
