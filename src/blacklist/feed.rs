use std::convert::Infallible;
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::time::Duration;

use anyhow::Result;
use chrono::{DateTime, TimeDelta, Utc};
use tokio::sync::Mutex;
use tokio::time::{Instant, sleep, sleep_until};

use super::Blacklist;

/// How far the set in memory follows the database.
pub(super) struct Feed {
    place: Mutex<Place>,
    /// When the database was last followed, in microseconds since 1970; zero where it never was.
    followed_at: AtomicI64,
    /// Whether the database was there when it was last asked.
    is_there: AtomicBool,
    /// Whether memory lacks what is of use for longer under other settings than it was before.
    is_short: AtomicBool,
    /// When it was last flushed by the service itself, or the service began.
    pub(super) flushed_at: Mutex<Instant>,
}

struct Place {
    /// The row after which some are not read yet.
    last: i64,
    /// How far that will be, once nothing is underway that may put a row before it.
    next: Option<Next>,
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

/// Rows get their numbers as they are written, and are seen as they are committed: after row 7 has
/// been read, row 6 may come.
struct Next {
    last: i64,
    /// The transactions from which it may.
    underway: Vec<String>,
}

impl Place {
    fn reach(&mut self, next: Next) {
        if next.underway.is_empty() {
            self.last = next.last;
        } else {
            self.next = Some(next);
        }
    }
}

impl Default for Place {
    /// Nothing is read yet.
    fn default() -> Self {
        Self {
            last: 0,
            next: None,
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
    /// Nothing was read or flushed yet.
    pub(super) fn new() -> Self {
        Self {
            place: Mutex::default(),
            followed_at: AtomicI64::new(0),
            is_there: AtomicBool::new(false),
            is_short: AtomicBool::new(false),
            flushed_at: Mutex::new(Instant::now()),
        }
    }

    /// Has the database asked until all of it was read once more.
    pub(super) fn fall_short(&self) {
        self.is_short.store(true, Ordering::Release);
    }

    /// When the database was last followed.
    pub(super) fn followed_at(&self) -> Option<DateTime<Utc>> {
        match self.followed_at.load(Ordering::Acquire) {
            _ if self.is_short.load(Ordering::Acquire) => None,
            0 => None,
            micros => DateTime::from_timestamp_micros(micros),
        }
    }

    /// Has all rows read, though none was written.
    async fn read_anew(&self) {
        let mut place = self.place.lock().await;
        *place = Place {
            last: place.last,
            next: place.next.take(),
            ..Place::default()
        };
        if self.is_short.load(Ordering::Acquire) {
            self.followed_at.store(0, Ordering::Release);
            self.is_short.store(false, Ordering::Release);
        }
    }

    fn was_followed(&self, at: DateTime<Utc>) {
        let micros = at.timestamp_micros();
        self.followed_at.fetch_max(micros, Ordering::AcqRel);
    }
}

impl Blacklist {
    /// Follows what this and other programs write, without end. What was read under other settings
    /// is read once more, for they say how long a token is of use.
    pub async fn follow(&self) {
        self.feed.read_anew().await;
        let others = self.listens.then(|| self.store.listen());
        let mut was_polled = None;
        loop {
            let began = Instant::now();
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

            let heard = async {
                match &others {
                    Some(others) => others.next().await,
                    None => std::future::pending().await,
                }
                // However many are announced, there is time for everything else.
                sleep_until(began + BREATH).await;
            };
            tokio::select! {
                () = heard => {}
                () = sleep(self.poll_interval) => {}
            }
        }
    }

    /// Reads what was written since the last time: the new rows, and each minute all of them, for
    /// Django's admin can take one away.
    pub async fn poll(&self) -> Result<()> {
        let polled = self.catch_up().await;
        self.feed.is_there.store(polled.is_ok(), Ordering::Relaxed);
        polled
    }

    /// Whether the database was there at the last [poll](Self::poll).
    #[must_use]
    pub fn sees_database(&self) -> bool {
        self.feed.is_there.load(Ordering::Relaxed)
    }

    async fn catch_up(&self) -> Result<()> {
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
                let next = self.next(&mut place).await?;
                self.read_all(&mut place, now).await?;
                place.reach(next);
            }
            self.set.sweep(now);
            place.read_at = Some(now);
        } else if place.has_new {
            let next = self.next(&mut place).await?;
            self.read_after(place.last, now).await?;
            place.reach(next);
            place.has_new = false;
        }
        place.asked_at = Some(now);
        self.feed.was_followed(now);
        Ok(())
    }

    /// How far all rows will have been read, once those are read that are there now.
    async fn next(&self, place: &mut Place) -> Result<Next> {
        let mut next = match place.next.take() {
            Some(next) => next,
            None => Next {
                last: self.store.last_blacklisted().await?,
                underway: self.store.open_blacklistings().await?,
            },
        };
        // Who was underway, and is no more, has committed: the rows are seen.
        let still = self.store.open_blacklistings().await?;
        next.underway
            .retain(|transaction| still.contains(transaction));
        Ok(next)
    }

    async fn read_all(&self, place: &mut Place, now: DateTime<Utc>) -> Result<()> {
        // Whoever loads rows into the tables, or empties them with their counters, puts rows where
        // none was of use.
        if self.store.blacklisted_up_to(place.before_first).await? != place.passed {
            place.before_first = 0;
        }

        self.set.begin_round();
        place.before_first = tokio::select! {
            all = self.read_after(place.before_first, now) => all?,
            Err(error) = self.keep_up(place.last) => return Err(error),
        };
        self.set.end_round();
        place.passed = self.store.blacklisted_up_to(place.before_first).await?;
        place.has_new = false;
        place.has_changed = false;
        Ok(())
    }

    /// Reads the new rows every `poll_interval`, without end: to read millions takes seconds, and the
    /// latest come last.
    async fn keep_up(&self, last: i64) -> Result<Infallible> {
        if last == 0 {
            return std::future::pending().await;
        }
        loop {
            sleep(self.poll_interval).await;
            let now = self.clock.now();
            self.read_after(last, now).await?;
            self.feed.was_followed(now);
        }
    }

    /// Takes the rows after a place into memory, and answers the place before the first of use.
    async fn read_after(&self, place: i64, now: DateTime<Utc>) -> Result<i64> {
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
                return Ok(before_first.unwrap_or(last));
            }
        }
    }
}

/// How much there is between two readings that others ask for.
const BREATH: Duration = Duration::from_millis(10);
/// How often all rows are read, where any was written.
const READ_ALL_INTERVAL: TimeDelta = TimeDelta::minutes(1);
/// How many rows are read at a time.
const ROWS: u32 = 1_000;
