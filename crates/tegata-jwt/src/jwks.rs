//! The key sets of other issuers: fetched, kept fresh, and there without a lock (RFC 7517 5,
//! OpenID Connect Discovery 1.0 4, RFC 8414 3).
//!
//! Each issuer has one keeper, a task that alone fetches: a token that needs keys says so and, at
//! most, waits. So there is never more than one fetch at a time, whoever asks and however often,
//! and a request that is dropped stops none. What tokens read is one pointer that the keeper
//! replaces.
//!
//! A [`Verifier`](crate::Verifier) needs none of these types: it fetches the keys of the issuers
//! that it is told of. [`TrustedIssuer::keycloak`](crate::TrustedIssuer::keycloak) has an example.

mod address;
mod client;
mod counts;
mod discovery;
mod error;
mod events;
mod fetch;
mod flight;
mod keeper;
mod origin;
mod rules;
mod schedule;
mod snapshot;
mod state;
mod status;

use std::sync::Arc;
use std::time::Duration;

use tokio::runtime::Handle;
use tokio::sync::watch;
use tokio::task::AbortHandle;

pub use self::client::{HttpClient, HttpClientBuilder};
pub use self::error::{HttpClientError, SourceError};
use self::flight::Claim;
use self::keeper::Keeper;
use self::origin::{Origin, Place};
pub use self::rules::KeySetRules;
use self::snapshot::Snapshot;
use self::state::Shared;
pub use self::status::{FetchOutcome, KeySetCounts, KeySetStatus, Standing};
use crate::algorithm::Algorithm;
use crate::clock::Clock;
use crate::error::KeyError;
use crate::keys::KeySet;

/// Where an issuer publishes its keys.
#[derive(Clone, Debug)]
pub enum KeySetSource {
    /// At this URL.
    Jwks(String),
    /// At the URL that the issuer's metadata tells (OpenID Connect Discovery 1.0 4, RFC 8414 3).
    Discovery {
        /// The issuer, byte for byte as its tokens have it.
        issuer: String,
    },
}

/// The key set of an issuer, fetched when it is first needed and kept fresh while it is used. Copies
/// share it; with the last of them all work for it ends.
#[derive(Clone)]
pub struct RemoteKeys(Arc<Inner>);

struct Inner {
    shared: Arc<Shared>,
    origin: Arc<Origin>,
    keeper: AbortHandle,
}

impl RemoteKeys {
    /// The keys of `issuer` (a name for messages) for any of `algorithms`. Must be called within a
    /// Tokio runtime, on which they are fetched.
    pub fn new(
        issuer: &str,
        source: KeySetSource,
        algorithms: &[Algorithm],
        rules: KeySetRules,
        http: &HttpClient,
        clock: Clock,
    ) -> Result<Self, SourceError> {
        let runtime = Handle::try_current().map_err(|_| SourceError::NoRuntime {
            issuer: issuer.to_owned(),
        })?;
        let rules = rules.bounded();
        let shared = Arc::new(Shared::new(issuer, rules.clone(), clock.clone()));
        let origin = Arc::new(Origin {
            algorithms: algorithms.to_vec(),
            clock,
            http: http.clone(),
            place: Place::parse(source, http.allows_http())?,
            rules,
        });
        let folder = origin.rules.snapshots.as_deref();
        let snapshot =
            folder.map(|folder| Snapshot::new(folder, &shared.issuer, &origin.place.name()));
        if let Some(snapshot) = &snapshot {
            snapshot::begin_with(snapshot, &shared, &origin);
        }
        let keeper = Keeper::new(Arc::clone(&shared), Arc::clone(&origin), snapshot);
        Ok(Self(Arc::new(Inner {
            keeper: runtime.spawn(keeper.run()).abort_handle(),
            shared,
            origin,
        })))
    }

    /// Gives them a set to start with, for as long as the issuer cannot be reached: it counts as
    /// stale, and for no longer than `outage_tolerance`. Where there is a set already, that
    /// stays.
    pub fn seed(&self, json: &str) -> Result<(), KeyError> {
        let algorithms = &self.0.origin.algorithms;
        let keys = KeySet::read(json, algorithms, self.0.origin.private_keys())?;
        let left = self.0.shared.rules.outage_tolerance;
        self.0.shared.hold_as_stale(Arc::new(keys), left);
        Ok(())
    }

    /// The same with the set that `others` have of the same issuer, by the same clock: where the rules
    /// change while it cannot be reached. It counts for no longer than by the rules of these.
    pub fn seed_from(&self, others: &Self) {
        let (shared, state) = (&self.0.shared, others.0.shared.state());
        let Some(held) = &state.held else { return };
        let end = held.fresh_until + shared.rules.outage_tolerance;
        let end = match held.fetched {
            Some(_) => end,
            None => end.min(held.usable_until),
        };
        let left = end.saturating_sub(shared.clock.elapsed());
        shared.hold_as_stale(Arc::clone(&held.kept.keys), left);
    }

    /// What is known of them.
    #[must_use]
    pub fn status(&self) -> KeySetStatus {
        self.0.shared.status()
    }

