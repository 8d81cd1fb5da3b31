use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use arc_swap::ArcSwap;
use tokio::sync::{Notify, watch};

use super::Kept;
use super::counts::Counts;
use super::flight::Flight;
use super::rules::KeySetRules;
use super::status::{KeySetStatus, Standing};
use crate::clock::Clock;
use crate::keys::KeySet;

/// What a keeper and those who need its keys have in common. All times in it are the clock's
/// `elapsed`: nobody who sets the clock on the wall makes a set fresh or stale.
pub(super) struct Shared {
    pub(super) issuer: Arc<str>,
    pub(super) rules: KeySetRules,
    pub(super) clock: Clock,
    pub(super) counts: Counts,
    pub(super) flight: Flight,
    /// Wakes the keeper.
    pub(super) asked: Notify,
    /// How many attempts have ended.
    pub(super) ended: watch::Sender<u64>,
    state: ArcSwap<State>,
    /// Whether anybody has needed the keys since the last attempt began.
    used: AtomicBool,
}

/// What is known after the last attempt that ended.
#[derive(Clone, Default)]
pub(super) struct State {
    pub(super) held: Option<Held>,
    /// Why that attempt failed, if it did.
    pub(super) error: Option<Arc<str>>,
    /// Whether there was one, and it succeeded.
    pub(super) is_answered: bool,
    /// When the next attempt is due, where the keys are used.
    pub(super) next_try: Duration,
    /// Until when the issuer wants to be left alone.
    pub(super) not_before: Duration,
}

/// The last good set.
#[derive(Clone)]
pub(super) struct Held {
    pub(super) kept: Kept,
    /// When it was asked for; `None` where its issuer did not give it to us.
    pub(super) fetched: Option<Duration>,
    pub(super) fresh_until: Duration,
    pub(super) usable_until: Duration,
}

impl Shared {
    pub(super) fn new(issuer: &str, rules: KeySetRules, clock: Clock) -> Self {
        Self {
            issuer: issuer.into(),
            rules,
            clock,
            counts: Counts::default(),
            flight: Flight::default(),
            asked: Notify::new(),
            ended: watch::Sender::new(0),
            state: ArcSwap::default(),
            used: AtomicBool::new(false),
        }
    }

    pub(super) fn state(&self) -> arc_swap::Guard<Arc<State>> {
        self.state.load()
    }

    pub(super) fn change(&self, change: impl Fn(&mut State)) {
        self.state.rcu(|state| {
            let mut state = State::clone(state);
            change(&mut state);
            state
        });
    }

    /// Holds a set that its issuer has not given us now, unless there is one already.
    pub(super) fn hold_as_stale(&self, keys: Arc<KeySet>, left: Duration) {
        let now = self.clock.elapsed();
        let held = Held {
            kept: Kept {
                keys,
                generation: 1,
                attempt: 0,
            },
            fetched: None,
            fresh_until: now,
            usable_until: now + left,
        };
        self.change(|state| {
            state.held.get_or_insert_with(|| held.clone());
        });
    }

    /// The set that may be used now.
    pub(super) fn kept(&self) -> Option<Kept> {
        let now = self.clock.elapsed();
        self.state().usable(now).map(|held| held.kept.clone())
    }

    /// The set that may be used where no newer can be had.
    pub(super) fn kept_at_all(&self) -> Option<Kept> {
        let now = self.clock.elapsed();
        let held = self.state().held.clone();
        held.filter(|held| now < held.usable_until)
            .map(|held| held.kept)
    }

    /// Somebody needs the keys: what keeps them fresh, and has them fetched where they are not
    /// there. All but the first call after an attempt only read.
    pub(super) fn mark_used(&self) {
        if !self.used.load(Ordering::Relaxed) && !self.used.swap(true, Ordering::AcqRel) {
            self.asked.notify_one();
        }
    }

    pub(super) fn is_used(&self) -> bool {
        self.used.load(Ordering::Acquire)
    }

    pub(super) fn mark_unused(&self) {
        self.used.store(false, Ordering::Release);
    }

    pub(super) fn status(&self) -> KeySetStatus {
        let (now, state) = (self.clock.elapsed(), self.state());
        let held = state.held.as_ref();
        let set = held.map(|held| &held.kept.keys);
        let fetched = held.and_then(|held| held.fetched);
        KeySetStatus {
            issuer: self.issuer.as_ref().to_owned(),
            standing: held.map_or(Standing::Unavailable, |held| held.standing(now)),
            keys: set.map_or(0, |set| set.keys().len()),
            unusable: set.map_or(Vec::new(), |set| set.unusable().to_vec()),
            generation: held.map_or(0, |held| held.kept.generation),
            age: fetched.map(|fetched| now.saturating_sub(fetched)),
            last_error: state.error.as_deref().map(ToOwned::to_owned),
            next_try: state.next_try.saturating_sub(now),
            counts: self.counts.read(),
        }
    }
}

impl State {
    /// Past its freshness a set is used only where it is known that there is no newer to be had.
    pub(super) fn usable(&self, now: Duration) -> Option<&Held> {
        let is_usable = |held: &&Held| match self.error {
            Some(_) => now < held.usable_until,
            None => now < held.fresh_until,
        };
        self.held.as_ref().filter(is_usable)
    }
}

impl Held {
    fn standing(&self, now: Duration) -> Standing {
        if now < self.fresh_until {
            return Standing::Fresh;
        }
        match self.usable_until.checked_sub(now) {
            Some(left) if !left.is_zero() => Standing::Stale {
                since: now.saturating_sub(self.fresh_until),
                left,
            },
            _ => Standing::Unavailable,
        }
    }
}
