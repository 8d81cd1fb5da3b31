use std::sync::Arc;

use chrono::{DateTime, Utc};

use crate::checks::{self, Checks};
use crate::claims::{Claim, Claims, Jti, string};
use crate::clock::Clock;
use crate::error::{TokenError, VerifyError};
use crate::jwks::Kept;
#[cfg(feature = "jwks")]
use crate::jwks::RemoteKeys;
use crate::keyring::{self, Keyring, Refusal};
use crate::keys::VerifyingKey;
use crate::names::Names;
use crate::settings::{Settings, TokenClass};
use crate::token::{self, Presented, Room};
use crate::verified::{Parts, Verified, VerifiedRefresh, VerifiedSliding};

/// Verifies the tokens of an [`Issuer`](crate::Issuer), under one set of settings: Simple JWT's
/// `TokenBackend`, and what its tokens ask of themselves.
pub struct TokenBackend {
    key: VerifyingKey,
    /// The keys of others whose tokens are accepted like its own (Ninja JWT's `JWK_URL`).
    others: Option<Keyring>,
    checks: Checks,
    names: Arc<Names>,
}

impl TokenBackend {
    /// Of what `key` verifies.
    #[must_use]
    pub fn new(settings: &Settings, key: VerifyingKey, clock: Clock) -> Self {
        Self {
            key,
            others: None,
            checks: Checks {
                clock,
                leeway: settings.leeway.span(),
                audience: settings.audience.clone(),
                issuer: settings.issuer.clone(),
            },
            names: Arc::new(Names::new(settings)),
        }
    }

    /// Accepts the tokens of others, too, under the same settings: those whose `kid` is not that of
    /// its own key, but of a key of this set. It is for the one algorithm of its own key, and a
    /// secret that it signs by is shared with nobody: then it asks no other keys.
    ///
    /// Its own tokens never have anything fetched. Whoever holds those keys can issue whatever this
    /// service could, refresh tokens included.
    #[cfg(feature = "jwks")]
    #[must_use]
    pub fn with_remote_keys(self, keys: RemoteKeys) -> Self {
        let issuer = keys.status().issuer.into();
        Self {
            others: Some(Keyring::Remote { issuer, keys }),
            ..self
        }
    }

    /// Verifies a token of its own key, of any type: its form, its signature, its claims, that it
    /// ends and has an identifier.
    pub fn verify(&self, token: &str) -> Result<Verified, TokenError> {
        self.require(self.decode_own(token)?, TokenClass::Untyped)
    }

    /// Verifies a token of its own key and that it is of a class: no type stands in for another.
    pub fn verify_as(&self, token: &str, class: TokenClass) -> Result<Verified, TokenError> {
        self.require(self.decode_own(token)?, class)
    }

    /// Verifies a token's form, its signature, and the claims it has, by its own key or by one of
    /// those of others (`with_remote_keys`), for which it waits where they are not there. Which
    /// claims it must have, the `require…` ask: in between stands the look into a blacklist.
    pub async fn decode(&self, token: &str) -> Result<Decoded, VerifyError> {
        keyring::settle(|newer| self.attempt(token, newer)).await
    }

    /// The same without waiting: keys that are not there are asked for, and the token is none that
    /// can be verified yet.
    pub fn decode_now(&self, token: &str) -> Result<Decoded, VerifyError> {
        keyring::settle_now(|newer| self.attempt(token, newer))
    }

    /// The same by its own key alone.
    pub fn decode_own(&self, token: &str) -> Result<Decoded, TokenError> {
        let claims = token::open(token, &self.key)?;
        self.decoded(claims, self.key.shared_kid())
    }

