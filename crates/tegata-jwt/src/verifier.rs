use std::ops::Deref;

use crate::claims::{Claim, Claims, Jti, TokenType, UserId, string};
use crate::clock::Clock;
use crate::error::TokenError;
use crate::keys::VerifyingKey;
use crate::settings::{Lifetime, Settings};
use crate::token::Unverified;

/// Verifies tokens with one key, under one set of settings: the only maker of [`Verified`].
pub struct Verifier {
    key: VerifyingKey,
    clock: Clock,
    leeway: Lifetime,
}

impl Verifier {
    /// A verifier of what `key` verifies.
    #[must_use]
    pub fn new(settings: &Settings, key: VerifyingKey, clock: Clock) -> Self {
        Self {
            key,
            clock,
            leeway: settings.leeway,
        }
    }

    /// Verifies a token of any type: its form, its signature, its times, its identifier.
    pub fn verify(&self, token: &str) -> Result<Verified, TokenError> {
        let token = Unverified::parse(token)?;
        self.check_signature(&token)?;

        let claims = token.claims_unverified()?;
        self.check_times(&claims)?;
        claims.string(Claim::Sub)?;
        let jti = claims
            .string(Claim::Jti)?
            .map(|jti| Jti::new(jti.into_owned()));

        // RFC 7519 leaves both to choice; without them a token is refused.
        let missing = TokenError::ClaimMissing;
        claims.raw(Claim::Exp.name()).ok_or(missing(Claim::Exp))?;
        let jti = jti.ok_or(missing(Claim::Jti))?;
        Ok(Verified { claims, jti })
    }

    /// Verifies a token and that it is of one type: no type stands in for another.
    pub fn verify_type(&self, token: &str, wanted: TokenType) -> Result<Verified, TokenError> {
        let verified = self.verify(token)?;
        match verified.claims.raw(Claim::TokenType.name()) {
            None => Err(TokenError::ClaimMissing(Claim::TokenType)),
            Some(json) if string(json).is_some_and(|found| found == wanted.name()) => Ok(verified),
            Some(_) => Err(TokenError::WrongType),
        }
    }

    /// Verifies a refresh token.
    pub fn verify_refresh(&self, token: &str) -> Result<VerifiedRefresh, TokenError> {
        self.verify_type(token, TokenType::Refresh)
            .map(VerifiedRefresh)
    }

    fn check_signature(&self, token: &Unverified<'_>) -> Result<(), TokenError> {
        token.header().check()?;
        let expected = self.key.algorithm();
        // RFC 8725 3.1: the key says which algorithm it is; the token may only agree.
        if !token.header().has_algorithm(expected.name()) {
            return Err(TokenError::AlgorithmMismatch { expected });
        }
        if self
            .key
            .kid()
            .is_some_and(|kid| !token.header().may_have_kid(kid))
        {
            return Err(TokenError::UnknownKey);
        }

        let signature = token.signature()?;
        if !self
            .key
            .verifies(token.signing_input().as_bytes(), &signature)
        {
            return Err(TokenError::BadSignature);
        }
        Ok(())
    }

    /// RFC 7519 4.1.4 to 4.1.6: `exp` must lie ahead, `nbf` and `iat` must not.
    fn check_times(&self, claims: &Claims) -> Result<(), TokenError> {
        let now = self.clock.now();
        let latest_start = now + self.leeway.span();
        let earliest_end = now - self.leeway.span();

        for claim in [Claim::Iat, Claim::Nbf] {
            if claims
                .date(claim)?
                .is_some_and(|start| start > latest_start)
            {
                return Err(TokenError::NotYetValid);
            }
        }
        if claims
            .date(Claim::Exp)?
            .is_some_and(|end| end <= earliest_end)
        {
            return Err(TokenError::Expired);
        }
        Ok(())
    }
}

/// A token whose signature, times and identifier have been verified.
pub struct Verified {
    claims: Claims,
    jti: Jti,
}

impl Verified {
    /// All its claims.
    #[must_use]
    pub fn claims(&self) -> &Claims {
        &self.claims
    }

    /// Its identifier.
    #[must_use]
    pub fn jti(&self) -> &Jti {
        &self.jti
    }

    /// The user it was issued to, where it names one: by an integer or a text, or it is malformed.
    pub fn user_id(&self) -> Result<Option<UserId>, TokenError> {
        let Some(json) = self.claims.raw(Claim::UserId.name()) else {
            return Ok(None);
        };
        let malformed = TokenError::ClaimMalformed(Claim::UserId);
        UserId::from_json(json).map(Some).ok_or(malformed)
    }
}

/// A refresh token that has been verified: what an access token is issued on the strength of.
pub struct VerifiedRefresh(Verified);

impl Deref for VerifiedRefresh {
    type Target = Verified;

    fn deref(&self) -> &Verified {
        &self.0
    }
}

#[cfg(test)]
mod tests;
