//! Parts of requests as types: holding one means that it was checked.

mod json;

pub use self::json::{Json, Member, Object, Schema};
