//! JSON Web Tokens (RFC 7519) in the style of Simple JWT and Ninja JWT.
//!
//! The tour, from the ground up:
//!
//! - [`Algorithm`] is the table of signature algorithms (RFC 7518 3.1);
//! - [`SigningKey`] and [`VerifyingKey`] are keys, parsed once, each fit for one algorithm only;
//!   [`JwkSet`] holds the keys of others;
//! - [`Unverified`] is a compact JWS taken apart, [`Claims`] are the members of its payload;
//! - [`Issuer`] issues token pairs and sliding tokens, [`Verifier`] is the only one who makes a
//!   [`Verified`] token, of a [`TokenClass`];
//! - [`Settings`] holds what both go by, under the names of Simple JWT;
//! - [`Clock`] is where the time comes from.
//!
//! ```
//! use tegata_jwt::{
//!     Algorithm, Clock, Issuer, Settings, SigningKey, Subject, TokenClass, UserId, Verifier,
//! };
//!
//! let key = SigningKey::from_secret(Algorithm::HS256, b"kT8zQ1x-Wm3rYp0sVb6nHc4eJd9uLg2f")?;
//! let settings = Settings::default();
//! let verifier = Verifier::new(&settings, key.verifying_key(), Clock::System);
//! let issuer = Issuer::new(&settings, key, Clock::System);
//!
//! let user = UserId::Number(1);
//! let pair = issuer.pair(&Subject::from(user.clone()))?;
//!
//! let refresh = verifier.verify_as(&pair.refresh.token, TokenClass::Refresh)?;
//! assert_eq!(refresh.user_id()?, Some(user));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod algorithm;
mod base64url;
mod claims;
mod clock;
mod error;
mod issuer;
mod keys;
mod names;
mod object;
mod settings;
mod token;
mod verifier;

pub use algorithm::Algorithm;
pub use claims::{Claim, Claims, Jti, TokenType, UserId};
pub use clock::Clock;
pub use error::{CryptoError, KeyError, TokenError};
pub use issuer::{Issued, Issuer, Subject, Successor, TokenPair};
pub use keys::{JwkSet, SigningKey, VerifyingKey};
pub use settings::{Audience, Lifetime, Settings, TokenClass};
pub use token::{Header, Unverified};
pub use verifier::{Decoded, Verified, VerifiedRefresh, VerifiedSliding, Verifier};

#[cfg(test)]
mod fixtures;
