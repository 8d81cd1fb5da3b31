mod build_error;
mod builder;
mod contradictions;
mod counts;
mod memory;
#[cfg(feature = "jwks")]
mod presets;
mod trust;
mod trusted_issuer;

use std::sync::Arc;
#[cfg(feature = "jwks")]
use std::time::Duration;

pub use self::build_error::BuildError;
use self::builder::Refused;
pub use self::builder::VerifierBuilder;
pub use self::counts::Count;
use self::counts::Tally;
use self::memory::{Digest, Memory, Remembered};
use self::trust::Trust;
pub use self::trusted_issuer::TrustedIssuer;
use crate::algorithm::Algorithm;
use crate::claims::Claims;
use crate::clock::Clock;
use crate::error::{TokenError, VerifyError};
use crate::jwks::Kept;
#[cfg(feature = "jwks")]
use crate::jwks::KeySetStatus;
use crate::keyring::{self, Refusal};
use crate::token::{self, Presented, Room};
use crate::verified::{FromClaims, Verified};

/// Verifies the access tokens of the issuers that it trusts, each by its own keys and rules. Copies
/// share all they have.
///
/// `C` is what claims are read into: [`Claims`], which costs nothing, or any type of yours that
/// serde can read.
pub struct Verifier<C: Send + Sync + 'static = Claims>(Arc<Inner<C>>);

struct Inner<C: Send + Sync + 'static> {
    /// In the order of their names.
    issuers: Vec<Trust>,
    /// Those of all issuers: a token of any other is refused unread.
    algorithms: Vec<Algorithm>,
    memory: Option<Memory<C>>,
    refused: Option<Box<Refused>>,
    clock: Clock,
    /// What became of tokens that are of no issuer.
    strangers: Tally,
}

impl<C: FromClaims> Verifier<C> {
    /// Begins to say whom to trust.
    pub fn builder() -> VerifierBuilder<C> {
        VerifierBuilder::new()
    }

    /// Verifies a token, and waits for its issuer's keys where they are not there.
    pub async fn verify(&self, token: &str) -> Result<Verified<C>, VerifyError> {
        let mut case = self.0.case(token);
        let outcome = match self.0.remembered(&mut case) {
            Some(known) => known,
            None => keyring::settle(|newer| self.0.attempt(&mut case, newer)).await,
        };
        self.0.tally(&case).count(&outcome);
        outcome
    }

    /// Verifies a token with the keys that are there, and never waits: where there are none, they
    /// are asked for, and the token is [none that can be
    /// verified yet](VerifyError::KeysUnavailable).
    pub fn verify_now(&self, token: &str) -> Result<Verified<C>, VerifyError> {
        let mut case = self.0.case(token);
        let outcome = match self.0.remembered(&mut case) {
            Some(known) => known,
            None => keyring::settle_now(|newer| self.0.attempt(&mut case, newer)),
        };
        self.0.tally(&case).count(&outcome);
        outcome
    }
}

impl<C: Send + Sync + 'static> Verifier<C> {
    /// Whether a token says that it is of an issuer that is trusted here. Anyone can write that: it
    /// tells which verifier to ask, and nothing else.
    #[must_use]
    pub fn trusts(&self, token: &str) -> bool {
        let is_trusted = |issuer: &str| self.0.place_of(issuer).is_some();
        let claims = token::claims_unverified(token);
        claims.is_ok_and(|claims| token::issuer_of(&claims).is_ok_and(|one| is_trusted(&one)))
    }

    /// How often verifications ended in which way, for each issuer, and for tokens of none.
    pub fn counts(&self) -> impl Iterator<Item = Count<'_>> {
        let issuers = self.0.issuers.iter();
        issuers
            .flat_map(|issuer| issuer.tally.read(Some(&issuer.name)))
            .chain(self.0.strangers.read(None))
    }

    /// What is known of the key sets that are fetched, in the order of their issuers' names.
    #[cfg(feature = "jwks")]
    #[must_use]
    pub fn health(&self) -> Vec<KeySetStatus> {
        let issuers = self.0.issuers.iter();
        let remote = issuers.filter_map(|issuer| issuer.keys.remote());
        remote.map(crate::jwks::RemoteKeys::status).collect()
    }

    /// Fetches all key sets that are not there, and waits for that as long as is said. Whether all
    /// are there then.
    #[cfg(feature = "jwks")]
    pub async fn ready(&self, within: Duration) -> bool {
        let end = self.0.clock.elapsed().saturating_add(within);
        let remote = || {
            self.0
                .issuers
                .iter()
                .filter_map(|issuer| issuer.keys.remote())
        };
        // All are asked for before any is waited for.
        for keys in remote() {
            keys.now();
        }
        let mut are_there = true;
        for keys in remote() {
            let left = end.saturating_sub(self.0.clock.elapsed());
            are_there &= keys.ready(left).await;
        }
        are_there
    }
}

