//! Rows that are of no use any more, deleted in batches: other writers come in between.

use anyhow::Result;
use chrono::{DateTime, Utc};
use rusqlite::{Connection, OptionalExtension, params};
use tegata_jwt::Jti;

use super::Store;
use super::columns::Timestamp;

/// Some rows, looked at in their order.
pub struct Batch<P> {
    /// The place of the last row; `None` where no row comes after.
    pub end: Option<P>,
    /// How many were deleted.
    pub deleted: usize,
}

impl Store {
    /// The places of the first and the last outstanding token.
    pub async fn outstanding_places(&self) -> Result<Option<(i64, i64)>> {
        let sql = "SELECT CAST(min(id) AS BIGINT), CAST(max(id) AS BIGINT) \
                   FROM token_blacklist_outstandingtoken";
        let find = |connection: &Connection| {
            connection.query_row(sql, [], |row| {
                let (first, last): (Option<_>, Option<_>) = (row.get(0)?, row.get(1)?);
                Ok(first.zip(last))
            })
        };
        self.sqlite.read_at_leisure(find).await
    }

    /// A table of somebody else's whose rows refer to those of tokens.
    pub async fn table_that_refers_to_tokens(&self) -> Result<Option<String>> {
        let sql = "SELECT referrer.name FROM sqlite_master AS referrer, \
                   pragma_foreign_key_list(referrer.name) AS reference \
                   WHERE referrer.type = 'table' AND reference.\"table\" IN \
                   ('token_blacklist_outstandingtoken', 'token_blacklist_blacklistedtoken') \
                   AND referrer.name <> 'token_blacklist_blacklistedtoken'";
        let find = |connection: &Connection| {
            let found = connection.query_row(sql, [], |row| row.get(0));
            found.optional()
        };
        self.sqlite.read_at_leisure(find).await
    }

    /// Looks at the next `size` outstanding tokens after a place, and deletes those that expired and
    /// are over by what is kept of them, when they expired, and whether they are blacklisted. A
    /// blacklisted one goes with its blacklisted row.
    pub async fn flush_outstanding(
        &self,
        after: i64,
        size: u32,
        expired_by: DateTime<Utc>,
        is_over: impl Fn(&str, Option<DateTime<Utc>>, bool) -> bool + Send + 'static,
    ) -> Result<Batch<i64>> {
        let look = move |connection: &Connection| {
            let mut last = connection.prepare_cached(
                "SELECT CAST(id AS BIGINT) FROM token_blacklist_outstandingtoken \
                 WHERE id > $1 ORDER BY id LIMIT 1 OFFSET $2",
            )?;
            let last = last.query_row((after, size - 1), |row| row.get(0));
            let end: Option<i64> = last.optional()?;

            let mut expired = connection.prepare_cached(
                "SELECT CAST(outstanding.id AS BIGINT), token, expires_at, \
                 blacklisted.id IS NOT NULL \
                 FROM token_blacklist_outstandingtoken AS outstanding \
                 LEFT JOIN token_blacklist_blacklistedtoken AS blacklisted \
                 ON token_id = outstanding.id \
                 WHERE outstanding.id > $1 AND outstanding.id <= $2 AND expires_at <= $3",
            )?;
            let last = end.unwrap_or(i64::MAX);
            let mut rows = expired.query(params![after, last, Timestamp(expired_by)])?;
            let mut over = Vec::new();
            while let Some(row) = rows.next()? {
                let token = row.get_ref(1)?.as_str().unwrap_or_default();
                let expires_at = row.get(2).ok().map(|Timestamp(time)| time);
                let is_blacklisted: bool = row.get(3)?;
                if is_over(token, expires_at, is_blacklisted) {
                    over.push(Over {
                        id: row.get(0)?,
                        is_blacklisted,
                    });
                }
            }
            Ok((end, over))
        };
        let (end, over): (_, Vec<Over>) = self.sqlite.read_at_leisure(look).await?;

        // The writer hears only of what goes.
        let deleted = if over.is_empty() {
            0
        } else {
            let delete = move |connection: &Connection| delete_outstanding(connection, &over);
            self.sqlite.write(delete).await?
        };
        Ok(Batch { end, deleted })
    }

    /// Looks at the next `size` rotations after a place, and deletes those whose tokens expired.
    pub async fn flush_rotations(
        &self,
        after: Option<Jti>,
        size: u32,
        expired_by: DateTime<Utc>,
    ) -> Result<Batch<Jti>> {
        let flush = move |connection: &Connection| {
            let after = after.as_ref().map_or("", Jti::as_str);
            let mut last = connection.prepare_cached(
                "SELECT parent_jti FROM tegata_rotation \
                 WHERE parent_jti >= $1 ORDER BY parent_jti LIMIT 1 OFFSET $2",
            )?;
            let last = last.query_row((after, size), |row| row.get(0));
            let end: Option<String> = last.optional()?;

            let mut rotations = connection.prepare_cached(
                "DELETE FROM tegata_rotation WHERE parent_jti >= $1 \
                 AND ($2 IS NULL OR parent_jti < $2) AND expires_at <= $3",
            )?;
            let deleted = rotations.execute(params![after, end, Timestamp(expired_by)])?;
            Ok(Batch {
                end: end.map(Jti::new),
                deleted,
            })
        };
        self.sqlite.write(flush).await
    }
}

/// An outstanding token whose row is of no use any more.
struct Over {
    id: i64,
    is_blacklisted: bool,
}

fn delete_outstanding(connection: &Connection, tokens: &[Over]) -> rusqlite::Result<usize> {
    let mut blacklisted = connection
        .prepare_cached("DELETE FROM token_blacklist_blacklistedtoken WHERE token_id = $1")?;
    // Not one that was blacklisted since.
    let mut outstanding = connection.prepare_cached(
        "DELETE FROM token_blacklist_outstandingtoken WHERE id = $1 AND NOT EXISTS \
         (SELECT 1 FROM token_blacklist_blacklistedtoken WHERE token_id = $1)",
    )?;
    let mut deleted = 0;
    for Over { id, is_blacklisted } in tokens {
        if *is_blacklisted {
            blacklisted.execute([id])?;
        }
        deleted += outstanding.execute([id])?;
    }
    Ok(deleted)
}
