//! Blacklisted tokens as they are read into memory, whoever wrote them.

use anyhow::Result;
use chrono::{DateTime, Utc};
use rusqlite::{Connection, Row};
use tegata_jwt::Jti;

use super::Store;
use super::columns::Timestamp;

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

impl Store {
    /// Whether anybody has written to the database since this was last asked.
    pub async fn has_changed(&self) -> Result<bool> {
        self.sqlite.has_changed().await
    }

    /// The next blacklisted tokens after a place, in their order, `limit` at most.
    pub async fn blacklisted_after(&self, id: i64, limit: u32) -> Result<Vec<BlacklistedToken>> {
        let read = move |connection: &Connection| {
            let mut statement = connection.prepare_cached(
                "SELECT CAST(blacklisted.id AS BIGINT), jti, token, expires_at \
                 FROM token_blacklist_blacklistedtoken AS blacklisted \
                 JOIN token_blacklist_outstandingtoken AS outstanding \
                 ON outstanding.id = token_id \
                 WHERE blacklisted.id > $1 ORDER BY blacklisted.id LIMIT $2",
            )?;
            statement.query_map((id, limit), read)?.collect()
        };
        self.sqlite.read_at_leisure(read).await
    }

    /// How many blacklisted tokens there are up to a place, and when the latest of them was
    /// blacklisted.
    pub async fn blacklisted_up_to(&self, id: i64) -> Result<(i64, Option<String>)> {
        let sql = "SELECT count(*), CAST(max(blacklisted_at) AS TEXT) \
                   FROM token_blacklist_blacklistedtoken WHERE id <= $1";
        let sum_up = move |connection: &Connection| {
            let sum = |row: &Row<'_>| Ok((row.get(0)?, row.get(1).unwrap_or_default()));
            connection.query_row(sql, [id], sum)
        };
        self.sqlite.read_at_leisure(sum_up).await
    }
}

fn read(row: &Row<'_>) -> rusqlite::Result<BlacklistedToken> {
    Ok(BlacklistedToken {
        id: row.get(0)?,
        jti: row.get(1).ok().map(Jti::new),
        token: row.get(2).unwrap_or_default(),
        expires_at: row.get(3).ok().map(|Timestamp(time)| time),
    })
}
