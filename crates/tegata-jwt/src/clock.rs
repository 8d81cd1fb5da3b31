use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use chrono::{DateTime, TimeDelta, Utc};

/// Where the time comes from: nothing else in tegata asks the system for it.
#[derive(Clone, Debug, Default)]
pub enum Clock {
    /// The system's wall clock.
    #[default]
    System,
    /// A clock that stands still until it is moved; its clones move together.
    /// Holds microseconds since 1970-01-01 UTC.
    Fixed(Arc<AtomicI64>),
}

impl Clock {
    /// A clock that stands at `time`.
    #[must_use]
    pub fn fixed(time: DateTime<Utc>) -> Self {
        Self::Fixed(Arc::new(AtomicI64::new(time.timestamp_micros())))
    }

    /// The present moment, in whole microseconds.
    #[must_use]
    #[expect(
        clippy::disallowed_methods,
        reason = "the one place that asks the system"
    )]
    pub fn now(&self) -> DateTime<Utc> {
        let micros = match self {
            Self::System => Utc::now().timestamp_micros(),
            Self::Fixed(micros) => micros.load(Ordering::Relaxed),
        };
        DateTime::from_timestamp_micros(micros)
            .expect("the clock stands within 262,000 years of 1970")
    }

    /// Moves a fixed clock by `span`, back where it is negative. The system's clock stays.
    pub fn advance(&self, span: TimeDelta) {
        if let Self::Fixed(micros) = self {
            micros.fetch_add(span.num_microseconds().unwrap_or(0), Ordering::Relaxed);
        }
    }
}
