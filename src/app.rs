//! Every long-lived thing of the service.

use std::sync::Arc;

use tegata_jwt::{Clock, Issuer, SigningKey, Verifier};

use crate::account::Accounts;
use crate::blacklist::Blacklist;
use crate::settings::Settings;
use crate::store::Store;

/// What a request is answered with.
pub struct App {
    /// The settings, as they were at the start.
    pub settings: Settings,
    /// The time.
    pub clock: Clock,
    /// Issues tokens.
    pub issuer: Issuer,
    /// Verifies tokens.
    pub verifier: Verifier,
    /// The database.
    pub store: Store,
    /// The users: who they are, and whether they are who they say.
    pub accounts: Accounts,
    /// The tokens that are refused before their end.
    pub blacklist: Blacklist,
}

impl App {
    /// Puts the parts together.
    #[must_use]
    pub fn new(settings: Settings, store: Store, key: SigningKey, clock: &Clock) -> Arc<Self> {
        Arc::new(Self {
            verifier: Verifier::new(&settings.jwt, key.verifying_key(), clock.clone()),
            issuer: Issuer::new(&settings.jwt, key, clock.clone()),
            accounts: Accounts::new(&settings, store.clone(), clock.clone()),
            blacklist: Blacklist::new(&settings.blacklist, store.clone(), clock.clone()),
            clock: clock.clone(),
            store,
            settings,
        })
    }
}
