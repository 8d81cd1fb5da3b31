use std::marker::PhantomData;
use std::sync::Arc;
use std::time::Duration;

use chrono::TimeDelta;

use super::build_error::BuildError;
use super::counts::Tally;
use super::memory::Memory;
use super::trust::Trust;
use super::trusted_issuer::{Accepted, Source, TrustedIssuer};
use super::{Inner, Verifier};
use crate::algorithm::Algorithm;
use crate::checks::Checks;
use crate::claims::{Claims, Jti};
use crate::clock::Clock;
#[cfg(feature = "jwks")]
use crate::jwks::{HttpClient, KeySetRules, KeySetSource, RemoteKeys};
use crate::keyring::Keyring;
use crate::keys::VerifyingKey;
use crate::names::Names;
use crate::settings::Audience;
use crate::token;
use crate::verified::FromClaims;

/// Whom a [`Verifier`] is to trust, and how.
#[must_use]
pub struct VerifierBuilder<C = Claims> {
    issuers: Vec<TrustedIssuer>,
    clock: Clock,
    remembered: usize,
    refused: Option<Box<Refused>>,
    #[cfg(feature = "jwks")]
    http: Option<HttpClient>,
    #[cfg(feature = "jwks")]
    rules: KeySetRules,
    claims: PhantomData<fn() -> C>,
}

/// Whether tokens of an identifier are refused.
pub(super) type Refused = dyn Fn(&Jti) -> bool + Send + Sync;

impl<C: FromClaims> VerifierBuilder<C> {
    pub(super) fn new() -> Self {
        Self {
            issuers: Vec::new(),
            clock: Clock::System,
            remembered: 0,
            refused: None,
            #[cfg(feature = "jwks")]
            http: None,
            #[cfg(feature = "jwks")]
            rules: KeySetRules::default(),
            claims: PhantomData,
        }
    }

    /// Trusts an issuer, at most 1,000 of them.
    pub fn issuer(mut self, issuer: TrustedIssuer) -> Self {
        self.issuers.push(issuer);
        self
    }

    /// Where the time comes from, if not from the system.
    pub fn clock(mut self, clock: Clock) -> Self {
        self.clock = clock;
        self
    }

    /// The HTTP client that fetches keys, if not one of the verifier's own.
    #[cfg(feature = "jwks")]
    pub fn http(mut self, client: HttpClient) -> Self {
        self.http = Some(client);
        self
    }

    /// How the keys of all issuers are fetched and kept that have no rules of their own.
    #[cfg(feature = "jwks")]
    pub fn rules(mut self, rules: KeySetRules) -> Self {
        self.rules = rules;
        self
    }

    /// Remembers up to so many tokens that were verified, and checks no signature of theirs again:
    /// until they expire, or their issuer's keys are others. None unless this is called.
    ///
    /// That a remembered token has expired or is [refused](Self::refuse_if) shows at once. `nbf` and
    /// `iat` are not looked at again: a clock that is set back takes nobody's token away.
    pub fn remember(mut self, entries: usize) -> Self {
        self.remembered = entries;
        self
    }

    /// Refuses the tokens for whose identifiers this says so: asked at each verification of a token
    /// that has one, remembered or not, and should be quick.
    pub fn refuse_if(mut self, refused: impl Fn(&Jti) -> bool + Send + Sync + 'static) -> Self {
        self.refused = Some(Box::new(refused));
        self
    }

    /// Puts the verifier together, and says what is missing or contradictory. Fetches nothing yet;
    /// where keys are to be fetched, it must be called within a Tokio runtime.
    pub fn build(mut self) -> Result<Verifier<C>, BuildError> {
        match self.issuers.len() {
            0 => return Err(BuildError::NoIssuer),
            1..=MAX_ISSUERS => {}
            _ => return Err(BuildError::TooManyIssuers { most: MAX_ISSUERS }),
        }
        let mut issuers = std::mem::take(&mut self.issuers);
        issuers.sort_by(|one, other| one.name.cmp(&other.name));
        if let Some(twins) = issuers.windows(2).find(|pair| pair[0].name == pair[1].name) {
            let issuer = twins[0].name.clone();
            return Err(BuildError::DuplicateIssuer { issuer });
        }
        let issuers = issuers.into_iter().map(|issuer| self.trust(issuer));
        let issuers = issuers.collect::<Result<Vec<_>, _>>()?;

        let is_accepted = |one: &Algorithm| issuers.iter().any(|of| of.algorithms.contains(one));
        Ok(Verifier(Arc::new(Inner {
            algorithms: Algorithm::ALL.into_iter().filter(is_accepted).collect(),
            issuers,
            memory: (self.remembered > 0).then(|| Memory::new(self.remembered as u64)),
            refused: self.refused,
            clock: self.clock,
            strangers: Tally::new(),
        })))
    }