impl<C: Send + Sync + 'static> Clone for Verifier<C> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

/// A token on its way through the verifier.
struct Case<'a> {
    token: &'a str,
    /// What it is remembered by, where tokens are remembered.
    digest: Option<Digest>,
    /// The place of its issuer, as soon as that is known.
    issuer: Option<usize>,
}

impl<C: Send + Sync + 'static> Inner<C> {
    fn case<'a>(&self, token: &'a str) -> Case<'a> {
        let is_remembered = self.memory.is_some() && token.len() <= token::MAX_BYTES;
        Case {
            token,
            digest: is_remembered.then(|| Memory::<C>::digest(token)),
            issuer: None,
        }
    }

    fn place_of(&self, issuer: &str) -> Option<usize> {
        let by_name = |trust: &Trust| (*trust.name).cmp(issuer);
        self.issuers.binary_search_by(by_name).ok()
    }

    fn tally(&self, case: &Case<'_>) -> &Tally {
        match case.issuer {
            Some(place) => &self.issuers[place].tally,
            None => &self.strangers,
        }
    }

    /// A token that was verified before, and would be once more: by the time, the keys and the
    /// identifiers that are refused.
    fn remembered(&self, case: &mut Case<'_>) -> Option<Result<Verified<C>, VerifyError>> {
        let (memory, digest) = self.memory.as_ref().zip(case.digest.as_ref())?;
        let found = memory.get(digest)?;
        let generation = self.issuers[found.issuer].keys.generation();
        if found.end <= self.clock.now() || generation != Some(found.generation) {
            memory.forget(digest);
            return None;
        }
        case.issuer = Some(found.issuer);
        Some(self.unless_refused(found.verified).map_err(Into::into))
    }

    fn unless_refused(&self, token: Verified<C>) -> Result<Verified<C>, TokenError> {
        match (&self.refused, token.jti()) {
            (Some(is_refused), Some(jti)) if is_refused(jti) => Err(TokenError::Revoked),
            _ => Ok(token),
        }
    }
}

impl<C: FromClaims> Inner<C> {
    fn attempt(
        &self,
        case: &mut Case<'_>,
        newer: Option<&Kept>,
    ) -> Result<Verified<C>, Refusal<'_>> {
        let mut room = Room::new();
        let token = Presented::read(case.token, &mut room)?;
        token.algorithm_of(&self.algorithms)?;
        let claims = token.claims_unverified()?;
        let place = self.place_of(&token::issuer_of(&claims)?);
        let place = place.ok_or(TokenError::UnknownIssuer)?;
        case.issuer = Some(place);

        let issuer = &self.issuers[place];
        let (algorithm, expires_at) = issuer.is_worth_keys(&token, &claims)?;
        let signer = issuer.keys.signer(&token, algorithm, newer)?;
        let generation = signer.generation;
        let verified = issuer.verified(claims, expires_at, signer);
        let verified = self.unless_refused(verified.map_err(Refusal::Final)?)?;
        if let Some((memory, digest)) = self.memory.as_ref().zip(case.digest) {
            let remembered = Remembered {
                verified: verified.clone(),
                issuer: place,
                generation,
                end: issuer.end_of(&verified),
            };
            memory.insert(digest, remembered);
        }
        Ok(verified)
    }
}

#[cfg(test)]
mod tests;
