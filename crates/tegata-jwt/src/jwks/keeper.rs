use std::sync::Arc;
use std::time::Duration;

use tokio::task::JoinSet;

use super::error::Failure;
use super::origin::{Fetched, Memory, Origin};
use super::snapshot::Snapshot;
use super::state::{Held, Shared};
use super::status::FetchOutcome;
use super::{Kept, events, schedule};
use crate::keys::{KeySet, UnusableKey};

/// Whoever alone fetches the keys of an issuer: a task that waits until it is asked, or until its
/// next attempt is due.
pub(super) struct Keeper {
    shared: Arc<Shared>,
    origin: Arc<Origin>,
    memory: Memory,
    attempts: u64,
    /// How many failed, one after the other, up to now.
    failures: u32,
    /// The members of no use that the log has been told of already, and how many are ignored.
    told: (Vec<UnusableKey>, usize),
    snapshot: Option<Snapshot>,
}

impl Keeper {
    pub(super) fn new(
        shared: Arc<Shared>,
        origin: Arc<Origin>,
        snapshot: Option<Snapshot>,
    ) -> Self {
        Self {
            shared,
            origin,
            memory: Memory::default(),
            attempts: 0,
            failures: 0,
            told: (Vec::new(), 0),
            snapshot,
        }
    }

    pub(super) async fn run(mut self) {
        loop {
            self.wait().await;
            self.attempt().await;
        }
    }

    /// Until somebody has claimed an attempt, or the next is due for keys that are used.
    async fn wait(&self) {
        let shared = &self.shared;
        while !shared.flight.is_under_way() {
            let due = shared.state().next_try;
            if !shared.is_used() {
                shared.asked.notified().await;
            } else if shared.clock.elapsed() < due {
                tokio::select! {
                    () = shared.asked.notified() => {}
                    () = shared.clock.wait_until(due) => {}
                }
            } else {
                return;
            }
        }
    }

    async fn attempt(&mut self) {
        let began = self.shared.clock.elapsed();
        self.shared.flight.begin(began);
        self.shared.mark_unused();
        self.attempts += 1;

        let result = self.fetch().await;
        let took = self.shared.clock.elapsed().saturating_sub(began);
        let outcome = match &result {
            Ok(Fetched::New { .. }) => FetchOutcome::Ok,
            Ok(Fetched::Same { .. }) => FetchOutcome::NotModified,
            Err(failure) => failure.outcome,
        };
        self.shared.counts.fetched(outcome, took);
        match result {
            Ok(fetched) => self.succeeded(fetched, began).await,
            Err(failure) => self.failed(&failure),
        }

        // In this order: who sees that none is under way, sees what came of the last.
        self.shared.flight.end();
        self.shared.ended.send_replace(self.attempts);
    }

    /// In a task of its own, so that whatever a stranger's bytes could do to it would be one
    /// failed attempt, and not the end of all. It ends with the keeper.
    async fn fetch(&mut self) -> Result<Fetched, Failure> {
        let mut task = JoinSet::new();
        task.spawn(Arc::clone(&self.origin).attempt(self.memory.clone()));
        let Some(Ok((memory, result))) = task.join_next().await else {
            events::panicked(&self.shared.issuer);
            return Err(Failure::new(FetchOutcome::Internal, "the attempt failed"));
        };
        self.memory = memory;
        result
    }

    async fn succeeded(&mut self, fetched: Fetched, began: Duration) {
        if self.failures > 0 {
            events::recovered(&self.shared.issuer, self.failures);
            self.failures = 0;
        }
        let before = self.shared.state().held.clone().map(|held| held.kept);
        let (kept, text, fresh_for) = match (fetched, before) {
            (
                Fetched::New {
                    keys,
                    text,
                    fresh_for,
                },
                before,
            ) => (self.kept(keys, before.as_ref()), Some(text), fresh_for),
            (Fetched::Same { fresh_for }, Some(before)) => {
                let attempt = self.attempts;
                (Kept { attempt, ..before }, None, fresh_for)
            }
            (Fetched::Same { .. }, None) => {
                let text = "the answer is 304, unasked";
                return self.failed(&Failure::new(FetchOutcome::Status, text));
            }
        };
        self.hold(kept, began, fresh_for);
        if let Some(snapshot) = &mut self.snapshot {
            snapshot.keep(text, &self.shared.clock).await;
        }
    }

    /// A new set. Its generation is that of the one before where the keys are the same.
    fn kept(&mut self, keys: KeySet, before: Option<&Kept>) -> Kept {
        self.skipped(keys.unusable(), keys.ignored());
        let issuer = &*self.shared.issuer;
        let same = before.filter(|before| keys.has_keys_of(&before.keys));
        if same.is_none() {
            events::changed(issuer, before.map(|before| &*before.keys), &keys);
        }
        let generation = before.map_or(0, |before| before.generation);
        Kept {
            keys: Arc::new(keys),
            generation: generation + u64::from(same.is_none()),
            attempt: self.attempts,
        }
    }

    fn skipped(&mut self, unusable: &[UnusableKey], ignored: usize) {
        self.shared.counts.skipped(unusable);
        let told = (unusable.to_vec(), ignored);
        if told != self.told {
            events::unusable(&self.shared.issuer, unusable, ignored);
            self.told = told;
        }
    }

    fn hold(&self, kept: Kept, began: Duration, fresh_for: Duration) {
        let held = Held {
            kept,
            fetched: Some(began),
            fresh_until: began + fresh_for,
            usable_until: began + fresh_for + self.shared.rules.outage_tolerance,
        };
        let next_try = began + schedule::refresh_after(fresh_for, random());
        self.shared.change(|state| {
            state.held = Some(held.clone());
            state.error = None;
            state.is_answered = true;
            state.next_try = next_try;
            state.not_before = Duration::ZERO;
        });
    }

    fn failed(&mut self, failure: &Failure) {
        self.failures = self.failures.saturating_add(1);
        events::failed(&self.shared.issuer, failure, self.failures);
        if !failure.unusable.is_empty() {
            self.skipped(&failure.unusable, 0);
        }
        let now = self.shared.clock.elapsed();
        let retry_after = failure.retry_after.unwrap_or_default();
        let pause = schedule::back_off(self.failures).max(retry_after);
        self.shared.change(|state| {
            state.error = Some(failure.text.as_str().into());
            state.is_answered = false;
            state.next_try = now + pause;
            state.not_before = now + retry_after;
        });
    }
}

/// Where there is no chance there is no jitter, either.
fn random() -> u16 {
    let mut bytes = [0x7f; 2];
    let _ = aws_lc_rs::rand::fill(&mut bytes);
    u16::from_ne_bytes(bytes)
}