    fn trust(&mut self, issuer: TrustedIssuer) -> Result<Trust, BuildError> {
        if issuer.name.is_empty() {
            return Err(BuildError::EmptyIssuer);
        }
        let checks = Checks {
            clock: self.clock.clone(),
            leeway: leeway(&issuer)?,
            audience: audience(&issuer)?,
            issuer: None,
        };
        check_claims(&issuer)?;
        let algorithms = algorithms(&issuer)?;
        let keys = match issuer.source {
            Source::Keys(keys) => Keyring::Local(keys),
            #[cfg(feature = "jwks")]
            Source::Remote(source) => {
                self.remote(&issuer.name, source, &algorithms, issuer.rules)?
            }
            Source::Secret(secret) => Keyring::Secret(secret),
        };
        let max_lifetime = issuer.max_lifetime;
        let claims = issuer.claims.into_iter();
        let typ = issuer.typ.iter();
        Ok(Trust {
            typ: typ.map(|typ| token::short_typ(typ).to_owned()).collect(),
            name: issuer.name.as_str().into(),
            keys,
            algorithms,
            checks,
            requires_kid: issuer.requires_kid,
            requires_subject: issuer.requires_subject,
            claims: claims
                .map(|(name, accepted)| (name.into(), accepted))
                .collect(),
            scopes: issuer.scopes,
            // What chrono cannot count, no token lives for.
            max_lifetime: max_lifetime.and_then(|span| TimeDelta::from_std(span).ok()),
            names: Arc::new(Names::of_others(issuer.user_id_claim)),
            tally: Tally::new(),
        })
    }

    #[cfg(feature = "jwks")]
    fn remote(
        &mut self,
        name: &str,
        source: KeySetSource,
        algorithms: &[Algorithm],
        rules: Option<KeySetRules>,
    ) -> Result<Keyring, BuildError> {
        let rules = rules.unwrap_or_else(|| self.rules.clone());
        let http = self.http.take().map_or_else(HttpClient::new, Ok);
        let http = http.map_err(|error| BuildError::HttpClient(error.to_string()))?;
        let http = self.http.insert(http);
        let clock = self.clock.clone();
        let keys = RemoteKeys::new(name, source, algorithms, rules, http, clock);
        let keys = keys.map_err(|reason| BuildError::Source {
            issuer: name.to_owned(),
            reason,
        })?;
        let issuer = name.into();
        Ok(Keyring::Remote { issuer, keys })
    }
}

/// The algorithms that are accepted, which the keys must fit (RFC 8725 3.1): secrets are never
/// where public keys are.
fn algorithms(issuer: &TrustedIssuer) -> Result<Vec<Algorithm>, BuildError> {
    let name = || issuer.name.clone();
    let accepted = match &issuer.algorithms {
        None => return Err(BuildError::AlgorithmsMissing { issuer: name() }),
        Some(Accepted::Only(none)) if none.is_empty() => {
            return Err(BuildError::AlgorithmsMissing { issuer: name() });
        }
        Some(Accepted::Only(some)) => some.clone(),
        Some(Accepted::Any) => {
            let all = Algorithm::ALL.into_iter();
            all.filter(|one| !one.is_symmetric()).collect()
        }
    };
    let (keys, is_secret) = match &issuer.source {
        Source::Keys(keys) => (keys.keys(), false),
        #[cfg(feature = "jwks")]
        Source::Remote(_) => (&[][..], false),
        Source::Secret(secret) => (std::slice::from_ref(secret), true),
    };
    let of_keys = keys.iter().map(VerifyingKey::algorithm);
    let mut all = of_keys.clone().chain(accepted.iter().copied());
    if let Some(algorithm) = all.find(|one| one.is_symmetric() != is_secret) {
        let issuer = name();
        return Err(BuildError::SymmetricAlgorithm { issuer, algorithm });
    }
    match issuer.source {
        #[cfg(feature = "jwks")]
        Source::Remote(_) => return Ok(accepted),
        _ if keys.is_empty() => return Err(BuildError::KeysMissing { issuer: name() }),
        _ => {}
    }
    let is_idle = |one: &&Algorithm| of_keys.clone().all(|of_key| of_key != **one);
    match (&issuer.algorithms, accepted.iter().find(is_idle)) {
        (Some(Accepted::Only(_)), Some(&algorithm)) => {
            let issuer = name();
            Err(BuildError::KeyMissing { issuer, algorithm })
        }
        _ => Ok(accepted),
    }
}

fn audience(issuer: &TrustedIssuer) -> Result<Option<Audience>, BuildError> {
    match &issuer.audience {
        Some(Accepted::Any) => Ok(None),
        Some(Accepted::Only(names)) if !names.is_empty() && !names.iter().any(String::is_empty) => {
            Ok(Some(Audience::Many(names.clone())))
        }
        _ => Err(BuildError::AudienceMissing {
            issuer: issuer.name.clone(),
        }),
    }
}

fn leeway(issuer: &TrustedIssuer) -> Result<TimeDelta, BuildError> {
    let leeway = issuer.leeway;
    let span = TimeDelta::from_std(leeway)
        .ok()
        .filter(|_| leeway <= MAX_LEEWAY);
    span.ok_or_else(|| BuildError::LeewayTooLong {
        issuer: issuer.name.clone(),
        longest: MAX_LEEWAY,
    })
}

fn check_claims(issuer: &TrustedIssuer) -> Result<(), BuildError> {
    let is_json = |text: &String| serde_json::from_str::<serde::de::IgnoredAny>(text).is_ok();
    let mut claims = issuer.claims.iter();
    match claims.find(|(_, accepted)| accepted.is_empty() || !accepted.iter().all(is_json)) {
        None => Ok(()),
        Some((claim, _)) => Err(BuildError::ClaimNotJson {
            issuer: issuer.name.clone(),
            claim: claim.clone(),
        }),
    }
}

/// More are looked up as quickly; but each has keys and a task of its own.
const MAX_ISSUERS: usize = 1_000;
/// A clock that is wrong by more is wrong.
const MAX_LEEWAY: Duration = Duration::from_hours(24);