    /// Fetches them where they are not there, and waits for that.
    pub async fn ready(&self, within: Duration) -> bool {
        let shared = &self.0.shared;
        let end = shared.clock.elapsed().saturating_add(within);
        let is_there = async {
            let mut ended = shared.ended.subscribe();
            while self.now().is_none() {
                has_ended(&mut ended).await;
            }
        };
        tokio::select! {
            () = is_there => true,
            () = shared.clock.wait_until(end) => false,
        }
    }

    /// The keys as they are now: never waits. Asks for a first set where there is none.
    pub(crate) fn now(&self) -> Option<Kept> {
        self.0.shared.mark_used();
        self.0.shared.kept()
    }

    /// The keys, waited for where there are none yet (K6). `None`: not to be had.
    pub(crate) async fn get(&self) -> Option<Kept> {
        let shared = &self.0.shared;
        let mut ended = shared.ended.subscribe();
        if let Some(kept) = self.now() {
            return Some(kept);
        }
        // Where the last attempt failed just before, a queue in front of the next helps nobody.
        let is_soon = shared.state().next_try <= shared.clock.elapsed();
        if is_soon || shared.flight.is_under_way() {
            self.wait(&mut ended).await;
            // An issuer that keeps us waiting is one that cannot be reached.
            return shared.kept_at_all();
        }
        shared.kept()
    }

    /// A token names a key that is not in the set `seen`: asks for a newer set, where the cool-down
    /// allows, and does not wait.
    pub(crate) fn missed_now(&self, seen: &Kept) -> Missed {
        self.ask(seen).unwrap_or(Missed::Unknown)
    }

    /// The same, and waits for the answer, which another may be fetching already.
    pub(crate) async fn missed(&self, seen: &Kept) -> Missed {
        let mut ended = self.0.shared.ended.subscribe();
        if let Some(known) = self.ask(seen) {
            return known;
        }
        self.wait(&mut ended).await;
        self.newer(seen).map_or(Missed::Unknown, Missed::Renewed)
    }

    /// When it makes sense to ask again for keys that are not there.
    pub(crate) fn retry_after(&self) -> Duration {
        let shared = &self.0.shared;
        let next_try = shared.state().next_try;
        next_try
            .saturating_sub(shared.clock.elapsed())
            .max(LEAST_RETRY_AFTER)
    }

    /// Whether there is a newer set is known, or else somebody will know after the attempt that
    /// is under way now: `None`.
    fn ask(&self, seen: &Kept) -> Option<Missed> {
        let shared = &self.0.shared;
        if let Some(newer) = self.newer(seen) {
            return Some(Missed::Renewed(newer));
        }
        let now = shared.clock.elapsed();
        if !shared.flight.is_under_way() && now < shared.state().not_before {
            shared.counts.refused_miss();
            return Some(Missed::Unknown);
        }
        match shared.flight.claim(now, shared.rules.cooldown) {
            Claim::Claimed => {
                shared.asked.notify_one();
                None
            }
            Claim::UnderWay => None,
            Claim::CoolingDown => {
                shared.counts.refused_miss();
                // Looked at again: an attempt may have ended since.
                Some(match self.newer(seen) {
                    Some(newer) => Missed::Renewed(newer),
                    None if shared.state().is_answered => Missed::Known,
                    None => Missed::Unknown,
                })
            }
        }
    }

    fn newer(&self, seen: &Kept) -> Option<Kept> {
        let kept = self.0.shared.kept();
        kept.filter(|kept| kept.attempt > seen.attempt)
    }

    /// Until an attempt has ended, or for as long as a token waits.
    async fn wait(&self, ended: &mut watch::Receiver<u64>) {
        let clock = &self.0.shared.clock;
        let end = clock.elapsed() + self.0.shared.rules.fetch_wait;
        tokio::select! {
            () = has_ended(ended) => {}
            () = clock.wait_until(end) => {}
        }
    }
}

impl Drop for Inner {
    fn drop(&mut self) {
        self.keeper.abort();
    }
}

async fn has_ended(ended: &mut watch::Receiver<u64>) {
    ended
        .changed()
        .await
        .expect("what is shared has the sender, and outlives whoever waits");
}

/// A set, and which in the row of those that were different.
#[derive(Clone)]
pub(crate) struct Kept {
    pub(crate) keys: Arc<KeySet>,
    /// Grows whenever the usable keys change: what was concluded from an older set is void.
    pub(crate) generation: u64,
    /// The number of the attempt that gave or confirmed it.
    pub(crate) attempt: u64,
}

/// What came of asking for a newer set.
pub(crate) enum Missed {
    /// There is none: the issuer has no such key, as far as its last answer tells.
    Known,
    /// There is one.
    Renewed(Kept),
    /// Nobody can say: the last attempt failed, or is under way still.
    Unknown,
}

/// Who comes again sooner finds no more.
const LEAST_RETRY_AFTER: Duration = Duration::from_secs(1);

#[cfg(test)]
mod tests;
