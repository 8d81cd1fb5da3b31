//! Key sets of other issuers, from the outside.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

#[expect(dead_code, reason = "the tests beside the code use more of it")]
mod fake_issuer;
mod remote_keys;
