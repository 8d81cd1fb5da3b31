use std::time::Duration;

use crate::algorithm::Algorithm;
#[cfg(feature = "jwks")]
use crate::error::KeyError;
#[cfg(feature = "jwks")]
use crate::jwks::SourceError;

/// Why there is no verifier of those issuers: what is missing or contradictory, and what to do.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum BuildError {
    /// No algorithms were given.
    #[error(
        "which algorithms sign the tokens of {issuer} is not said: list them by `algorithms`, or \
         leave it to its keys by `any_asymmetric_algorithm`"
    )]
    AlgorithmsMissing {
        /// Whose.
        issuer: String,
    },
    /// Nobody said whom the tokens must be for.
    #[error(
        "whom the tokens of {issuer} must be for is not said: name this service by `audience`, or \
         accept those for anyone by `any_audience`"
    )]
    AudienceMissing {
        /// Whose.
        issuer: String,
    },
    /// A claim is required to be something that is no JSON, or one of nothing.
    #[error(
        "the claim `{claim}` of {issuer} can never be what is required: give JSON, where a text \
         has its quotes, as in \"\\\"access\\\"\""
    )]
    ClaimNotJson {
        /// Whose.
        issuer: String,
        /// The claim's name.
        claim: String,
    },
    /// Two issuers of one name.
    #[error("{issuer} stands twice: leave one of them")]
    DuplicateIssuer {
        /// Which.
        issuer: String,
    },
    /// An issuer with an empty name.
    #[error("an issuer has no name: give the claim `iss` of its tokens")]
    EmptyIssuer,
    /// Keys are to be fetched, and no HTTP client can be made that would.
    #[cfg(feature = "jwks")]
    #[error("{0}: give a client by `http`")]
    HttpClient(String),
    /// No key is for an algorithm.
    #[error("{issuer} has no key for {algorithm}: give one, or take the algorithm off its list")]
    KeyMissing {
        /// Whose.
        issuer: String,
        /// For which.
        algorithm: Algorithm,
    },
    /// An issuer without keys.
    #[error("{issuer} has no keys that could verify anything: give it some")]
    KeysMissing {
        /// Which.
        issuer: String,
    },
    /// A span of time that is longer than it can be meant.
    #[error("the leeway of {issuer} is longer than {longest:?}: give a few seconds")]
    LeewayTooLong {
        /// Whose.
        issuer: String,
        /// How long it may be.
        longest: Duration,
    },
    /// Nobody is trusted.
    #[error("no issuer is trusted: name one by `issuer`")]
    NoIssuer,
    /// The key set to begin with is none.
    #[cfg(feature = "jwks")]
    #[error("the seed of {issuer} is no key set: {reason}")]
    Seed {
        /// Whose.
        issuer: String,
        /// Why.
        reason: KeyError,
    },
    /// Keys cannot be fetched from there.
    #[cfg(feature = "jwks")]
    #[error("the keys of {issuer} cannot be fetched: {reason}")]
    Source {
        /// Whose.
        issuer: String,
        /// Why.
        reason: SourceError,
    },
    /// A secret where public keys are, or the other way round.
    #[error(
        "{issuer} cannot have {algorithm} with such keys: HS256, HS384 and HS512 need a secret, \
         given by `secret`, and go with no other algorithm"
    )]
    SymmetricAlgorithm {
        /// Whose.
        issuer: String,
        /// Which.
        algorithm: Algorithm,
    },
    /// More issuers than anybody trusts.
    #[error("there are more than {most} issuers: trust fewer")]
    TooManyIssuers {
        /// How many there may be.
        most: usize,
    },
    /// Tokens of no type are accepted.
    #[error(
        "no token of {issuer} could have a `typ` that is accepted: name one by `typ`, an empty \
         text for tokens without, or do not call it"
    )]
    TypMissing {
        /// Whose.
        issuer: String,
    },
}
