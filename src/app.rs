//! Every long-lived thing of the service.

use std::sync::Arc;

use anyhow::Result;
use chrono::{DateTime, Utc};
use tegata_jwt::{
    Clock, Decoded, Issued, Issuer, Subject, TokenBackend, TokenError, UserId, VerifyError,
};

use crate::account::Accounts;
use crate::blacklist::Blacklist;
use crate::keys::Origin;
use crate::limits::Limits;
use crate::metrics::{Key, Metrics};
use crate::settings::Settings;
use crate::store::{LAST_LOGIN_PRECISION, Store, Unchanged, User};
use crate::trust::{Shown, Trust};

/// What a request is answered with. A reload puts another one in its place, and each request is
/// answered with one alone.
pub struct App {
    /// The settings it was made of.
    pub settings: Settings,
    /// The time.
    pub clock: Clock,
    /// The header that bearers show their token in.
    pub auth_header: String,
    /// Issues tokens.
    pub issuer: Issuer,
    /// Verifies our tokens.
    pub backend: TokenBackend,
    /// Whose tokens are accepted beside them.
    pub trust: Trust,
    /// The signing key, as it is told.
    pub key: Key,
    /// Whether it verifies what it signs.
    pub key_is_sound: bool,
    /// When its file was written, where it has one.
    pub key_since: Option<DateTime<Utc>>,
    /// The database.
    pub store: Store,
    /// The users: who they are, and whether they are who they say.
    pub accounts: Accounts,
    /// How many passwords may be guessed.
    pub limits: Arc<Limits>,
    /// The tokens that are refused before their end.
    pub blacklist: Blacklist,
    /// What is counted.
    pub metrics: Arc<Metrics>,
}

impl App {
    /// Puts the parts together, within a Tokio runtime. Nothing is fetched yet.
    pub fn new(settings: Settings, store: Store, key: Origin, clock: &Clock) -> Result<Arc<Self>> {
        let parts = Parts {
            accounts: Accounts::new(&settings, store.clone(), clock.clone()),
            limits: Arc::new(Limits::new(&settings.limits, clock.clone())),
            blacklist: Blacklist::new(&settings, store.clone(), clock.clone()),
            metrics: Arc::new(Metrics::new(clock.now())),
            trust: Trust::new(&settings, clock)?,
            clock: clock.clone(),
            store,
        };
        Ok(Self::assemble(settings, key, parts))
    }

    /// The same service under other settings: what was counted and remembered stays. Who has made
    /// too many guesses is forgotten where the limits are others, and so are the keys of others
    /// that come from elsewhere now, or another way.
    pub fn reloaded(&self, settings: Settings, key: Origin) -> Result<Arc<Self>> {
        let limits = if settings.limits == self.settings.limits {
            Arc::clone(&self.limits)
        } else {
            Arc::new(Limits::new(&settings.limits, self.clock.clone()))
        };
        let parts = Parts {
            accounts: self.accounts.reloaded(&settings),
            limits,
            blacklist: self.blacklist.reloaded(&settings),
            metrics: Arc::clone(&self.metrics),
            trust: self.trust.reloaded(&settings, &self.clock)?,
            clock: self.clock.clone(),
            store: self.store.clone(),
        };
        Ok(Self::assemble(settings, key, parts))
    }

    fn assemble(settings: Settings, origin: Origin, parts: Parts) -> Arc<Self> {
        let Parts {
            accounts,
            limits,
            blacklist,
            metrics,
            trust,
            clock,
            store,
        } = parts;
        let verifying_key = origin.key.verifying_key();
        let key = Key {
            kid: origin.key.kid().unwrap_or_default().to_owned(),
            algorithm: origin.key.algorithm().name(),
        };
        let issuer = Issuer::new(&settings.jwt, origin.key, clock.clone());
        let backend = trust.backend(&settings.jwt, verifying_key, clock.clone());
        Arc::new(Self {
            key_is_sound: is_sound(&issuer, &backend),
            backend,
            issuer: if settings.compat.md5_revoke_token {
                issuer.with_md5_digests()
            } else {
                issuer
            },
            auth_header: settings.jwt.auth_header(),
            key,
            key_since: origin.since,
            accounts,
            limits,
            blacklist,
            metrics,
            trust,
            clock,
            store,
            settings,
        })
    }

    /// Verifies a token, whoever issued it. Ours wait for nothing.
    pub async fn decode(&self, token: &str) -> Result<Shown, VerifyError> {
        self.trust.decode(&self.backend, token).await
    }

    /// Verifies a token that must be one of ours: what is done with it is done to ours alone. For
    /// one of another issuer's nothing is fetched.
    pub async fn decode_own(&self, token: &str) -> Result<Decoded, VerifyError> {
        self.trust.decode_own(&self.backend, token).await
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

/// Whether a token that is issued has a signature that verifies.
fn is_sound(issuer: &Issuer, backend: &TokenBackend) -> bool {
    let nobody = Subject {
        user: UserId::Number(0),
        password_hash: String::new(),
    };
    let Ok(sliding) = issuer.sliding(&nobody) else {
        return false;
    };
    match backend.decode_own(&sliding.token) {
        // Tokens may end at once.
        Ok(_) | Err(TokenError::Expired) => true,
        Err(_) => false,
    }
}

/// What a service has beside its settings and its key.
struct Parts {
    accounts: Accounts,
    limits: Arc<Limits>,
    blacklist: Blacklist,
    metrics: Arc<Metrics>,
    trust: Trust,
    clock: Clock,
    store: Store,
}
