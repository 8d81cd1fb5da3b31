use std::sync::Arc;
use std::time::Duration;

use crate::algorithm::Algorithm;
use crate::claims::Claim;

/// Why a token did not pass a verifier.
///
/// [`status`](Self::status) draws the line that callers must see: 401, get another token; 403, this
/// one is good but not for that; 503, it is not known, keep it and come again.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum VerifyError {
    /// The token is genuine, and was not granted what this needs (RFC 6750 3.1).
    #[error("the token was not granted the scope `{needed}`")]
    InsufficientScope {
        /// What it lacks.
        needed: String,
    },
    /// The keys of its issuer could not be had: nothing is known of the token.
    #[error("the keys of {issuer} are not there")]
    KeysUnavailable {
        /// Whose keys, as they are configured.
        issuer: Arc<str>,
        /// When it makes sense to ask again.
        retry_after: Duration,
    },
    /// The token is refused.
    #[error(transparent)]
    Token(#[from] TokenError),
}

impl VerifyError {
    /// Its stable name: what to count and to match, for the texts may change.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::InsufficientScope { .. } => "insufficient-scope",
            Self::KeysUnavailable { .. } => "keys-unavailable",
            Self::Token(error) => error.code(),
        }
    }

    /// Whether the fault lies with the verifier or the issuer, and never with the caller.
    #[must_use]
    pub fn is_our_fault(&self) -> bool {
        matches!(self, Self::KeysUnavailable { .. })
    }

    /// The HTTP status that a resource server answers with (RFC 6750 3.1, RFC 9110 15.6.4).
    #[must_use]
    pub fn status(&self) -> u16 {
        match self {
            Self::InsufficientScope { .. } => 403,
            Self::KeysUnavailable { .. } => 503,
            Self::Token(_) => 401,
        }
    }

    /// What a caller may be told, as `error_description` (RFC 6750 3): one sentence for each status,
    /// so that nobody learns from it which keys there are or how far a forgery got. What exactly was
    /// wrong is for the log.
    #[must_use]
    pub fn description(&self) -> &'static str {
        match self {
            Self::InsufficientScope { .. } => "The access token was not granted the scope it needs",
            Self::KeysUnavailable { .. } => "The access token cannot be checked at the moment",
            Self::Token(_) => "The access token is invalid, expired or revoked",
        }
    }
}

/// Why a token was refused. For the log: a caller learns no more than the wire's own words.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TokenError {
    /// The header names another algorithm than the key's (RFC 8725 3.1), or none.
    #[error("the header's `alg` is not {expected}")]
    AlgorithmMismatch {
        /// The algorithm of the key that was to verify.
        expected: Algorithm,
    },
    /// The header names an algorithm that is not accepted of the token's issuer, or none.
    #[error("the header's `alg` is none that is accepted")]
    AlgorithmNotAllowed,
    /// `aud` names none of those the token must be for (RFC 7519 4.1.3).
    #[error("the token is not for this audience")]
    AudienceMismatch,
    /// The signature does not fit, or is absent.
    #[error("the signature does not verify")]
    BadSignature,
    /// The token is bound to a key of its holder (`cnf`, RFC 7800), and no bearer proves to have it
    /// (RFC 8705 3, RFC 9449 7.1).
    #[error("the token is bound to a key that nobody proved to have")]
    BindingMissing,
    /// A claim has the wrong JSON type or lies outside its range.
    #[error("the claim `{0}` is malformed")]
    ClaimMalformed(Claim),
    /// A claim that must be there is not.
    #[error("the claim `{0}` is missing")]
    ClaimMissing(Claim),
    /// A claim that must have one value has another, or is not there.
    #[error("the claim `{claim}` is not what it must be")]
    ClaimMismatch {
        /// Its name, as it is configured.
        claim: Arc<str>,
    },
    /// The claims do not fit the type that they were to be read into.
    #[error("the claims do not fit the type they are read into")]
    ClaimsUnfit,
    /// `exp` has passed, leeway included.
    #[error("the token has expired")]
    Expired,
    /// The header is not one we understand: RFC 7515 4 and 4.1.11, RFC 7797, RFC 8725 3.11.
    #[error("the header is refused: {reason}")]
    HeaderRefused {
        /// What is wrong with it.
        reason: &'static str,
    },
    /// `iss` is not the issuer the token must be of (RFC 7519 4.1.1).
    #[error("the token is of another issuer")]
    IssuerMismatch,
    /// From `iat` to `exp` it is longer than a token of its issuer may live.
    #[error("the token lives longer than it may")]
    LifetimeTooLong,
    /// Not a compact JWS: not three segments of strict base64url around JSON objects.
    #[error("the token is malformed")]
    Malformed,
    /// `nbf` or `iat` lies in the future, leeway included.
    #[error("the token is not valid yet")]
    NotYetValid,
    /// The time in which a sliding token can be refreshed has passed, leeway included.
    #[error("the token can no longer be refreshed")]
    RefreshExpired {
        /// The name of the claim that says until when it could.
        claim: String,
    },
    /// A sliding token does not say until when it can be refreshed.
    #[error("the claim `{claim}` is missing")]
    RefreshExpMissing {
        /// The name of the claim.
        claim: String,
    },
    /// Its identifier is one that the verifier was told to refuse.
    #[error("the token is revoked")]
    Revoked,
    /// Longer than any token we read.
    #[error("the token is too long")]
    TooLong,
    /// No issuer that is trusted has the claim `iss` of the token.
    #[error("the token's `iss` is that of no issuer that is trusted, to the letter")]
    UnknownIssuer,
    /// The header's `kid` names no key we have.
    #[error("no key has the header's `kid`")]
    UnknownKey,
    /// A token of another type than the one asked for: an access token for a refresh token, or one
    /// whose `typ` is not accepted of its issuer (RFC 8725 3.11).
    #[error("the token has the wrong type")]
    WrongType,
}

