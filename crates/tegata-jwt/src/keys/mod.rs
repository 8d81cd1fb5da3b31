//! Keys, parsed once, each fit for exactly one algorithm (RFC 8725 3.1).

mod der;
mod jwk;
mod jwk_set;
mod parts;
mod published;
mod secret;
mod signing;
mod text;
mod verifying;

pub use self::jwk_set::JwkSet;
pub use self::signing::SigningKey;
pub use self::verifying::VerifyingKey;

#[cfg(test)]
mod tests;
