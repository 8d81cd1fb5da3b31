use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::settings::Rate;

/// A bucket of tokens: full at first, it loses one with each taking and fills up evenly. Kept as the
/// moment at which it will be full again, in microseconds since 1970 (the generic cell rate
/// algorithm).
pub(super) struct Bucket {
    rate: Rate,
    full_at: AtomicI64,
    /// As many permits as it holds tokens when full.
    turns: Arc<Semaphore>,
    /// Whether it was found empty since the last taking.
    was_empty: AtomicBool,
}

/// What is left in a bucket.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Level {
    /// How many can be taken now.
    pub(super) remaining: u32,
    /// Until it is full, in microseconds.
    pub(super) full_in: i64,
}

/// A bucket was empty.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Empty {
    /// Until there is one to take, in microseconds.
    pub(super) next_in: i64,
    /// Whether this is the first to find it so.
    pub(super) is_news: bool,
}

impl Bucket {
    /// A full one.
    pub(super) fn new(rate: Rate) -> Self {
        Self {
            rate,
            full_at: AtomicI64::default(),
            turns: Arc::new(Semaphore::new(rate.limit() as usize)),
            was_empty: AtomicBool::default(),
        }
    }

    /// Waits until fewer are being decided about than it holds when full.
    pub(super) async fn turn(&self) -> OwnedSemaphorePermit {
        let turn = Arc::clone(&self.turns).acquire_owned().await;
        turn.expect("the semaphore is never closed")
    }

    /// How many are being decided about.
    pub(super) fn turns_taken(&self) -> usize {
        self.rate.limit() as usize - self.turns.available_permits()
    }

    /// Takes one.
    pub(super) fn take(&self, now: i64) -> Result<(), Empty> {
        let (interval, period) = (self.rate.interval(), self.rate.period());
        let taken = |full_at| {
            let full_at = clamp(full_at, now, period) + interval;
            (full_at - now <= period).then_some(full_at)
        };
        match (self.full_at).fetch_update(Ordering::Relaxed, Ordering::Relaxed, taken) {
            Ok(_) => {
                self.was_empty.store(false, Ordering::Relaxed);
                Ok(())
            }
            Err(full_at) => {
                let clamped = clamp(full_at, now, period);
                // After the clock was set back it fills up from now on, and not only once the time
                // has come again at which it was used last.
                let _ = (self.full_at).compare_exchange(
                    full_at,
                    clamped,
                    Ordering::Relaxed,
                    Ordering::Relaxed,
                );
                Err(Empty {
                    next_in: clamped + interval - now - period,
                    is_news: !self.was_empty.swap(true, Ordering::Relaxed),
                })
            }
        }
    }

    /// Puts one back.
    pub(super) fn give_back(&self) {
        self.full_at
            .fetch_sub(self.rate.interval(), Ordering::Relaxed);
    }

    pub(super) fn level(&self, now: i64) -> Level {
        let period = self.rate.period();
        let full_at = clamp(self.full_at.load(Ordering::Relaxed), now, period);
        let free = (period - (full_at - now)) / self.rate.interval();
        Level {
            remaining: u32::try_from(free)
                .unwrap_or(u32::MAX)
                .min(self.rate.limit()),
            full_in: full_at - now,
        }
    }
}

/// A bucket is never more than full, nor, after the clock was set back, emptier than empty.
fn clamp(full_at: i64, now: i64, period: i64) -> i64 {
    full_at.clamp(now, now + period)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const SECOND: i64 = 1_000_000;

    fn bucket(rate: &str) -> Bucket {
        Bucket::new(rate.parse().unwrap())
    }

    #[test]
    fn a_bucket_gives_as_many_as_its_limit_and_then_one_at_a_time() {
        let bucket = bucket("3/m");

        let given = |now| bucket.take(now).is_ok();

        assert!(given(0) && given(0) && given(0) && !given(0));
        assert!(!given(20 * SECOND - 1));
        assert!(given(20 * SECOND) && !given(20 * SECOND));
        assert!(given(500 * SECOND) && given(500 * SECOND) && given(500 * SECOND));
        assert!(!given(500 * SECOND));
    }

    #[test]
    fn an_empty_bucket_says_when_to_come_back_and_is_news_once() {
        let bucket = bucket("1/m");
        bucket.take(0).unwrap();

        let (first, second) = (bucket.take(SECOND), bucket.take(2 * SECOND));

        let empty = |next_in, is_news| Err(Empty { next_in, is_news });
        assert_eq!(first, empty(59 * SECOND, true));
        assert_eq!(second, empty(58 * SECOND, false));
    }

    #[test]
    fn what_is_given_back_can_be_taken_again() {
        let bucket = bucket("2/h");
        bucket.take(0).unwrap();
        bucket.take(0).unwrap();

        bucket.give_back();

        assert_eq!(bucket.level(0).remaining, 1);
        assert!(bucket.take(0).is_ok() && bucket.take(0).is_err());
    }

    #[test]
    fn a_clock_set_back_keeps_nobody_out_for_longer_than_the_period() {
        let bucket = bucket("1/m");
        bucket.take(1_000_000 * SECOND).unwrap();

        let refused = bucket.take(0).unwrap_err();

        assert_eq!(refused.next_in, 60 * SECOND);
        assert!(bucket.take(60 * SECOND - 1).is_err());
        assert!(bucket.take(60 * SECOND).is_ok());
    }

    proptest! {
        #[test]
        fn in_no_period_is_more_given_than_twice_the_limit(
            steps in proptest::collection::vec(0..4 * SECOND, 1..200),
        ) {
            let bucket = bucket("5/m");
            let mut now = 0;
            let mut given = Vec::new();
            for step in steps {
                now += step;
                if bucket.take(now).is_ok() {
                    given.push(now);
                }
            }

            let within = |end: i64| {
                let period = end - 60 * SECOND..end;
                given.iter().filter(|at| period.contains(at)).count()
            };
            prop_assert!((0..=now + 1).step_by(1_000_000).all(|end| within(end) <= 10));
        }
    }
}
