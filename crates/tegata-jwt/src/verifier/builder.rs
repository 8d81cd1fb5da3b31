use std::marker::PhantomData;
use std::sync::Arc;

use chrono::TimeDelta;

use super::build_error::BuildError;
use super::counts::Tally;
use super::memory::Memory;
use super::trust::Trust;
use super::trusted_issuer::{Source, TrustedIssuer};
use super::{Inner, Verifier};
use crate::algorithm::Algorithm;
use crate::checks::Checks;
use crate::claims::{Claims, Jti};
use crate::clock::Clock;
#[cfg(feature = "jwks")]
use crate::jwks::{HttpClient, KeySetRules, KeySetSource, RemoteKeys};
use crate::keyring::Keyring;
use crate::names::Names;
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
        if issuers.iter().any(|issuer| issuer.name.is_empty()) {
            return Err(BuildError::EmptyIssuer);
        }
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
        let checks = Checks {
            clock: self.clock.clone(),
            leeway: issuer.checked_leeway()?,
            audience: issuer.checked_audience()?,
            issuer: None,
        };
        let (algorithms, typ) = (issuer.checked_algorithms()?, issuer.checked_typ()?);
        let claims = issuer.checked_claims()?;
        let keys = match issuer.source {
            Source::Keys(keys) => Keyring::Local(keys),
            #[cfg(feature = "jwks")]
            Source::Remote(source) => {
                let keys = self.remote(&issuer.name, source, &algorithms, issuer.rules)?;
                if let Some(seed) = issuer.seed {
                    keys.seed(&seed).map_err(|reason| BuildError::Seed {
                        issuer: issuer.name.clone(),
                        reason,
                    })?;
                }
                Keyring::Remote {
                    issuer: issuer.name.as_str().into(),
                    keys,
                }
            }
            Source::Secret(secret) => Keyring::Secret(secret),
            #[cfg(feature = "jwks")]
            Source::Shared(keys) => Keyring::Remote {
                issuer: issuer.name.as_str().into(),
                keys,
            },
        };
        let max_lifetime = issuer.max_lifetime;
        Ok(Trust {
            name: issuer.name.into(),
            keys,
            algorithms,
            typ,
            checks,
            requires_kid: issuer.requires_kid,
            requires_subject: issuer.requires_subject,
            claims,
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
    ) -> Result<RemoteKeys, BuildError> {
        let rules = rules.unwrap_or_else(|| self.rules.clone());
        let http = self.http.take().map_or_else(HttpClient::new, Ok);
        let http = http.map_err(|error| BuildError::HttpClient(error.to_string()))?;
        let http = self.http.insert(http);
        let clock = self.clock.clone();
        let keys = RemoteKeys::new(name, source, algorithms, rules, http, clock);
        keys.map_err(|reason| BuildError::Source {
            issuer: name.to_owned(),
            reason,
        })
    }
}

/// More are looked up as quickly; but each has keys and a task of its own.
const MAX_ISSUERS: usize = 1_000;
