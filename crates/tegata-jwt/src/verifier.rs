use std::ops::Deref;
use std::sync::Arc;

use chrono::{DateTime, Utc};

use crate::claims::{Claim, Claims, Jti, UserId, string};
use crate::clock::Clock;
use crate::error::TokenError;
use crate::keys::VerifyingKey;
use crate::names::Names;
use crate::settings::{Audience, Lifetime, Settings, TokenClass};
use crate::token;

/// Verifies tokens with one key, under one set of settings: the only maker of [`Verified`].
pub struct Verifier {
    key: VerifyingKey,
    clock: Clock,
    leeway: Lifetime,
    audience: Option<Audience>,
    issuer: Option<String>,
    names: Arc<Names>,
}

impl Verifier {
    /// A verifier of what `key` verifies.
    #[must_use]
    pub fn new(settings: &Settings, key: VerifyingKey, clock: Clock) -> Self {
        Self {
            key,
            clock,
            leeway: settings.leeway,
            audience: settings.audience.clone(),
            issuer: settings.issuer.clone(),
            names: Arc::new(Names::new(settings)),
        }
    }

    /// Verifies a token of any type: its form, its signature, its claims, that it ends and has an
    /// identifier.
    pub fn verify(&self, token: &str) -> Result<Verified, TokenError> {
        self.require(self.decode(token)?, TokenClass::Untyped)
    }

    /// Verifies a token and that it is of a class: no type stands in for another.
    pub fn verify_as(&self, token: &str, class: TokenClass) -> Result<Verified, TokenError> {
        self.require(self.decode(token)?, class)
    }

    /// Verifies a token's form, its signature, and the claims it has. Which it must have, the
    /// `require…` ask: in between stands the look into a blacklist.
    pub fn decode(&self, token: &str) -> Result<Decoded, TokenError> {
        let claims = token::open(token, &self.key)?;
        let expires_at = self.check_times(&claims)?;
        self.check_issuer(&claims)?;
        self.check_audience(&claims)?;
        claims.string(&Claim::Sub.usual())?;
        claims.string(&Claim::Jti.usual())?;
        let jti = match self.names.jti() {
            Some(claim) => claims.string(&claim)?,
            None => None,
        };
        let fits = |jti: &str| jti.chars().count() <= MAX_JTI && !jti.contains(NUL);
        if jti.as_deref().is_some_and(|jti| !fits(jti)) {
            return Err(TokenError::ClaimMalformed(Claim::Jti));
        }
        Ok(Decoded {
            jti: jti.map(|jti| Jti::new(jti.into_owned())),
            claims,
            expires_at,
        })
    }

    /// Whether a token has what any needs, an end and, where tokens have one, an identifier, and
    /// is of the class. RFC 7519 leaves all of it to choice.
    pub fn check(&self, token: &Decoded, class: TokenClass) -> Result<(), TokenError> {
        self.end_of(token, class).map(drop)
    }

    /// Requires that a token is of a class.
    pub fn require(&self, token: Decoded, class: TokenClass) -> Result<Verified, TokenError> {
        Ok(Verified {
            expires_at: self.end_of(&token, class)?,
            claims: token.claims,
            jti: token.jti,
            names: Arc::clone(&self.names),
        })
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
        match token.claims.date(&refresh_exp)? {
            None => Err(TokenError::RefreshExpMissing { claim: claim() }),
            Some(end) if end <= self.clock.now() - self.leeway.span() => {
                Err(TokenError::RefreshExpired { claim: claim() })
            }
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

    /// RFC 7519 4.1.4 to 4.1.6: `exp` must lie ahead, `nbf` and `iat` must not.
    fn check_times(&self, claims: &Claims) -> Result<Option<DateTime<Utc>>, TokenError> {
        let now = self.clock.now();
        let latest_start = now + self.leeway.span();
        let earliest_end = now - self.leeway.span();

        for claim in [Claim::Iat, Claim::Nbf] {
            let start = claims.date(&claim.usual())?;
            if start.is_some_and(|start| start > latest_start) {
                return Err(TokenError::NotYetValid);
            }
        }
        let end = claims.date(&Claim::Exp.usual())?;
        if end.is_some_and(|end| end <= earliest_end) {
            return Err(TokenError::Expired);
        }
        Ok(end)
    }

    /// RFC 7519 4.1.1: a string, and to the letter the one that is wanted.
    fn check_issuer(&self, claims: &Claims) -> Result<(), TokenError> {
        let found = claims.string(&Claim::Iss.usual())?;
        match &self.issuer {
            Some(wanted) if found.as_deref() != Some(wanted) => Err(TokenError::IssuerMismatch),
            _ => Ok(()),
        }
    }

    /// RFC 7519 4.1.3: a string or a list of strings, one of which must be one of the wanted.
    fn check_audience(&self, claims: &Claims) -> Result<(), TokenError> {
        let Some(wanted) = &self.audience else {
            return Ok(());
        };
        let json = claims.raw(Claim::Aud.usual().name);
        let json = json.ok_or(TokenError::AudienceMismatch)?;
        let malformed = TokenError::ClaimMalformed(Claim::Aud);
        let is_meant = match string(json) {
            Some(one) => wanted.includes(&one),
            None => serde_json::from_str::<Vec<String>>(json)
                .map_err(|_| malformed)?
                .iter()
                .any(|one| wanted.includes(one)),
        };
        is_meant.then_some(()).ok_or(TokenError::AudienceMismatch)
    }
}

/// A token whose signature is genuine and whose claims hold, as far as it has them.
pub struct Decoded {
    claims: Claims,
    expires_at: Option<DateTime<Utc>>,
    jti: Option<Jti>,
}

impl Decoded {
    /// Its identifier, if it has one.
    #[must_use]
    pub fn jti(&self) -> Option<&Jti> {
        self.jti.as_ref()
    }
}

/// A token that has been verified.
pub struct Verified {
    claims: Claims,
    expires_at: DateTime<Utc>,
    jti: Option<Jti>,
    names: Arc<Names>,
}

impl Verified {
    /// All its claims.
    #[must_use]
    pub fn claims(&self) -> &Claims {
        &self.claims
    }

    /// Its claim `exp`.
    #[must_use]
    pub fn expires_at(&self) -> DateTime<Utc> {
        self.expires_at
    }

    /// Its identifier. There is one wherever tokens have one at all.
    #[must_use]
    pub fn jti(&self) -> Option<&Jti> {
        self.jti.as_ref()
    }

    /// The user it was issued to, where it names one: by an integer or a text without NUL, or it is
    /// malformed.
    pub fn user_id(&self) -> Result<Option<UserId>, TokenError> {
        let Some(json) = self.claims.raw(self.names.user_id().name) else {
            return Ok(None);
        };
        let malformed = TokenError::ClaimMalformed(Claim::UserId);
        match UserId::from_json(json) {
            Some(UserId::Text(text)) if text.contains(NUL) => Err(malformed),
            user => user.map(Some).ok_or(malformed),
        }
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

/// A sliding token that has been verified and can still be refreshed.
pub struct VerifiedSliding(Verified);

impl Deref for VerifiedSliding {
    type Target = Verified;

    fn deref(&self) -> &Verified {
        &self.0
    }
}

/// The length of Django's column.
const MAX_JTI: usize = 255;

/// What PostgreSQL takes in no text: a question for it would fail, and not be answered with no.
const NUL: char = '\0';

#[cfg(test)]
mod tests;
