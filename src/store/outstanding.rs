//! Django's `token_blacklist_outstandingtoken` and `token_blacklist_blacklistedtoken`.

use anyhow::{Context, Result, bail};
use chrono::{DateTime, Utc};
use rusqlite::types::Value;
use rusqlite::{Connection, OptionalExtension, params};
use tegata_jwt::{Jti, UserId};

use super::Store;
use super::columns::Timestamp;
use super::users::{Unchanged, UserTable};

/// A refresh or sliding token's row. No `Debug`: tokens do not belong in logs.
#[derive(Clone)]
pub struct OutstandingToken {
    /// The primary key of its user, or what a token says it is.
    pub user: Option<UserId>,
    /// The token's identifier.
    pub jti: Jti,
    /// What is kept of the token.
    pub token: String,
    /// When it was issued, or first seen.
    pub created_at: DateTime<Utc>,
    /// When it expires.
    pub expires_at: DateTime<Utc>,
}

impl Store {
    /// Records a login: its token's row, where tokens have one. `false`, and nothing written, where
    /// the user by now is gone or no longer the same.
    pub async fn record_login(
        &self,
        user: Unchanged,
        row: Option<OutstandingToken>,
    ) -> Result<bool> {
        let users = self.users.clone();
        let Some(row) = row else {
            let look = move |connection: &Connection| user.holds(connection, &users);
            return self.sqlite.read(look).await;
        };
        let record = move |connection: &Connection| {
            let holds = user.holds(connection, &users)?;
            if holds {
                insert(connection, &users, &row)?;
            }
            Ok(holds)
        };
        self.sqlite.write(record).await
    }

    /// Whether a token is blacklisted.
    pub async fn is_blacklisted(&self, jti: &Jti) -> Result<bool> {
        let jti = jti.clone();
        let find = move |connection: &Connection| is_blacklisted(connection, &jti);
        self.sqlite.read(find).await
    }

    /// Blacklists a user's tokens, but for those that expired before a moment, and answers how many
    /// there were that were not so already.
    pub async fn blacklist_all_of(
        &self,
        user: UserId,
        unless_expired_by: DateTime<Utc>,
        now: DateTime<Utc>,
    ) -> Result<usize> {
        let users = self.users.clone();
        let end = move |connection: &Connection| {
            let user = users.key.write(&user);
            blacklist_all_of(connection, &user, unless_expired_by, now)
        };
        self.sqlite.write(end).await
    }

    /// Whether a token was ever outstanding here, flushed ones included: `AUTOINCREMENT`
    /// remembers.
    pub async fn has_ever_issued(&self) -> Result<bool> {
        let sql = "SELECT EXISTS (SELECT 1 FROM sqlite_sequence \
                   WHERE name = 'token_blacklist_outstandingtoken' AND seq > 0)";
        let find = |connection: &Connection| connection.query_row(sql, [], |row| row.get(0));
        self.sqlite.read(find).await
    }
}

/// Inserts a token's row, unless it has one. A user who does not exist is no user.
pub(super) fn insert(
    connection: &Connection,
    users: &UserTable,
    row: &OutstandingToken,
) -> rusqlite::Result<bool> {
    let mut statement = connection.prepare_cached(&users.record_token)?;
    let inserted = statement.execute(params![
        row.token,
        Timestamp(row.created_at),
        Timestamp(row.expires_at),
        row.user.as_ref().map(|user| users.key.write(user)),
        row.jti.as_str()
    ])?;
    Ok(inserted == 1)
}

/// What [`insert`] says in SQL, of users of this table with this key, both quoted.
pub(super) fn insertion(users: &str, id: &str) -> String {
    format!(
        "INSERT INTO token_blacklist_outstandingtoken \
         (token, created_at, expires_at, user_id, jti) \
         VALUES ($1, $2, $3, (SELECT {id} FROM {users} WHERE {id} = $4), $5) \
         ON CONFLICT (jti) DO NOTHING"
    )
}

/// Refuses a table of users that is not the one tokens belong to, and a table of tokens that does not
/// take their [`insertion`]: no token could be recorded.
pub(super) fn require_tokens_of(
    connection: &Connection,
    users: &str,
    insertion: &str,
) -> Result<()> {
    let sql = "SELECT \"table\" FROM pragma_foreign_key_list('token_blacklist_outstandingtoken') \
               WHERE \"from\" = 'user_id' AND lower(\"table\") <> lower($1)";
    let other = connection.query_row(sql, [users], |row| row.get(0));
    let other: Option<String> = other.optional()?;
    connection.prepare(insertion).context(
        "the table token_blacklist_outstandingtoken is not as the newest migration of Ninja JWT \
         makes it: run `manage.py migrate`",
    )?;
    if let Some(other) = other {
        bail!(
            "tokens belong to users of the table {other}, and not of {users}: name the table of \
             AUTH_USER_MODEL in [users] table"
        );
    }
    Ok(())
}

pub(super) fn is_blacklisted(connection: &Connection, jti: &Jti) -> rusqlite::Result<bool> {
    let mut statement = connection.prepare_cached(
        "SELECT EXISTS (SELECT 1 FROM token_blacklist_blacklistedtoken AS blacklisted \
         JOIN token_blacklist_outstandingtoken AS outstanding \
         ON outstanding.id = blacklisted.token_id WHERE outstanding.jti = $1)",
    )?;
    statement.query_row([jti.as_str()], |row| row.get(0))
}

/// Blacklists a token, whoever issued it. The row is what arbitrates: of any number of callers one
/// inserts it, and is told `true`.
pub(super) fn blacklist(
    connection: &Connection,
    users: &UserTable,
    row: &OutstandingToken,
    now: DateTime<Utc>,
) -> rusqlite::Result<bool> {
    let mut statement = connection.prepare_cached(
        "INSERT INTO token_blacklist_blacklistedtoken (blacklisted_at, token_id) \
         SELECT $1, id FROM token_blacklist_outstandingtoken WHERE jti = $2 \
         ON CONFLICT (token_id) DO NOTHING",
    )?;
    let mut add = || statement.execute(params![Timestamp(now), row.jti.as_str()]);
    if add()? == 1 {
        return keep_until(connection, row).map(|()| true);
    }
    // It is blacklisted already, or has no row yet.
    Ok(insert(connection, users, row)? && add()? == 1)
}

/// Has a row that was there before expire no sooner than its token: code of a Django project can let
/// a token live longer after its row was written, and a flush goes by the row.
fn keep_until(connection: &Connection, row: &OutstandingToken) -> rusqlite::Result<()> {
    let mut statement = connection.prepare_cached(
        "UPDATE token_blacklist_outstandingtoken SET expires_at = $1 \
         WHERE jti = $2 AND expires_at < $1",
    )?;
    statement.execute(params![Timestamp(row.expires_at), row.jti.as_str()])?;
    Ok(())
}

/// Blacklists the tokens of the user with this key.
pub(super) fn blacklist_all_of(
    connection: &Connection,
    user: &Value,
    unless_expired_by: DateTime<Utc>,
    now: DateTime<Utc>,
) -> rusqlite::Result<usize> {
    let mut statement = connection.prepare_cached(
        "INSERT INTO token_blacklist_blacklistedtoken (blacklisted_at, token_id) \
         SELECT $1, id FROM token_blacklist_outstandingtoken \
         WHERE user_id = $2 AND expires_at > $3 \
         ON CONFLICT (token_id) DO NOTHING",
    )?;
    statement.execute(params![Timestamp(now), user, Timestamp(unless_expired_by)])
}
