//! Every long-lived thing of the service.

use std::sync::Arc;

use anyhow::Result;
use chrono::{DateTime, Utc};
use tegata_jwt::{Clock, Issued, Issuer, SigningKey, Verifier};

use crate::account::Accounts;
use crate::blacklist::Blacklist;
use crate::limits::Limits;
use crate::settings::Settings;
use crate::store::{LAST_LOGIN_PRECISION, Store, Unchanged, User};

/// What a request is answered with.
pub struct App {
    /// The settings, as they were at the start.
    pub settings: Settings,
    /// The time.
    pub clock: Clock,
    /// The header that bearers show their token in.
    pub auth_header: String,
    /// Issues tokens.
    pub issuer: Issuer,
    /// Verifies tokens.
    pub verifier: Verifier,
    /// The database.
    pub store: Store,
    /// The users: who they are, and whether they are who they say.
    pub accounts: Accounts,
    /// How many passwords may be guessed.
    pub limits: Limits,
    /// The tokens that are refused before their end.
    pub blacklist: Blacklist,
}

impl App {
    /// Puts the parts together.
    #[must_use]
    pub fn new(settings: Settings, store: Store, key: SigningKey, clock: &Clock) -> Arc<Self> {
        let verifier = Verifier::new(&settings.jwt, key.verifying_key(), clock.clone());
        let issuer = Issuer::new(&settings.jwt, key, clock.clone());
        Arc::new(Self {
            verifier,
            issuer: if settings.compat.md5_revoke_token {
                issuer.with_md5_digests()
            } else {
                issuer
            },
            accounts: Accounts::new(&settings, store.clone(), clock.clone()),
            limits: Limits::new(&settings.limits, clock.clone()),
            blacklist: Blacklist::new(&settings, store.clone(), clock.clone()),
            auth_header: settings.jwt.auth_header(),
            clock: clock.clone(),
            store,
            settings,
        })
    }

    /// Records the login that earned a token. The user is looked at once more: `false`, and
    /// nothing recorded, where one was disabled meanwhile, or got another password.
    pub async fn record_login(&self, user: &User, issued: &Issued) -> Result<bool> {
        let row = self.blacklist.row(issued, Some(user.id.clone()));
        let unchanged = Unchanged::since_login(user);
        let is_recorded = self.store.record_login(unchanged, row).await?;

        let now = issued.issued_at;
        let is_recent = |last: DateTime<Utc>| last <= now && now - last < LAST_LOGIN_PRECISION;
        if is_recorded
            && self.settings.jwt.update_last_login
            && !user.last_login.is_some_and(is_recent)
        {
            self.store.set_last_login(user.id.clone(), now);
        }
        Ok(is_recorded)
    }
}
