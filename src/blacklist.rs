//! The blacklist app: which tokens were issued, and which of them are refused before their end.

use anyhow::Result;
use tegata_jwt::{Clock, Decoded, Issued, UserId, VerifiedRefresh};

use crate::settings::{self, StoredToken};
use crate::store::{OutstandingToken, Store};

/// Outstanding and blacklisted tokens; without the app nothing is recorded and nothing refused.
pub struct Blacklist {
    store: Store,
    clock: Clock,
    enabled: bool,
    stored_token: StoredToken,
}

impl Blacklist {
    /// The blacklist of `store`.
    #[must_use]
    pub fn new(settings: &settings::Blacklist, store: Store, clock: Clock) -> Self {
        Self {
            store,
            clock,
            enabled: settings.enabled,
            stored_token: settings.stored_token,
        }
    }

    /// Whether a token is blacklisted.
    pub async fn contains(&self, token: &Decoded) -> Result<bool> {
        match token.jti() {
            Some(jti) if self.enabled => self.store.is_blacklisted(jti.as_str()).await,
            _ => Ok(false),
        }
    }

    /// Blacklists a token of a user's; `false` where it was so already.
    pub async fn add(
        &self,
        verified: &VerifiedRefresh,
        token: &str,
        user: Option<UserId>,
    ) -> Result<bool> {
        let Some(row) = self.row_of_verified(verified, token, user) else {
            return Ok(true);
        };
        self.store.blacklist(row, self.clock.now()).await
    }

    /// The row of a token that was just issued; `None` where tokens have none.
    #[must_use]
    pub fn row(&self, issued: &Issued, user: Option<UserId>) -> Option<OutstandingToken> {
        let jti = issued.jti.as_ref().filter(|_| self.enabled)?;
        Some(OutstandingToken {
            user,
            jti: jti.to_string(),
            token: self.stored_token.of(&issued.token).to_owned(),
            created_at: issued.issued_at,
            expires_at: issued.usable_until,
        })
    }

    /// The row of a token that came back to us, for tokens issued elsewhere have none yet.
    #[must_use]
    pub fn row_of_verified(
        &self,
        verified: &VerifiedRefresh,
        token: &str,
        user: Option<UserId>,
    ) -> Option<OutstandingToken> {
        let jti = verified.jti().filter(|_| self.enabled)?;
        Some(OutstandingToken {
            user,
            jti: jti.to_string(),
            token: self.stored_token.of(token).to_owned(),
            created_at: self.clock.now(),
            expires_at: verified.expires_at(),
        })
    }
}