impl TokenError {
    /// Its stable name: what to count and to match, for the texts may change.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::AlgorithmMismatch { .. } | Self::AlgorithmNotAllowed => "algorithm-not-allowed",
            Self::AudienceMismatch => "wrong-audience",
            Self::BadSignature => "bad-signature",
            Self::BindingMissing => "binding-missing",
            Self::ClaimMalformed(_) => "claim-malformed",
            Self::ClaimMissing(_) => "claim-missing",
            Self::ClaimMismatch { .. } => "claim-mismatch",
            Self::ClaimsUnfit => "claims-unfit",
            Self::Expired => "expired",
            Self::HeaderRefused { .. } => "header-refused",
            Self::IssuerMismatch => "wrong-issuer",
            Self::LifetimeTooLong => "lifetime-too-long",
            Self::Malformed => "malformed",
            Self::NotYetValid => "not-yet-valid",
            Self::RefreshExpired { .. } => "refresh-expired",
            Self::RefreshExpMissing { .. } => "refresh-exp-missing",
            Self::Revoked => "revoked",
            Self::TooLong => "too-long",
            Self::UnknownIssuer => "unknown-issuer",
            Self::UnknownKey => "unknown-key",
            Self::WrongType => "wrong-type",
        }
    }
}

/// Why a key was refused. Never holds any part of the key.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum KeyError {
    /// An HMAC secret of no bytes at all.
    #[error("the secret is empty; make one with `openssl rand -base64 48`")]
    EmptySecret,
    /// A private key behind a passphrase.
    #[error("the private key is encrypted; `openssl pkey` writes it without a passphrase")]
    Encrypted,
    /// The cryptographic library failed to make a key.
    #[error("no key could be generated")]
    Generation,
    /// A JWK that is damaged, or is not for this (RFC 7517 4).
    #[error("the JWK cannot be used: {reason}")]
    Jwk {
        /// What is wrong with it.
        reason: &'static str,
    },
    /// A member of a JWK that is missing or damaged.
    #[error("the JWK cannot be used: its member `{member}` must be {expected}")]
    JwkMember {
        /// The member's name.
        member: &'static str,
        /// What it must be.
        expected: &'static str,
    },
    /// A key file's text given as an HMAC secret: whoever knows a public key could then sign.
    #[error(
        "a PEM, JWK or SSH key cannot be an HMAC secret; choose an algorithm of the key's kind"
    )]
    KeyAsSecret,
    /// An Ed25519 key under which one signature fits every token.
    #[error("the Ed25519 key is of low order, and anyone could sign for it; generate another")]
    LowOrder,
    /// A public key where a private one is needed.
    #[error("this is a public key, and signing needs the private one")]
    NotPrivate,
    /// A private key where the public one belongs.
    #[error("this is a private key, and the public one belongs here")]
    NotPublic,
    /// An RSA key whose public exponent is even, 1 or too long.
    #[error("the public exponent of the RSA key must be odd, at least 3 and at most 32 bits long")]
    RsaExponent,
    /// An RSA key that is too short to be safe (RFC 7518 3.3), or too long to be of use.
    #[error("the RSA key has {bits} bits and needs between 2048 and 8192")]
    RsaSize {
        /// The length of its modulus.
        bits: usize,
    },
    /// A secret that stands in a tutorial or a project template, or one character repeated.
    #[error("the secret is a well-known sample; make one with `openssl rand -base64 48`")]
    SampleSecret,
    /// Several keys in one text, and no telling which is meant.
    #[error("several keys stand in one text; leave only the one that is meant")]
    SeveralKeys,
    /// A secret shorter than RFC 7518 3.2 asks for HS256, whatever hash it keys.
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
    /// Longer than any key.
    #[error("the text is longer than the {limit} bytes that keys need at most")]
    TooLong {
        /// The limit in bytes.
        limit: usize,
    },
    /// Not a key of the kind the algorithm needs, or not readable at all.
    #[error("not a key for {algorithm}: that needs {} as PEM or JWK", kind(*.algorithm))]
    Unfit {
        /// The algorithm the key was to serve.
        algorithm: Algorithm,
    },
}

/// What an algorithm's key is, with its article.
fn kind(algorithm: Algorithm) -> String {
    match algorithm.key_kind() {
        "secret" => "a secret".to_owned(),
        curve @ "Ed25519" => format!("an {curve} key"),
        "RSA" => "an RSA key".to_owned(),
        set if set.starts_with("ML") => format!("an {set} key"),
        curve => format!("a key on the curve {curve}"),
    }
}

/// The cryptographic library failed to give random bits or to sign; nothing was issued.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the cryptographic library failed")]
pub struct CryptoError;
