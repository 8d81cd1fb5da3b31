use crate::algorithm::Algorithm;
use crate::claims::Claim;

/// Why a token was refused. For the log: a caller learns no more than the wire's own words.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TokenError {
    /// The header names another algorithm than the key's (RFC 8725 3.1), or none.
    #[error("the header's `alg` is not {expected}")]
    AlgorithmMismatch {
        /// The algorithm of the key that was to verify.
        expected: Algorithm,
    },
    /// The signature does not fit, or is absent.
    #[error("the signature does not verify")]
    BadSignature,
    /// A claim has the wrong JSON type or lies outside its range.
    #[error("the claim `{0}` is malformed")]
    ClaimMalformed(Claim),
    /// A claim that must be there is not.
    #[error("the claim `{0}` is missing")]
    ClaimMissing(Claim),
    /// `exp` has passed, leeway included.
    #[error("the token has expired")]
    Expired,
    /// The header is not one we understand: RFC 7515 4 and 4.1.11, RFC 7797, RFC 8725 3.11.
    #[error("the header is refused: {reason}")]
    HeaderRefused {
        /// What is wrong with it.
        reason: &'static str,
    },
    /// Not a compact JWS: not three segments of strict base64url around JSON objects.
    #[error("the token is malformed")]
    Malformed,
    /// `nbf` or `iat` lies in the future, leeway included.
    #[error("the token is not valid yet")]
    NotYetValid,
    /// Longer than any token we read.
    #[error("the token is too long")]
    TooLong,
    /// The header's `kid` names no key we have.
    #[error("no key has the header's `kid`")]
    UnknownKey,
    /// A token of another type than the one asked for, an access token for a refresh token, say.
    #[error("the token has the wrong type")]
    WrongType,
}

/// Why a key was refused. Never holds any part of the key.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum KeyError {
    /// The cryptographic library failed to make a key.
    #[error("no key could be generated")]
    Generation,
    /// A key file's text given as an HMAC secret: whoever knows a public key could then sign.
    #[error(
        "a PEM, JWK or SSH key cannot be an HMAC secret; choose an algorithm of the key's kind"
    )]
    KeyAsSecret,
    /// A secret that stands in a tutorial or a project template, or one character repeated.
    #[error("the secret is a well-known sample; make one with `openssl rand -base64 48`")]
    SampleSecret,
    /// A secret shorter than the hash it keys (RFC 7518 3.2).
    #[error(
        "the secret has {length} bytes and needs at least {least}; \
         make one with `openssl rand -base64 48`"
    )]
    ShortSecret {
        /// The secret's length in bytes.
        length: usize,
        /// The least length in bytes.
        least: usize,
    },
    /// Not a private key of the kind the algorithm needs, or not readable at all.
    #[error(
        "not a private key for {algorithm} in PKCS#8 PEM form; \
         `openssl pkcs8 -topk8 -nocrypt` makes that form of others"
    )]
    Unfit {
        /// The algorithm the key was to serve.
        algorithm: Algorithm,
    },
}

/// The cryptographic library failed to give random bits or to sign; nothing was issued.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the cryptographic library failed")]
pub struct CryptoError;
