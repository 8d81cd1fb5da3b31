use std::time::Duration;

use crate::algorithm::Algorithm;
#[cfg(feature = "jwks")]
use crate::jwks::{KeySetRules, KeySetSource, RemoteKeys};
use crate::keys::{KeySet, VerifyingKey};

/// An issuer whose tokens are accepted, and under which rules: its keys, its algorithms, whom its
/// tokens must be for. Nothing of it serves the tokens of another.
///
/// Its name is the claim `iss` of its tokens, byte for byte (RFC 8725 3.8). Whom tokens are for and
/// which algorithms may have signed them must be said; [`build`](crate::VerifierBuilder::build)
/// refuses what is not.
#[must_use]
pub struct TrustedIssuer {
    pub(super) name: String,
    pub(super) source: Source,
    pub(super) audience: Option<Accepted<String>>,
    pub(super) algorithms: Option<Accepted<Algorithm>>,
    pub(super) typ: Vec<String>,
    pub(super) leeway: Duration,
    pub(super) requires_kid: bool,
    pub(super) requires_subject: bool,
    /// Claims by their names, and the JSON texts of which each must be one.
    pub(super) claims: Vec<(String, Vec<String>)>,
    pub(super) scopes: Vec<String>,
    pub(super) max_lifetime: Option<Duration>,
    pub(super) user_id_claim: String,
    #[cfg(feature = "jwks")]
    pub(super) rules: Option<KeySetRules>,
    #[cfg(feature = "jwks")]
    pub(super) seed: Option<String>,
}

/// Where its keys are.
pub(super) enum Source {
    Keys(KeySet),
    #[cfg(feature = "jwks")]
    Remote(KeySetSource),
    #[cfg(feature = "jwks")]
    Shared(RemoteKeys),
    Secret(VerifyingKey),
}

/// What is accepted, as it was said.
pub(super) enum Accepted<T> {
    Any,
    Only(Vec<T>),
}

impl TrustedIssuer {
    /// An issuer whose public keys you have.
    pub fn keys(iss: impl Into<String>, keys: KeySet) -> Self {
        Self::of(iss.into(), Source::Keys(keys))
    }

    /// An issuer with whom you share a secret (HS256, HS384, HS512). No other can have one.
    pub fn secret(iss: impl Into<String>, secret: VerifyingKey) -> Self {
        Self::of(iss.into(), Source::Secret(secret))
    }

    /// An issuer that publishes its keys at a URL (RFC 7517 5).
    #[cfg(feature = "jwks")]
    pub fn jwks(iss: impl Into<String>, url: impl Into<String>) -> Self {
        Self::of(iss.into(), Source::Remote(KeySetSource::Jwks(url.into())))
    }

    /// An issuer whose metadata, found below its name, tells where its keys are (OpenID Connect
    /// Discovery 1.0 4, RFC 8414 3).
    #[cfg(feature = "jwks")]
    pub fn discover(iss: impl Into<String>) -> Self {
        let issuer = iss.into();
        let source = KeySetSource::Discovery {
            issuer: issuer.clone(),
        };
        Self::of(issuer, Source::Remote(source))
    }

    /// An issuer whose keys are fetched already, for another verifier or for this one before it was
    /// built anew: by the rules and for the algorithms that they were made with.
    #[cfg(feature = "jwks")]
    pub fn remote(iss: impl Into<String>, keys: RemoteKeys) -> Self {
        Self::of(iss.into(), Source::Shared(keys))
    }

    fn of(name: String, source: Source) -> Self {
        Self {
            name,
            source,
            audience: None,
            algorithms: None,
            typ: TYP.map(str::to_owned).to_vec(),
            leeway: LEEWAY,
            requires_kid: false,
            requires_subject: false,
            claims: Vec::new(),
            scopes: Vec::new(),
            max_lifetime: None,
            user_id_claim: "sub".to_owned(),
            #[cfg(feature = "jwks")]
            rules: None,
            #[cfg(feature = "jwks")]
            seed: None,
        }
    }

    /// Whom its tokens must be for: their claim `aud` must name one of these (RFC 7519 4.1.3).
    pub fn audience(mut self, names: impl IntoIterator<Item = impl Into<String>>) -> Self {
        let names = names.into_iter().map(Into::into);
        self.audience = Some(Accepted::Only(names.collect()));
        self
    }

