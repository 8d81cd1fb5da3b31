use std::sync::atomic::{AtomicI64, Ordering};

use anyhow::Result;
use chrono::{DateTime, TimeDelta, Utc};
use tokio::sync::Mutex;

use super::Blacklist;

/// How far the set in memory follows the database.
#[derive(Default)]
pub(super) struct Feed {
    place: Mutex<Place>,
    /// When the database was last followed, in microseconds since 1970; zero where it never was.
    followed_at: AtomicI64,
}

struct Place {
    /// The last row that was read.
    last: i64,
    /// The row before the first that was of use when all were last read.
    before_first: i64,
    /// What there was up to it: how many rows, and the latest of them.
    passed: (i64, Option<String>),
    /// When the database was last asked.
    asked_at: Option<DateTime<Utc>>,
    /// When all rows were last read.
    read_at: Option<DateTime<Utc>>,
    /// Whether anybody wrote since new rows, and since all rows, were last read.
    has_new: bool,
    has_changed: bool,
}

impl Default for Place {
    /// Nothing is read yet.
    fn default() -> Self {
        Self {
            last: 0,
            before_first: 0,
            passed: (0, None),
            asked_at: None,
            read_at: None,
            has_new: true,
            has_changed: true,
        }
    }
}

impl Feed {
    /// When the database was last followed.
    pub(super) fn followed_at(&self) -> Option<DateTime<Utc>> {
        match self.followed_at.load(Ordering::Acquire) {
            0 => None,
            micros => DateTime::from_timestamp_micros(micros),
        }
    }
}

impl Blacklist {
    /// Follows what this and other programs write, without end.
    pub async fn follow(&self) {
        let mut was_polled = None;
        loop {
            let polled = self.poll().await;
            // An outage is two lines in the log, however long it is.
            match &polled {
                Err(error) if was_polled != Some(false) => {
                    tracing::error!("the blacklist cannot follow the database: {error:#}");
                }
                Ok(()) if was_polled != Some(true) => {
                    let tokens = self.set.len();
                    tracing::info!(
                        tokens,
                        "the blacklist is in memory and follows the database"
                    );
                }
                _ => {}
            }
            was_polled = Some(polled.is_ok());
            tokio::time::sleep(self.poll_interval).await;
        }
    }

    /// Reads what was written since the last time: the new rows, and each minute all of them, for
    /// Django's admin can take one away.
    pub async fn poll(&self) -> Result<()> {
        let now = self.clock.now();
        let mut place = self.feed.place.lock().await;

        if place.asked_at.is_some_and(|asked_at| now < asked_at) {
            // What seemed to have expired is of use again.
            self.feed.followed_at.store(0, Ordering::Release);
            *place = Place::default();
        }
        let has_changed = self.store.has_changed().await?;
        place.has_new |= has_changed;
        place.has_changed |= has_changed;

        if place.read_at.is_none_or(|at| now - at >= READ_ALL_INTERVAL) {
            if place.has_changed {
                self.read_all(&mut place, now).await?;
            }
            self.set.sweep(now);
            place.read_at = Some(now);
        } else if place.has_new {
            place.last = self.read_after(place.last, now).await?.last;
            place.has_new = false;
        }
        place.asked_at = Some(now);
        self.feed
            .followed_at
            .store(now.timestamp_micros(), Ordering::Release);
        Ok(())
    }

    async fn read_all(&self, place: &mut Place, now: DateTime<Utc>) -> Result<()> {
        // Whoever loads rows into the tables, or empties them with their counters, puts rows where
        // none was of use.
        if self.store.blacklisted_up_to(place.before_first).await? != place.passed {
            place.before_first = 0;
        }

        self.set.begin_round();
        let read = self.read_after(place.before_first, now).await?;
        self.set.end_round();
        place.before_first = read.before_first;
        place.passed = self.store.blacklisted_up_to(read.before_first).await?;
        place.last = read.last;
        place.has_new = false;
        place.has_changed = false;
        Ok(())
    }

    /// Takes the rows after a place into memory.
    async fn read_after(&self, place: i64, now: DateTime<Utc>) -> Result<Read> {
        let mut last = place;
        let mut before_first = None;
        loop {
            let rows = self.store.blacklisted_after(last, ROWS).await?;
            for row in &rows {
                let last_use = self.last_use.of(&row.token, row.expires_at);
                let until = self.kept_until(last_use);
                if until > now {
                    if let Some(jti) = &row.jti {
                        self.set.add(jti, until);
                    }
                    before_first.get_or_insert(last);
                }
                last = row.id;
            }
            if rows.len() < ROWS as usize {
                let before_first = before_first.unwrap_or(last);
                return Ok(Read { last, before_first });
            }
        }
    }
}

/// How far a reading came, and where what is of use began.
struct Read {
    last: i64,
    before_first: i64,
}

/// How often all rows are read, where any was written.
const READ_ALL_INTERVAL: TimeDelta = TimeDelta::minutes(1);
/// How many rows are read at a time.
const ROWS: u32 = 1_000;
