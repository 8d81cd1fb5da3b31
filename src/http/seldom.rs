use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// Says something that may happen thousands of times a second once a minute at most.
#[derive(Default)]
pub(super) struct Seldom(Mutex<Said>);

#[derive(Default)]
struct Said {
    last: Option<Instant>,
    since: u64,
}

impl Seldom {
    /// How often it happened since it was said last, this time included; `None` where that was just
    /// now.
    pub(super) fn say(&self) -> Option<u64> {
        self.say_at(Instant::now())
    }

    fn say_at(&self, now: Instant) -> Option<u64> {
        let mut said = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        said.since += 1;
        if said.last.is_some_and(|last| now < last + INTERVAL) {
            return None;
        }
        said.last = Some(now);
        Some(std::mem::take(&mut said.since))
    }
}

const INTERVAL: Duration = Duration::from_mins(1);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_flood_is_told_once_a_minute_with_its_number() {
        let seldom = Seldom::default();
        let begin = Instant::now();

        let told: Vec<_> = [0, 1, 59, 60, 61, 120]
            .map(|seconds| seldom.say_at(begin + Duration::from_secs(seconds)))
            .into();

        assert_eq!(told, [Some(1), None, None, Some(3), None, Some(2)]);
    }
}
