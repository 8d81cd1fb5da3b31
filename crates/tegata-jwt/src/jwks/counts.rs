use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use super::status::{FetchOutcome, KeySetCounts};
use crate::keys::{UnusableKey, UnusableReason};

/// What happened to a key set since the start.
#[derive(Default)]
pub(super) struct Counts {
    fetches: [AtomicU64; FetchOutcome::ALL.len()],
    fetch_micros: AtomicU64,
    skipped: [AtomicU64; UnusableReason::ALL.len()],
    refused_misses: AtomicU64,
}

impl Counts {
    pub(super) fn fetched(&self, outcome: FetchOutcome, took: Duration) {
        let micros = took.as_micros().try_into().unwrap_or(0);
        self.fetches[outcome as usize].fetch_add(1, Ordering::Relaxed);
        self.fetch_micros.fetch_add(micros, Ordering::Relaxed);
    }

    pub(super) fn skipped(&self, unusable: &[UnusableKey]) {
        for key in unusable {
            self.skipped[key.reason as usize].fetch_add(1, Ordering::Relaxed);
        }
    }

    pub(super) fn refused_miss(&self) {
        self.refused_misses.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn read(&self) -> KeySetCounts {
        let value = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        let fetches: Vec<_> = FetchOutcome::ALL
            .into_iter()
            .zip(self.fetches.iter().map(value))
            .collect();
        let skipped = UnusableReason::ALL
            .into_iter()
            .zip(self.skipped.iter().map(value));
        KeySetCounts {
            fetch_time: (
                fetches.iter().map(|(_, count)| count).sum(),
                Duration::from_micros(value(&self.fetch_micros)),
            ),
            fetches,
            skipped: skipped.collect(),
            refused_misses: value(&self.refused_misses),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_outcome_and_each_reason_counts_under_its_own_name() {
        let outcomes = FetchOutcome::ALL.map(|outcome| outcome as usize);
        let reasons = UnusableReason::ALL.map(|reason| reason as usize);

        assert_eq!(outcomes, std::array::from_fn(|position| position));
        assert_eq!(reasons, std::array::from_fn(|position| position));
    }
}
