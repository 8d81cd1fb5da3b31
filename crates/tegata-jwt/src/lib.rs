//! JSON Web Tokens (RFC 7519) in the style of Simple JWT and Ninja JWT.
//!
//! The tour, from the ground up:
//!
//! - [`Algorithm`] is the table of signature algorithms (RFC 7518 3.1);
//! - [`SigningKey`] and [`VerifyingKey`] are keys, parsed once, each fit for one algorithm only;
//!   [`KeySet`] holds the public keys that an issuer publishes, [`JwkSet`] those of a file of
//!   one's own, which may be secrets;
//! - [`Unverified`] is a compact JWS taken apart, [`Claims`] are the members of its payload;
//! - [`Issuer`] issues token pairs and sliding tokens, [`TokenBackend`] is the only one who makes a
//!   [`Verified`] token, of a [`TokenClass`];
//! - [`Settings`] holds what both go by, under the names of Simple JWT;
//! - [`Verifier`] verifies the tokens of others, of any number of [`TrustedIssuer`]s;
//! - [`Clock`] is where the time comes from.
//!
//! ```
//! use tegata_jwt::{
//!     Algorithm, Clock, Issuer, Settings, SigningKey, Subject, TokenClass, UserId, TokenBackend,
//! };
//!
//! let key = SigningKey::from_secret(Algorithm::HS256, b"kT8zQ1x-Wm3rYp0sVb6nHc4eJd9uLg2f")?;
//! let settings = Settings::default();
//! let backend = TokenBackend::new(&settings, key.verifying_key(), Clock::System);
//! let issuer = Issuer::new(&settings, key, Clock::System);
//!
//! let user = UserId::Number(1);
//! let pair = issuer.pair(&Subject::from(user.clone()))?;
//!
//! let refresh = backend.verify_as(&pair.refresh.token, TokenClass::Refresh)?;
//! assert_eq!(refresh.user_id()?, Some(user));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! A service that accepts the tokens of others says whose, and cannot forget to say whom they must
//! be for and which algorithms sign them. With the feature `jwks` the keys come from where the
//! issuer publishes them, and are kept fresh (`TrustedIssuer::jwks`, `TrustedIssuer::discover`, and
//! for issuers that many have `auth0`, `cognito`, `entra`, `google`, `keycloak`, which has an
//! example, and `okta`). Here they are at hand, as a set; or they are keys in PEM ([`KeySet::of`],
//! [`VerifyingKey::with_kid`]):
//!
//! ```
//! use tegata_jwt::{Algorithm, KeySet, TrustedIssuer, Verifier};
//!
//! # let jwks = r#"{"keys":[{"kty":"EC","crv":"P-256","kid":"1",
//! #     "x":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU",
//! #     "y":"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"}]}"#;
//! # let token = "eyJhbGciOiJFUzI1NiJ9.e30.";
//! let keys = KeySet::parse(jwks, &[Algorithm::ES256])?;
//! let verifier: Verifier = Verifier::builder()
//!     .issuer(
//!         TrustedIssuer::keys("https://id.example/", keys)
//!             .audience(["orders-api"])
//!             .algorithms([Algorithm::ES256]),
//!     )
//!     .build()?;
//!
//! match verifier.verify_now(token) {
//!     Ok(verified) => println!("{:?}", verified.claims().text("sub")),
//!     // 401: another token; 403: not for this; 503: nobody can say yet.
//!     Err(error) => println!("{} {}", error.status(), error.description()),
//! }
//! # assert!(verifier.verify_now(token).is_err());
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod algorithm;
mod backend;
mod base64url;
mod checks;
mod claims;
mod clock;
mod error;
mod issuer;
#[cfg(feature = "jwks")]
pub mod jwks;
#[cfg(not(feature = "jwks"))]
#[path = "no_jwks.rs"]
mod jwks;
mod keyring;
mod keys;
mod names;
mod object;
mod settings;
mod token;
mod verified;
mod verifier;

pub use algorithm::Algorithm;
pub use backend::{Decoded, TokenBackend};
pub use claims::{Claim, Claims, Jti, TokenType, UserId};
pub use clock::{Clock, Hands};
pub use error::{CryptoError, KeyError, TokenError, VerifyError};
pub use issuer::{Issued, Issuer, Subject, Successor, TokenPair};
pub use keys::{JwkSet, KeySet, SigningKey, UnusableKey, UnusableReason, VerifyingKey};
pub use settings::{Audience, IssuerSettings, Lifetime, Settings, TokenClass};
pub use token::{Header, Unverified};
pub use verified::{FromClaims, Verified, VerifiedRefresh, VerifiedSliding};
pub use verifier::{BuildError, Count, TrustedIssuer, Verifier, VerifierBuilder};

#[cfg(test)]
mod fixtures;
