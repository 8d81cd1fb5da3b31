//! Blacklisted tokens as they are read into memory, whoever wrote them.

use anyhow::Result;
use chrono::{DateTime, Utc};
use tegata_jwt::Jti;

use super::Store;
use super::columns::Row;
use super::engine::Engine;
use super::postgres;

/// A blacklisted token's row. No `Debug`: tokens do not belong in logs.
pub struct BlacklistedToken {
    /// The row's place: later ones are greater.
    pub id: i64,
    /// The token's identifier; `None` where the row says what is no text, as no token does.
    pub jti: Option<Jti>,
    /// What is kept of the token.
    pub token: String,
    /// When it expires; `None` where the row says what is no time.
    pub expires_at: Option<DateTime<Utc>>,
}

/// What other nodes announce.
pub struct Announcements(Option<postgres::Announcements>);

impl Announcements {
    /// Waits until another node has announced that it blacklisted tokens. On an engine where nobody
    /// announces anything that is never.
    pub async fn next(&self) {
        match &self.0 {
            Some(announcements) => announcements.next().await,
            None => std::future::pending().await,
        }
    }
}

impl Store {
    /// Tells other nodes that tokens were blacklisted. Nobody waits for it.
    pub fn announce(&self) {
        if let Engine::Postgres(postgres) = &self.engine {
            postgres.announce();
        }
    }

    /// Listens to other nodes.
    #[must_use]
    pub fn listen(&self) -> Announcements {
        Announcements(match &self.engine {
            Engine::Sqlite(_) => None,
            Engine::Postgres(postgres) => Some(postgres.listen()),
        })
    }

    /// Whether anybody has written to the database since this was last asked, as far as can be known.
    pub async fn has_changed(&self) -> Result<bool> {
        match &self.engine {
            Engine::Sqlite(sqlite) => sqlite.has_changed().await,
            Engine::Postgres(_) => Ok(true),
        }
    }

    /// The transactions that may blacklist tokens just now: rows of theirs may yet come before others
    /// that are there already. On SQLite there is never more than one, and no row comes before another.
    pub async fn open_blacklistings(&self) -> Result<Vec<String>> {
        if matches!(self.engine, Engine::Sqlite(_)) {
            return Ok(Vec::new());
        }
        // Whoever writes to a table holds this lock from before it takes an id to its commit.
        self.read_at_leisure((), |db, _, ()| {
            let sql = "SELECT DISTINCT virtualtransaction FROM pg_locks \
                       WHERE locktype = 'relation' AND mode = 'RowExclusiveLock' \
                       AND relation = 'token_blacklist_blacklistedtoken'::regclass \
                       AND database = (SELECT oid FROM pg_database WHERE datname = current_database())";
            Box::pin(async move { db.all(sql, &[], |row| row.get(0)).await })
        })
        .await
    }

    /// The place of the last blacklisted token.
    pub async fn last_blacklisted(&self) -> Result<i64> {
        self.read_at_leisure((), |db, _, ()| {
            let sql = "SELECT COALESCE(CAST(max(id) AS BIGINT), 0) \
                       FROM token_blacklist_blacklistedtoken";
            Box::pin(async move { db.one(sql, &[], |row| row.get(0)).await })
        })
        .await
    }

    /// The next blacklisted tokens after a place, in their order, `limit` at most.
    pub async fn blacklisted_after(&self, id: i64, limit: u32) -> Result<Vec<BlacklistedToken>> {
        self.read_at_leisure((id, i64::from(limit)), |db, _, (id, limit)| {
            let sql = "SELECT CAST(blacklisted.id AS BIGINT), jti, token, expires_at \
                       FROM token_blacklist_blacklistedtoken AS blacklisted \
                       JOIN token_blacklist_outstandingtoken AS outstanding \
                       ON outstanding.id = token_id \
                       WHERE blacklisted.id > CAST($1 AS BIGINT) \
                       ORDER BY blacklisted.id LIMIT CAST($2 AS BIGINT)";
            Box::pin(async move { db.all(sql, &[(*id).into(), (*limit).into()], read).await })
        })
        .await
    }

    /// How many blacklisted tokens there are up to a place, and when the latest of them was
    /// blacklisted.
    pub async fn blacklisted_up_to(&self, id: i64) -> Result<(i64, Option<String>)> {
        self.read_at_leisure(id, |db, _, id| {
            let sql = "SELECT count(*), CAST(max(blacklisted_at) AS TEXT) \
                       FROM token_blacklist_blacklistedtoken WHERE id <= CAST($1 AS BIGINT)";
            let sum = |row: Row<'_>| Ok((row.get(0)?, row.get(1).unwrap_or_default()));
            Box::pin(async move { db.one(sql, &[(*id).into()], sum).await })
        })
        .await
    }
}

fn read(row: Row<'_>) -> Result<BlacklistedToken> {
    Ok(BlacklistedToken {
        id: row.get(0)?,
        jti: row.get(1).ok().map(Jti::new),
        token: row.text(2).to_owned(),
        expires_at: row.time(3),
    })
}
