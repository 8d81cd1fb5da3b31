use std::ops::Deref;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use serde::de::DeserializeOwned;

use crate::checks;
use crate::claims::{Claims, Jti, UserId};
use crate::error::{TokenError, VerifyError};
use crate::names::Names;

/// A token that has been verified. Copies share what they hold.
///
/// `C` is what its claims were read into: [`Claims`], or a type of your own.
#[derive(Debug)]
pub struct Verified<C = Claims>(Arc<Parts<C>>);

#[derive(Debug)]
pub(crate) struct Parts<C> {
    pub(crate) claims: C,
    pub(crate) expires_at: DateTime<Utc>,
    pub(crate) jti: Option<Jti>,
    /// The claim `scope` (RFC 8693 4.2), as it stands there.
    pub(crate) scope: Option<String>,
    /// The trusted issuer, where it was chosen by the claim `iss`.
    pub(crate) issuer: Option<Arc<str>>,
    /// The name of the key that verified it.
    pub(crate) kid: Option<Arc<str>>,
    pub(crate) names: Arc<Names>,
}

/// What a [`Verifier`](crate::Verifier) reads claims into: [`Claims`] as they are, or any type that
/// serde reads from them.
pub trait FromClaims: Sized + Send + Sync + 'static {
    /// Reads the claims of a token that is genuine.
    #[doc(hidden)]
    fn from_claims(claims: Claims) -> Result<Self, TokenError>;
}

impl FromClaims for Claims {
    fn from_claims(claims: Claims) -> Result<Self, TokenError> {
        Ok(claims)
    }
}

impl<C: DeserializeOwned + Send + Sync + 'static> FromClaims for C {
    fn from_claims(claims: Claims) -> Result<Self, TokenError> {
        // serde's own words quote what did not fit.
        serde_json::from_str(claims.json()).map_err(|_| TokenError::ClaimsUnfit)
    }
}

impl<C> Verified<C> {
    pub(crate) fn new(parts: Parts<C>) -> Self {
        Self(Arc::new(parts))
    }

    /// All its claims.
    #[must_use]
    pub fn claims(&self) -> &C {
        &self.0.claims
    }

    /// Its claim `exp`.
    #[must_use]
    pub fn expires_at(&self) -> DateTime<Utc> {
        self.0.expires_at
    }

    /// Its identifier, where tokens of its issuer have one.
    #[must_use]
    pub fn jti(&self) -> Option<&Jti> {
        self.0.jti.as_ref()
    }

    /// The trusted issuer that its claim `iss` names; `None` of a [`TokenBackend`](crate::TokenBackend)'s.
    #[must_use]
    pub fn issuer(&self) -> Option<&str> {
        self.0.issuer.as_deref()
    }

    /// The name of the key that verified it, where that has one.
    #[must_use]
    pub fn kid(&self) -> Option<&str> {
        self.0.kid.as_deref()
    }

    /// The scopes it was granted (RFC 8693 4.2).
    pub fn scopes(&self) -> impl Iterator<Item = &str> {
        let scope = self.0.scope.as_deref().unwrap_or_default();
        scope.split(' ').filter(|scope| !scope.is_empty())
    }

    /// Requires a scope: without it the request is refused, not the token (RFC 6750 3.1).
    pub fn require_scope(&self, needed: &str) -> Result<(), VerifyError> {
        if self.scopes().any(|scope| scope == needed) {
            return Ok(());
        }
        let needed = needed.to_owned();
        Err(VerifyError::InsufficientScope { needed })
    }
}

impl Verified {
    /// The user it was issued to, where it names one: by an integer or a text without NUL, or it is
    /// malformed.
    pub fn user_id(&self) -> Result<Option<UserId>, TokenError> {
        checks::user_id(self.claims(), &self.0.names.user_id())
    }
}

impl<C> Clone for Verified<C> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

/// A refresh token that has been verified: what an access token is issued on the strength of.
pub struct VerifiedRefresh(pub(crate) Verified);

impl Deref for VerifiedRefresh {
    type Target = Verified;

    fn deref(&self) -> &Verified {
        &self.0
    }
}

/// A sliding token that has been verified and can still be refreshed.
pub struct VerifiedSliding(pub(crate) Verified);

impl Deref for VerifiedSliding {
    type Target = Verified;

    fn deref(&self) -> &Verified {
        &self.0
    }
}
