use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::sync::{Arc, LazyLock};
use std::time::{Duration, Instant};

use chrono::{DateTime, TimeDelta, Utc};

/// Where the time comes from: nothing else in tegata asks the system for it.
#[derive(Clone, Debug, Default)]
pub enum Clock {
    /// The system's clocks: the one on the wall, and the one that nobody sets.
    #[default]
    System,
    /// A clock that stands still until it is moved; its clones move together.
    Fixed(Arc<Hands>),
}

/// The hands of a fixed clock.
#[derive(Debug)]
pub struct Hands {
    /// Microseconds since 1970-01-01 UTC.
    wall: AtomicI64,
    /// Microseconds since it was made.
    elapsed: AtomicU64,
    #[cfg(feature = "jwks")]
    moved: tokio::sync::Notify,
}

impl Clock {
    /// A clock that stands at `time`.
    #[must_use]
    pub fn fixed(time: DateTime<Utc>) -> Self {
        Self::Fixed(Arc::new(Hands {
            wall: AtomicI64::new(time.timestamp_micros()),
            elapsed: AtomicU64::new(0),
            #[cfg(feature = "jwks")]
            moved: tokio::sync::Notify::new(),
        }))
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
            Self::Fixed(hands) => hands.wall.load(Ordering::Relaxed),
        };
        DateTime::from_timestamp_micros(micros)
            .expect("the clock stands within 262,000 years of 1970")
    }

    /// How long it has run, since a moment that means nothing: what an age is measured by, for
    /// whoever sets the clock on the wall does not change it.
    #[must_use]
    pub fn elapsed(&self) -> Duration {
        match self {
            Self::System => BEGIN.elapsed(),
            Self::Fixed(hands) => Duration::from_micros(hands.elapsed.load(Ordering::Relaxed)),
        }
    }

    /// Lets time pass on a fixed clock. By a negative span it is put back instead, and none
    /// passes. The system's clock stays.
    pub fn advance(&self, span: TimeDelta) {
        if let Self::Fixed(hands) = self {
            let micros = span.num_microseconds().unwrap_or(0);
            let passed = micros.try_into().unwrap_or(0);
            hands.elapsed.fetch_add(passed, Ordering::Relaxed);
            self.set_ahead(span);
        }
    }

    /// Sets the wall of a fixed clock ahead, or back by a negative span, and no time passes.
    pub fn set_ahead(&self, span: TimeDelta) {
        if let Self::Fixed(hands) = self {
            let micros = span.num_microseconds().unwrap_or(0);
            hands.wall.fetch_add(micros, Ordering::Relaxed);
            #[cfg(feature = "jwks")]
            hands.moved.notify_waiters();
        }
    }

    /// Waits until it has run for so long.
    #[cfg(feature = "jwks")]
    pub(crate) async fn wait_until(&self, elapsed: Duration) {
        match self {
            Self::System => tokio::time::sleep(elapsed.saturating_sub(self.elapsed())).await,
            Self::Fixed(hands) => loop {
                let mut moved = std::pin::pin!(hands.moved.notified());
                // From here on no move is missed.
                moved.as_mut().enable();
                if self.elapsed() >= elapsed {
                    return;
                }
                moved.await;
            },
        }
    }
}

static BEGIN: LazyLock<Instant> = LazyLock::new(Instant::now);
