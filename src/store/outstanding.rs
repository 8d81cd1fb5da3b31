//! Django's `token_blacklist_outstandingtoken` and `token_blacklist_blacklistedtoken`.

use anyhow::Result;
use chrono::{DateTime, Utc};
use rusqlite::{Connection, params};
use tegata_jwt::UserId;

use super::Store;
use super::columns::{Timestamp, UserKey};
use super::users::{Unchanged, set_last_login};

/// A refresh or sliding token's row. No `Debug`: tokens do not belong in logs.
pub struct OutstandingToken {
    /// The primary key of its user, or what a token says it is.
    pub user: Option<UserId>,
    /// The token's identifier.
    pub jti: String,
    /// What is kept of the token.
    pub token: String,
    /// When it was issued, or first seen.
    pub created_at: DateTime<Utc>,
    /// When it expires.
    pub expires_at: DateTime<Utc>,
}

/// A refresh that gives a new refresh token for an old one.
pub struct Rotation {
    /// The user must still be so.
    pub user: Option<Unchanged>,
    /// The row of the old token, where tokens have rows: it must not be blacklisted yet.
    pub old: Option<OutstandingToken>,
    /// Whether the old token is blacklisted with this.
    pub blacklists: bool,
    /// The row of the new token, where tokens have rows.
    pub new: Option<OutstandingToken>,
}

/// What became of a rotation. In every case but the first nothing was written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rotated {
    /// Done, and durable.
    Done,
    /// The old token was blacklisted before: somebody else used it, or logged out.
    Blacklisted,
    /// The user is gone by now, or no longer the same.
    UserChanged,
}

impl Store {
    /// Records a login: its token's row, where tokens have one, and when it was, where users keep
    /// that. `false`, and nothing written, where the user by now is gone or no longer the same.
    pub async fn record_login(
        &self,
        user: Unchanged,
        row: Option<OutstandingToken>,
        last_login: Option<DateTime<Utc>>,
    ) -> Result<bool> {
        if row.is_none() && last_login.is_none() {
            return self
                .sqlite
                .read(move |connection| user.holds(connection))
                .await;
        }
        let record = move |connection: &Connection| {
            if !user.holds(connection)? {
                return Ok(false);
            }
            if let Some(row) = &row {
                insert(connection, row)?;
            }
            if let Some(time) = last_login {
                set_last_login(connection, &user, time)?;
            }
            Ok(true)
        };
        self.sqlite.write(record).await
    }

    /// Rotates a refresh token in one transaction: where that blacklists the old token, one of any
    /// number of callers with it is first, and the others are refused.
    pub async fn rotate(&self, rotation: Rotation, now: DateTime<Utc>) -> Result<Rotated> {
        let rotate = move |connection: &Connection| {
            if let Some(user) = &rotation.user
                && !user.holds(connection)?
            {
                return Ok(Rotated::UserChanged);
            }
            if let Some(old) = &rotation.old {
                let is_first = if rotation.blacklists {
                    blacklist(connection, old, now)?
                } else {
                    !is_blacklisted(connection, &old.jti)?
                };
                if !is_first {
                    return Ok(Rotated::Blacklisted);
                }
            }
            if let Some(new) = &rotation.new {
                insert(connection, new)?;
            }
            Ok(Rotated::Done)
        };
        self.sqlite.write(rotate).await
    }

    /// Blacklists a token, whoever issued it; `false` where it was so already.
    pub async fn blacklist(&self, row: OutstandingToken, now: DateTime<Utc>) -> Result<bool> {
        let add = move |connection: &Connection| blacklist(connection, &row, now);
        self.sqlite.write(add).await
    }

    /// Whether a token is blacklisted.
    pub async fn is_blacklisted(&self, jti: &str) -> Result<bool> {
        let jti = jti.to_owned();
        let find = move |connection: &Connection| is_blacklisted(connection, &jti);
        self.sqlite.read(find).await
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
fn insert(connection: &Connection, row: &OutstandingToken) -> rusqlite::Result<()> {
    let mut statement = connection.prepare_cached(
        "INSERT INTO token_blacklist_outstandingtoken \
         (token, created_at, expires_at, user_id, jti) \
         VALUES ($1, $2, $3, (SELECT id FROM auth_user WHERE id = $4), $5) \
         ON CONFLICT (jti) DO NOTHING",
    )?;
    statement.execute(params![
        row.token,
        Timestamp(row.created_at),
        Timestamp(row.expires_at),
        row.user.as_ref().map(UserKey),
        row.jti
    ])?;
    Ok(())
}

fn is_blacklisted(connection: &Connection, jti: &str) -> rusqlite::Result<bool> {
    let mut statement = connection.prepare_cached(
        "SELECT EXISTS (SELECT 1 FROM token_blacklist_blacklistedtoken AS blacklisted \
         JOIN token_blacklist_outstandingtoken AS outstanding \
         ON outstanding.id = blacklisted.token_id WHERE outstanding.jti = $1)",
    )?;
    statement.query_row([jti], |row| row.get(0))
}

fn blacklist(
    connection: &Connection,
    row: &OutstandingToken,
    now: DateTime<Utc>,
) -> rusqlite::Result<bool> {
    insert(connection, row)?;
    let mut statement = connection.prepare_cached(
        "INSERT INTO token_blacklist_blacklistedtoken (blacklisted_at, token_id) \
         SELECT $1, id FROM token_blacklist_outstandingtoken WHERE jti = $2 \
         ON CONFLICT (token_id) DO NOTHING",
    )?;
    Ok(statement.execute(params![Timestamp(now), row.jti])? == 1)
}
