//! What is said seldom, however often it happens: a flood of failures is no flood of log lines.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// Something that may happen thousands of times a second, and is said once a minute at most.
pub struct Seldom(Mutex<Said>);

struct Said {
    last: Option<Instant>,
    since: u64,
}

impl Seldom {
    /// What has not happened yet.
    #[must_use]
    pub const fn new() -> Self {
        Self(Mutex::new(Said {
            last: None,
            since: 0,
        }))
    }

    /// Where it is to be said: how often it happened since it was said last, this time included.
    pub fn happened(&self) -> Option<u64> {
        self.happened_at(Instant::now())
    }

    fn happened_at(&self, now: Instant) -> Option<u64> {
        let mut said = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        said.since += 1;
        if said.last.is_some_and(|last| now < last + INTERVAL) {
            return None;
        }
        said.last = Some(now);
        Some(std::mem::take(&mut said.since))
    }
}

impl Default for Seldom {
    fn default() -> Self {
        Self::new()
    }
}

const INTERVAL: Duration = Duration::from_mins(1);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_flood_is_told_once_a_minute_with_its_number() {
        let seldom = Seldom::new();
        let begin = Instant::now();

        let told: Vec<_> = [0, 1, 59, 60, 61, 120]
            .map(|seconds| seldom.happened_at(begin + Duration::from_secs(seconds)))
            .into();

        assert_eq!(told, [Some(1), None, None, Some(3), None, Some(2)]);
    }
}
