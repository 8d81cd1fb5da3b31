use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// The attempt that is under way, or else when the last one began: one number, so that whoever
/// asks for another attempt either has claimed it, for everybody, or learns why not.
///
/// In it the highest bits say when, in microseconds and one more, and the lowest whether it is
/// under way. 0: there has been none.
#[derive(Default)]
pub(super) struct Flight(AtomicU64);

/// What came of asking for an attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Claim {
    /// It is claimed: the keeper must be told.
    Claimed,
    /// The last one began just before.
    CoolingDown,
    /// One is claimed or under way already.
    UnderWay,
}

impl Flight {
    /// Claims an attempt, unless the last began within the cool-down, whoever caused it and
    /// whatever came of it.
    pub(super) fn claim(&self, now: Duration, cooldown: Duration) -> Claim {
        let mut last = self.0.load(Ordering::Acquire);
        loop {
            if last & UNDER_WAY != 0 {
                return Claim::UnderWay;
            }
            if began(last).is_some_and(|began| now < began + cooldown) {
                return Claim::CoolingDown;
            }
            let claimed = at(now) | UNDER_WAY;
            let swapped =
                self.0
                    .compare_exchange_weak(last, claimed, Ordering::AcqRel, Ordering::Acquire);
            match swapped {
                Ok(_) => return Claim::Claimed,
                Err(other) => last = other,
            }
        }
    }

    /// The keeper begins. Where somebody has claimed the attempt, it counts from then.
    pub(super) fn begin(&self, now: Duration) {
        self.claim(now, Duration::ZERO);
    }

    /// The keeper is done, and what came of it can be read.
    pub(super) fn end(&self) {
        self.0.fetch_and(!UNDER_WAY, Ordering::AcqRel);
    }

    pub(super) fn is_under_way(&self) -> bool {
        self.0.load(Ordering::Acquire) & UNDER_WAY != 0
    }
}

fn at(elapsed: Duration) -> u64 {
    let micros = u64::try_from(elapsed.as_micros()).unwrap_or(u64::MAX >> 2);
    (micros + 1) << 1
}

fn began(last: u64) -> Option<Duration> {
    (last >> 1).checked_sub(1).map(Duration::from_micros)
}

const UNDER_WAY: u64 = 1;

#[cfg(test)]
mod tests {
    use super::*;

    const COOLDOWN: Duration = Duration::from_secs(30);

    fn seconds(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    #[test]
    fn of_many_who_ask_one_claims() {
        let flight = Flight::default();

        assert_eq!(flight.claim(seconds(0), COOLDOWN), Claim::Claimed);
        assert_eq!(flight.claim(seconds(0), COOLDOWN), Claim::UnderWay);
        assert_eq!(flight.claim(seconds(99), COOLDOWN), Claim::UnderWay);
    }

    #[test]
    fn the_cool_down_counts_from_the_start_of_the_last_attempt() {
        let flight = Flight::default();
        flight.begin(seconds(100));
        flight.end();

        assert_eq!(flight.claim(seconds(129), COOLDOWN), Claim::CoolingDown);
        assert_eq!(flight.claim(seconds(130), COOLDOWN), Claim::Claimed);
    }

    #[test]
    fn an_attempt_counts_from_when_it_was_claimed() {
        let flight = Flight::default();
        flight.claim(seconds(100), COOLDOWN);
        flight.begin(seconds(110));
        flight.end();

        assert!(!flight.is_under_way());
        assert_eq!(flight.claim(seconds(130), COOLDOWN), Claim::Claimed);
    }
}
