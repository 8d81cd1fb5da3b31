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
    /// The token's identifier.
    pub jti: Jti,
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
}

fn read(row: &Row<'_>) -> rusqlite::Result<BlacklistedToken> {
    Ok(BlacklistedToken {
        id: row.get(0)?,
        jti: Jti::new(row.get(1)?),
        token: row.get(2)?,
        expires_at: row.get(3).ok().map(|Timestamp(time)| time),
    })
}