    /// Accepts its tokens whomever they are for, those that say nothing of it included: any service
    /// that its users show a token to can then use it here.
    pub fn any_audience(mut self) -> Self {
        self.audience = Some(Accepted::Any);
        self
    }

    /// The algorithms that may have signed its tokens (RFC 8725 3.1).
    pub fn algorithms(mut self, algorithms: impl IntoIterator<Item = Algorithm>) -> Self {
        self.algorithms = Some(Accepted::Only(algorithms.into_iter().collect()));
        self
    }

    /// Leaves the choice to its keys: any algorithm of a private key may have signed its tokens.
    pub fn any_asymmetric_algorithm(mut self) -> Self {
        self.algorithms = Some(Accepted::Any);
        self
    }

    /// What its tokens may be by their header's `typ`, compared in any case, with or without
    /// `application/` (RFC 8725 3.11). An empty text stands for tokens that do not say.
    ///
    /// Where this is not called, those are accepted, `JWT` and `at+jwt` (RFC 9068 2.1).
    pub fn typ(mut self, names: impl IntoIterator<Item = impl Into<String>>) -> Self {
        self.typ = names.into_iter().map(Into::into).collect();
        self
    }

    /// By how much its clock may be wrong: 30 seconds unless said otherwise, and at most a day.
    pub fn leeway(mut self, leeway: Duration) -> Self {
        self.leeway = leeway;
        self
    }

    /// Refuses tokens that do not name their key. Otherwise they are tried with each that fits, up to
    /// four.
    pub fn require_kid(mut self) -> Self {
        self.requires_kid = true;
        self
    }

    /// Refuses tokens whose claim `name` is not this JSON text: `"\"access\""` is a text, `"true"` is
    /// not. Texts are compared as what they say, all else letter for letter.
    pub fn require_claim(self, name: impl Into<String>, json: impl Into<String>) -> Self {
        self.require_claim_among(name, [json])
    }

    /// Refuses tokens whose claim `name` is none of these JSON texts.
    pub fn require_claim_among(
        mut self,
        name: impl Into<String>,
        json: impl IntoIterator<Item = impl Into<String>>,
    ) -> Self {
        let accepted = json.into_iter().map(Into::into).collect();
        self.claims.push((name.into(), accepted));
        self
    }

    /// Requires a scope of all its tokens (RFC 8693 4.2), in the claim `scope` or `scp`. A token
    /// without it is genuine, and not enough: 403.
    pub fn require_scope(mut self, name: impl Into<String>) -> Self {
        self.scopes.push(name.into());
        self
    }

    /// Refuses tokens without a subject, or with an empty one (RFC 7519 4.1.2).
    pub fn require_subject(mut self) -> Self {
        self.requires_subject = true;
        self
    }

    /// Refuses tokens that live longer than this, from `iat`, which they must have, to `exp`.
    pub fn max_lifetime(mut self, span: Duration) -> Self {
        self.max_lifetime = Some(span);
        self
    }

    /// The claim that names the user, for [`Verified::user_id`](crate::Verified::user_id): `sub`
    /// unless said otherwise.
    pub fn user_id_claim(mut self, name: impl Into<String>) -> Self {
        self.user_id_claim = name.into();
        self
    }

    /// How its keys are fetched and kept, where that is not as those of
    /// [all others](crate::VerifierBuilder::rules).
    #[cfg(feature = "jwks")]
    pub fn rules(mut self, rules: KeySetRules) -> Self {
        self.rules = Some(rules);
        self
    }

    /// A key set to begin with, where its keys are fetched: used while the issuer cannot be reached,
    /// and no longer than `outage_tolerance` from the start.
    #[cfg(feature = "jwks")]
    pub fn seed(mut self, jwks: impl Into<String>) -> Self {
        self.seed = Some(jwks.into());
        self
    }
}

/// What a service's clock and an issuer's may differ by without anybody noticing.
const LEEWAY: Duration = Duration::from_secs(30);
/// Access tokens by RFC 9068 2.1, and those of issuers that do not say what their tokens are.
const TYP: [&str; 3] = ["", "JWT", "at+jwt"];