    fn attempt(&self, token: &str, newer: Option<&Kept>) -> Result<Decoded, Refusal<'_>> {
        match (self.decode_own(token), &self.others) {
            // A header like its own but for the name of the key.
            (Err(TokenError::UnknownKey), Some(others)) => {
                self.decode_of_others(token, others, newer)
            }
            (own, _) => Ok(own?),
        }
    }

    /// The claims are looked at before the keys: for a token that would be refused in any case,
    /// none are fetched.
    fn decode_of_others<'a>(
        &self,
        token: &str,
        others: &'a Keyring,
        newer: Option<&Kept>,
    ) -> Result<Decoded, Refusal<'a>> {
        let mut room = Room::new();
        let token = Presented::read(token, &mut room)?;
        let decoded = self.decoded(token.claims_unverified()?, None)?;
        let signer = others.signer(&token, self.key.algorithm(), newer)?;
        Ok(Decoded {
            kid: signer.kid,
            ..decoded
        })
    }

    fn decoded(&self, claims: Claims, kid: Option<Arc<str>>) -> Result<Decoded, TokenError> {
        let expires_at = self.checks.times(&claims)?;
        self.checks.issuer(&claims)?;
        self.checks.audience(&claims)?;
        claims.string(&Claim::Sub.usual())?;
        claims.string(&Claim::Jti.usual())?;
        let jti = match self.names.jti() {
            Some(claim) => checks::jti(&claims, &claim)?,
            None => None,
        };
        Ok(Decoded {
            claims,
            expires_at,
            jti,
            kid,
        })
    }

    /// Whether a token has what any needs, an end and, where tokens have one, an identifier, and
    /// is of the class. RFC 7519 leaves all of it to choice.
    pub fn check(&self, token: &Decoded, class: TokenClass) -> Result<(), TokenError> {
        self.end_of(token, class).map(drop)
    }

    /// Requires that a token is of a class.
    pub fn require(&self, token: Decoded, class: TokenClass) -> Result<Verified, TokenError> {
        Ok(Verified::new(Parts {
            expires_at: self.end_of(&token, class)?,
            scope: checks::scope(&token.claims),
            claims: token.claims,
            jti: token.jti,
            issuer: None,
            kid: token.kid,
            names: Arc::clone(&self.names),
        }))
    }

    /// Requires that a token is a refresh token.
    pub fn require_refresh(&self, token: Decoded) -> Result<VerifiedRefresh, TokenError> {
        self.require(token, TokenClass::Refresh)
            .map(VerifiedRefresh)
    }

    /// Requires that a token is a sliding token and can still be refreshed.
    pub fn require_sliding(&self, token: Decoded) -> Result<VerifiedSliding, TokenError> {
        let token = self.require(token, TokenClass::Sliding)?;
        let refresh_exp = self.names.refresh_exp();
        let claim = || refresh_exp.name.to_owned();
        let earliest_end = self.checks.clock.now() - self.checks.leeway;
        match token.claims().date(&refresh_exp)? {
            None => Err(TokenError::RefreshExpMissing { claim: claim() }),
            Some(end) if end <= earliest_end => Err(TokenError::RefreshExpired { claim: claim() }),
            Some(_) => Ok(VerifiedSliding(token)),
        }
    }

    /// When a token ends that has all it needs.
    fn end_of(&self, token: &Decoded, class: TokenClass) -> Result<DateTime<Utc>, TokenError> {
        let missing = TokenError::ClaimMissing;
        let end = token.expires_at.ok_or(missing(Claim::Exp))?;
        if token.jti.is_none() && self.names.jti().is_some() {
            return Err(missing(Claim::Jti));
        }
        let (Some(claim), Some(wanted)) = (self.names.token_type(), class.token_type()) else {
            return Ok(end);
        };
        match token.claims.raw(claim.name) {
            None => Err(missing(Claim::TokenType)),
            Some(json) if string(json).is_some_and(|found| found == wanted.name()) => Ok(end),
            Some(_) => Err(TokenError::WrongType),
        }
    }
}

/// A token whose signature is genuine and whose claims hold, as far as it has them.
pub struct Decoded {
    claims: Claims,
    expires_at: Option<DateTime<Utc>>,
    jti: Option<Jti>,
    kid: Option<Arc<str>>,
}

impl Decoded {
    /// Its identifier, if it has one.
    #[must_use]
    pub fn jti(&self) -> Option<&Jti> {
        self.jti.as_ref()
    }
}

#[cfg(test)]
mod tests;
