use std::sync::Arc;
use std::time::Duration;

use anyhow::{Result, bail};
use chrono::{DateTime, Utc};
use tokio::time::Instant;

use super::{Blacklist, MARGIN};

/// How many rows a flush deleted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Flushed {
    /// Outstanding tokens, blacklisted or not.
    pub tokens: usize,
    /// Rotations.
    pub rotations: usize,
}

impl Blacklist {
    /// Deletes the rows of tokens that expired, as `flushexpiredtokens` of Django does: the
    /// blacklisted ones, too, but those of sliding tokens not before their last use. After each
    /// batch of `size` rows others can write, and `progress` learns how far the flush is, in
    /// hundredths.
    pub async fn flush(&self, size: u32, progress: impl FnMut(u64)) -> Result<Flushed> {
        let expired_by = self.clock.now() - self.leeway;
        let spared = Spared::Blacklisted;
        self.flush_expired_by(expired_by, spared, size, progress)
            .await
    }

    /// Flushes every `flush_interval`, without end.
    pub async fn flush_regularly(&self) {
        let Some(interval) = self.flush_interval else {
            return;
        };
        // Whoever takes this over after a reload goes on where this was.
        let mut flushed_at = self.feed.flushed_at.lock().await;
        loop {
            tokio::time::sleep_until(*flushed_at + interval).await;
            *flushed_at = Instant::now();
            match self.flush_unattended().await {
                Ok(Flushed { tokens, rotations }) => {
                    tracing::info!(tokens, rotations, "flushed what expired");
                }
                Err(error) => tracing::error!("cannot flush what expired: {error:#}"),
            }
        }
    }

    /// Flushes what expired an hour ago: nobody looks whether the clock is right. A sliding token's
    /// row is left to its last use, for whoever ends all of a user's tokens must find it.
    pub async fn flush_unattended(&self) -> Result<Flushed> {
        let expired_by = self.clock.now() - self.leeway - MARGIN;
        self.flush_expired_by(expired_by, Spared::All, ROWS, |_| {})
            .await
    }

    async fn flush_expired_by(
        &self,
        expired_by: DateTime<Utc>,
        spared: Spared,
        size: u32,
        mut progress: impl FnMut(u64),
    ) -> Result<Flushed> {
        // A deletion would fail when it is committed, and with it what is committed together.
        if let Some(table) = self.store.table_that_refers_to_tokens().await? {
            bail!(
                "rows of the table {table} refer to those of tokens: use `manage.py \
                 flushexpiredtokens`, for Django knows what becomes of them"
            );
        }
        let mut flushed = Flushed::default();

        // What is issued meanwhile comes after the last, and has not expired.
        let places = self.store.outstanding_places().await?;
        let (first, last) = places.unwrap_or_default();
        let mut place = first - 1;
        while place < last {
            let last_use = Arc::clone(&self.last_use);
            let is_over = move |token: &str, expires_at, is_blacklisted: bool| {
                spared == Spared::Blacklisted && !is_blacklisted
                    || last_use.of(token, expires_at) <= expired_by
            };
            let batch = self
                .store
                .flush_outstanding(place, size, expired_by, is_over);
            let batch = batch.await?;
            flushed.tokens += batch.deleted;
            place = batch.end.unwrap_or(last);
            progress(hundredths(place.min(last) - first, last - first));
            tokio::time::sleep(PAUSE).await;
        }

        let mut place = None;
        loop {
            let batch = self.store.flush_rotations(place, size, expired_by).await?;
            flushed.rotations += batch.deleted;
            place = batch.end;
            if place.is_none() {
                return Ok(flushed);
            }
            tokio::time::sleep(PAUSE).await;
        }
    }
}

/// Which sliding tokens keep rows that expired, until their own last use.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Spared {
    All,
    Blacklisted,
}

fn hundredths(done: i64, all: i64) -> u64 {
    u64::try_from(done.saturating_mul(100) / all.max(1)).unwrap_or_default()
}

/// How many rows are looked at in one transaction, unless somebody asks for another number.
pub const ROWS: u32 = 5_000;
/// How long the database is left to other programs after each of them: SQLite does not queue.
const PAUSE: Duration = Duration::from_millis(10);
