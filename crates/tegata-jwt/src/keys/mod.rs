//! Keys, parsed once, each fit for exactly one algorithm (RFC 8725 3.1).

mod der;
mod jwk;
mod jwk_set;
mod key_set;
mod nesting;
mod parts;
mod published;
mod secret;
mod signing;
mod text;
mod verifying;

pub use self::jwk_set::JwkSet;
#[cfg(feature = "jwks")]
pub(crate) use self::key_set::PrivateKeys;
pub use self::key_set::{KeySet, UnusableKey, UnusableReason};
#[cfg(feature = "jwks")]
pub(crate) use self::nesting::is_deeper;
pub use self::signing::SigningKey;
pub use self::verifying::VerifyingKey;

#[cfg(test)]
mod tests;
