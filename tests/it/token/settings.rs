//! Each setting of `[jwt]`, and those of `[compat]` that tokens feel: that another value than the
//! default does its work. Rotation and its blacklist have `rotation.rs`.

mod claims;
mod grace;
mod guards;
mod keys;
mod lifetimes;
mod users;
