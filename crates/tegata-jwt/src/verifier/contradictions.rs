//! What is wrong with an issuer that is to be trusted, each by itself: what was not said, and what
//! cannot be meant.

use std::time::Duration;

use chrono::TimeDelta;

use super::build_error::BuildError;
use super::trust::RequiredClaim;
use super::trusted_issuer::{Accepted, Source, TrustedIssuer};
use crate::algorithm::Algorithm;
use crate::keys::VerifyingKey;
use crate::settings::Audience;
use crate::token;

impl TrustedIssuer {
    /// The algorithms that are accepted, which the keys must fit (RFC 8725 3.1): secrets are never
    /// where public keys are.
    pub(super) fn checked_algorithms(&self) -> Result<Vec<Algorithm>, BuildError> {
        let issuer = || self.name.clone();
        let accepted = match &self.algorithms {
            Some(Accepted::Any) => all_asymmetric(),
            Some(Accepted::Only(some)) if !some.is_empty() => some.clone(),
            _ => return Err(BuildError::AlgorithmsMissing { issuer: issuer() }),
        };
        let (keys, is_secret) = match &self.source {
            Source::Keys(keys) => (Some(keys.keys()), false),
            #[cfg(feature = "jwks")]
            Source::Remote(_) | Source::Shared(_) => (None, false),
            Source::Secret(secret) => (Some(std::slice::from_ref(secret)), true),
        };

        let of_keys = keys.unwrap_or_default().iter();
        let of_keys: Vec<_> = of_keys.map(VerifyingKey::algorithm).collect();
        let mut all = of_keys.iter().chain(&accepted);
        if let Some(&algorithm) = all.find(|one| one.is_symmetric() != is_secret) {
            let issuer = issuer();
            return Err(BuildError::SymmetricAlgorithm { issuer, algorithm });
        }
        match (keys, &self.algorithms) {
            (Some([]), _) => Err(BuildError::KeysMissing { issuer: issuer() }),
            (Some(_), Some(Accepted::Only(_))) => {
                let idle = accepted.iter().find(|one| !of_keys.contains(one));
                idle.map_or(Ok(accepted.clone()), |&algorithm| {
                    let issuer = issuer();
                    Err(BuildError::KeyMissing { issuer, algorithm })
                })
            }
            _ => Ok(accepted),
        }
    }

    pub(super) fn checked_audience(&self) -> Result<Option<Audience>, BuildError> {
        match &self.audience {
            Some(Accepted::Any) => Ok(None),
            Some(Accepted::Only(names))
                if !names.is_empty() && !names.iter().any(String::is_empty) =>
            {
                Ok(Some(Audience::Many(names.clone())))
            }
            _ => Err(BuildError::AudienceMissing {
                issuer: self.name.clone(),
            }),
        }
    }

    pub(super) fn checked_claims(&self) -> Result<Vec<RequiredClaim>, BuildError> {
        let is_json = |text: &String| serde_json::from_str::<serde::de::IgnoredAny>(text).is_ok();
        let checked = |(name, accepted): &(String, Vec<String>)| {
            if accepted.is_empty() || !accepted.iter().all(is_json) {
                return Err(BuildError::ClaimNotJson {
                    issuer: self.name.clone(),
                    claim: name.clone(),
                });
            }
            let accepted = accepted.iter().map(|json| json.trim().to_owned());
            Ok(RequiredClaim {
                name: name.as_str().into(),
                accepted: accepted.collect(),
            })
        };
        self.claims.iter().map(checked).collect()
    }

    pub(super) fn checked_leeway(&self) -> Result<TimeDelta, BuildError> {
        let span = TimeDelta::from_std(self.leeway.min(MAX_LEEWAY));
        let span = span.ok().filter(|_| self.leeway <= MAX_LEEWAY);
        span.ok_or_else(|| BuildError::LeewayTooLong {
            issuer: self.name.clone(),
            longest: MAX_LEEWAY,
        })
    }

    /// Without their prefixes.
    pub(super) fn checked_typ(&self) -> Result<Vec<String>, BuildError> {
        if self.typ.is_empty() {
            let issuer = self.name.clone();
            return Err(BuildError::TypMissing { issuer });
        }
        let typ = self.typ.iter();
        Ok(typ.map(|typ| token::short_typ(typ).to_owned()).collect())
    }
}

fn all_asymmetric() -> Vec<Algorithm> {
    let all = Algorithm::ALL.into_iter();
    all.filter(|one| !one.is_symmetric()).collect()
}

/// A clock that is wrong by more is wrong.
const MAX_LEEWAY: Duration = Duration::from_hours(24);
