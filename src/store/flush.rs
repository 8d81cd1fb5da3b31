//! Rows that are of no use any more, deleted in batches: other writers come in between.

use anyhow::Result;
use chrono::{DateTime, Utc};
use tegata_jwt::Jti;

use super::columns::{Row, Value};
use super::session::{Session, Task};
use super::{Store, catalog};

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
        self.read_at_leisure((), |db, _, ()| {
            let sql = "SELECT CAST(min(id) AS BIGINT), CAST(max(id) AS BIGINT) \
                       FROM token_blacklist_outstandingtoken";
            let read = |row: Row<'_>| {
                let (first, last): (Option<i64>, Option<i64>) = (row.get(0)?, row.get(1)?);
                Ok(first.zip(last))
            };
            Box::pin(async move { db.one(sql, &[], read).await })
        })
        .await
    }

    /// A table of somebody else's whose rows refer to those of tokens.
    pub async fn table_that_refers_to_tokens(&self) -> Result<Option<String>> {
        self.read_at_leisure((), |db, _, ()| {
            Box::pin(catalog::table_that_refers_to_tokens(db))
        })
        .await
    }

    /// Looks at the next `size` outstanding tokens after a place, and deletes those that expired and
    /// are over by what is kept of them, when they expired, and whether they are blacklisted. A
    /// blacklisted one goes with its blacklisted row.
    pub async fn flush_outstanding<F>(
        &self,
        after: i64,
        size: u32,
        expired_by: DateTime<Utc>,
        is_over: F,
    ) -> Result<Batch<i64>>
    where
        F: Fn(&str, Option<DateTime<Utc>>, bool) -> bool + Send + Sync + 'static,
    {
        let asked = (after, size, expired_by, is_over);
        let look = self.read_at_leisure(asked, |db, _, (after, size, expired_by, is_over)| {
            Box::pin(find_over(db, *after, *size, *expired_by, is_over))
        });
        let (end, over) = look.await?;

        // The writer hears only of what goes.
        let deleted = if over.is_empty() {
            0
        } else {
            let delete: Task<Vec<Over>, usize> =
                |db, _, over| Box::pin(delete_outstanding(db, over));
            self.write_idempotent(over, delete).await?
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
        let asked = (after, size, expired_by);
        self.write_idempotent(asked, |db, _, (after, size, expired_by)| {
            Box::pin(flush_rotations(db, after.as_ref(), *size, *expired_by))
        })
        .await
    }
}

/// The place of the last row looked at, and which of them are of no use any more.
async fn find_over(
    db: &Session<'_>,
    after: i64,
    size: u32,
    expired_by: DateTime<Utc>,
    is_over: &(impl Fn(&str, Option<DateTime<Utc>>, bool) -> bool + Sync),
) -> Result<(Option<i64>, Vec<Over>)> {
    let last = "SELECT CAST(id AS BIGINT) FROM token_blacklist_outstandingtoken \
                WHERE id > CAST($1 AS BIGINT) ORDER BY id LIMIT 1 OFFSET CAST($2 AS BIGINT)";
    let values = [after.into(), i64::from(size - 1).into()];
    let end: Option<i64> = db.first(last, &values, |row| row.get(0)).await?;

    let expired = "SELECT CAST(outstanding.id AS BIGINT), token, expires_at, \
                   blacklisted.id IS NOT NULL \
                   FROM token_blacklist_outstandingtoken AS outstanding \
                   LEFT JOIN token_blacklist_blacklistedtoken AS blacklisted \
                   ON token_id = outstanding.id \
                   WHERE outstanding.id > CAST($1 AS BIGINT) \
                   AND outstanding.id <= CAST($2 AS BIGINT) AND expires_at <= $3";
    let values = [
        after.into(),
        end.unwrap_or(i64::MAX).into(),
        expired_by.into(),
    ];
    let read = |row: Row<'_>| {
        let (id, is_blacklisted) = (row.get(0)?, row.get(3)?);
        let is_over = is_over(row.text(1), row.time(2), is_blacklisted);
        Ok(is_over.then_some(Over { id, is_blacklisted }))
    };
    let over = db.all(expired, &values, read).await?;
    Ok((end, over.into_iter().flatten().collect()))
}

async fn flush_rotations(
    db: &Session<'_>,
    after: Option<&Jti>,
    size: u32,
    expired_by: DateTime<Utc>,
) -> Result<Batch<Jti>> {
    let after = after.map_or("", Jti::as_str);
    let last = "SELECT parent_jti FROM tegata_rotation WHERE parent_jti >= $1 \
                ORDER BY parent_jti LIMIT 1 OFFSET CAST($2 AS BIGINT)";
    let values = [after.into(), i64::from(size).into()];
    let end: Option<String> = db.first(last, &values, |row| row.get(0)).await?;

    let rotations = "DELETE FROM tegata_rotation WHERE parent_jti >= $1 \
                     AND (CAST($2 AS TEXT) IS NULL OR parent_jti < CAST($2 AS TEXT)) \
                     AND expires_at <= $3";
    let values = [after.into(), end.as_deref().into(), expired_by.into()];
    Ok(Batch {
        deleted: db.execute(rotations, &values).await?,
        end: end.map(Jti::new),
    })
}

/// An outstanding token whose row is of no use any more.
struct Over {
    id: i64,
    is_blacklisted: bool,
}

async fn delete_outstanding(db: &Session<'_>, tokens: &[Over]) -> Result<usize> {
    let among = db.dialect(
        "(SELECT value FROM json_each($1))",
        "(SELECT CAST(value AS BIGINT) FROM json_array_elements_text(CAST(CAST($1 AS TEXT) AS JSON)))",
    );
    let blacklisted = tokens.iter().filter(|token| token.is_blacklisted);
    let sql = format!("DELETE FROM token_blacklist_blacklistedtoken WHERE token_id IN {among}");
    db.execute(&sql, &[ids(blacklisted)?]).await?;

    // Not one that was blacklisted since.
    let sql = format!(
        "DELETE FROM token_blacklist_outstandingtoken WHERE id IN {among} AND NOT EXISTS \
         (SELECT 1 FROM token_blacklist_blacklistedtoken \
         WHERE token_id = token_blacklist_outstandingtoken.id)"
    );
    db.execute(&sql, &[ids(tokens.iter())?]).await
}

fn ids<'a>(tokens: impl Iterator<Item = &'a Over>) -> Result<Value<'static>> {
    let ids: Vec<_> = tokens.map(|token| token.id).collect();
    Ok(serde_json::to_string(&ids)?.into())
}
