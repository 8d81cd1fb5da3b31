//! Django's `token_blacklist_outstandingtoken` and `token_blacklist_blacklistedtoken`.

use anyhow::Result;
use chrono::{DateTime, Utc};
use rusqlite::{Connection, params};
use tegata_jwt::{Issued, Jti, UserId};

use super::columns::{Timestamp, UserKey};
use super::{Store, User};
use crate::settings::StoredToken;

/// A refresh token's row. No `Debug`: tokens do not belong in logs.
pub struct OutstandingToken {
    user: UserId,
    /// The hash the user logged in against.
    password: String,
    jti: Jti,
    /// What is kept of the token.
    token: String,
    created_at: DateTime<Utc>,
    expires_at: DateTime<Utc>,
}

impl OutstandingToken {
    /// The row of a token that was issued to `user`.
    #[must_use]
    pub fn new(user: &User, issued: &Issued, stored: StoredToken) -> Self {
        Self {
            user: user.id.clone(),
            password: user.password.clone(),
            jti: issued.jti.clone(),
            token: stored.of(&issued.token).to_owned(),
            created_at: issued.issued_at,
            expires_at: issued.expires_at,
        }
    }
}

impl Store {
    /// Records a token as outstanding; `false` where its user by now is gone, no longer active, or
    /// has another password.
    pub async fn record_outstanding(&self, row: OutstandingToken) -> Result<bool> {
        let insert = move |connection: &Connection| {
            let mut statement = connection.prepare_cached(
                "INSERT INTO token_blacklist_outstandingtoken \
                 (token, created_at, expires_at, user_id, jti) \
                 SELECT $1, $2, $3, id, $4 FROM auth_user \
                 WHERE id = $5 AND is_active AND password = $6",
            )?;
            let inserted = statement.execute(params![
                row.token,
                Timestamp(row.created_at),
                Timestamp(row.expires_at),
                row.jti.as_str(),
                UserKey(row.user),
                row.password
            ])?;
            Ok(inserted == 1)
        };
        self.sqlite.write(insert).await
    }

    /// Whether a token is blacklisted.
    pub async fn is_blacklisted(&self, jti: &Jti) -> Result<bool> {
        let jti = jti.as_str().to_owned();
        let find = move |connection: &Connection| {
            let mut statement = connection.prepare_cached(
                "SELECT EXISTS (SELECT 1 FROM token_blacklist_blacklistedtoken AS blacklisted \
                 JOIN token_blacklist_outstandingtoken AS outstanding \
                 ON outstanding.id = blacklisted.token_id WHERE outstanding.jti = $1)",
            )?;
            statement.query_row([&jti], |row| row.get(0))
        };
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
