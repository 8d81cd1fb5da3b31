//! Django's `token_blacklist_outstandingtoken` and `token_blacklist_blacklistedtoken`.

use anyhow::{Context, Result, bail};
use chrono::{DateTime, Utc};
use tegata_jwt::{Jti, UserId};

use super::columns::{KeyForm, Value};
use super::session::{Session, Task};
use super::users::{Unchanged, UserTable};
use super::{Store, catalog};

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
        let Some(row) = row else {
            let look: Task<Unchanged, bool> = |db, users, user| Box::pin(user.holds(db, users));
            return self.read(user, look).await;
        };
        self.write_idempotent((user, row), |db, users, (user, row)| {
            Box::pin(async move {
                let holds = user.holds(db, users).await?;
                if holds {
                    insert(db, users, row).await?;
                }
                Ok(holds)
            })
        })
        .await
    }

    /// Whether a token is blacklisted.
    pub async fn is_blacklisted(&self, jti: &Jti) -> Result<bool> {
        let find: Task<Jti, bool> = |db, _, jti| Box::pin(is_blacklisted(db, jti));
        self.read(jti.clone(), find).await
    }

    /// Blacklists a user's tokens, but for those that expired before a moment, and answers how many
    /// there were that were not so already.
    pub async fn blacklist_all_of(
        &self,
        user: UserId,
        unless_expired_by: DateTime<Utc>,
        now: DateTime<Utc>,
    ) -> Result<usize> {
        let asked = (user, unless_expired_by, now);
        self.write(asked, |db, users, (user, unless_expired_by, now)| {
            Box::pin(blacklist_all_of(db, users, user, *unless_expired_by, *now))
        })
        .await
    }

    /// Whether a token was ever outstanding here, flushed ones included: counters remember.
    pub async fn has_ever_issued(&self) -> Result<bool> {
        let find: Task<(), bool> = |db, _, ()| Box::pin(catalog::had_a_row(db, OUTSTANDING));
        self.read((), find).await
    }
}

/// Inserts a token's row, unless it has one. A user who does not exist is no user.
pub(super) async fn insert(
    db: &Session<'_>,
    users: &UserTable,
    row: &OutstandingToken,
) -> Result<bool> {
    let user = row.user.as_ref().map(|user| users.key.write(user));
    let values = [
        row.token.as_str().into(),
        row.created_at.into(),
        row.expires_at.into(),
        user.unwrap_or(Value::Null),
        row.jti.as_str().into(),
    ];
    Ok(db.execute(&users.record_token, &values).await? == 1)
}

/// What [`insert`] says in SQL, of users of this table with keys of this form, names quoted.
pub(super) fn insertion(users: &str, id: &str, key: KeyForm) -> String {
    format!(
        "INSERT INTO token_blacklist_outstandingtoken \
         (token, created_at, expires_at, user_id, jti) \
         VALUES ($1, $2, $3, (SELECT {id} FROM {users} WHERE {id} = {}), $5) \
         ON CONFLICT (jti) DO NOTHING",
        key.place(4)
    )
}

/// Refuses a table of users that is not the one tokens belong to, and a table of tokens that does not
/// take their [`insertion`]: no token could be recorded.
pub(super) async fn require_tokens_of(
    db: &Session<'_>,
    users: &str,
    insertion: &str,
) -> Result<()> {
    if let Some(other) = catalog::other_owner_of_tokens(db, users).await? {
        bail!(
            "tokens belong to users of the table {other}, and not of {users}: name the table of \
             AUTH_USER_MODEL in [users] table"
        );
    }
    db.prepare(insertion).await.context(
        "the table token_blacklist_outstandingtoken is not as the newest migration of Ninja JWT \
         makes it: run `manage.py migrate`",
    )?;
    Ok(())
}

pub(super) async fn is_blacklisted(db: &Session<'_>, jti: &Jti) -> Result<bool> {
    let sql = "SELECT EXISTS (SELECT 1 FROM token_blacklist_blacklistedtoken AS blacklisted \
               JOIN token_blacklist_outstandingtoken AS outstanding \
               ON outstanding.id = blacklisted.token_id WHERE outstanding.jti = $1)";
    db.one(sql, &[jti.as_str().into()], |row| row.get(0)).await
}

/// Blacklists a token, whoever issued it. The row is what arbitrates: of any number of callers one
/// inserts it, and is told `true`.
pub(super) async fn blacklist(
    db: &Session<'_>,
    users: &UserTable,
    row: &OutstandingToken,
    now: DateTime<Utc>,
) -> Result<bool> {
    let values = [now.into(), row.jti.as_str().into()];
    if db.execute(ADD, &values).await? == 1 {
        return keep_until(db, row).await.map(|()| true);
    }
    // It is blacklisted already, or has no row yet, or got one just now.
    insert(db, users, row).await?;
    Ok(db.execute(ADD, &values).await? == 1)
}

/// Has a row that was there before expire no sooner than its token: code of a Django project can let
/// a token live longer after its row was written, and a flush goes by the row.
async fn keep_until(db: &Session<'_>, row: &OutstandingToken) -> Result<()> {
    let sql = "UPDATE token_blacklist_outstandingtoken SET expires_at = $1 \
               WHERE jti = $2 AND expires_at < $1";
    let values = [row.expires_at.into(), row.jti.as_str().into()];
    db.execute(sql, &values).await.map(drop)
}

/// Blacklists the tokens of a user. Whoever is about to get one has it before, or
/// finds that the user's old one is blacklisted.
pub(super) async fn blacklist_all_of(
    db: &Session<'_>,
    users: &UserTable,
    user: &UserId,
    unless_expired_by: DateTime<Utc>,
    now: DateTime<Utc>,
) -> Result<usize> {
    let user = users.key.write(user);
    users.lock(db, std::slice::from_ref(&user)).await?;
    let sql = format!(
        "INSERT INTO token_blacklist_blacklistedtoken (blacklisted_at, token_id) \
         SELECT $1, id FROM token_blacklist_outstandingtoken \
         WHERE user_id = {} AND expires_at > $3 \
         ON CONFLICT (token_id) DO NOTHING",
        users.key.place(2)
    );
    let values = [now.into(), user, unless_expired_by.into()];
    db.execute(&sql, &values).await
}

const ADD: &str = "\
    INSERT INTO token_blacklist_blacklistedtoken (blacklisted_at, token_id) \
    SELECT $1, id FROM token_blacklist_outstandingtoken WHERE jti = $2 \
    ON CONFLICT (token_id) DO NOTHING";
pub(super) const OUTSTANDING: &str = "token_blacklist_outstandingtoken";
