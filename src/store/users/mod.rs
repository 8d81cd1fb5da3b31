//! The users: Django's `auth_user`, or the table of a project's own user model.

mod delete;
mod roster;
mod table;

use anyhow::Result;
use chrono::{DateTime, TimeDelta, Utc};
use tegata_jwt::UserId;

use super::columns::{Column, KeyForm, Row, Value};
use super::engine::Again;
use super::migrate::DJANGOS_USERS;
use super::session::{Session, Task};
use super::{Store, catalog};

pub use self::delete::Deleted;
pub use self::roster::{Place, UserRecord};
pub(super) use self::table::UserTable;

/// A user. No `Debug`: the password hash does not belong in logs.
pub struct User {
    /// The primary key.
    pub id: UserId,
    /// The name as stored.
    pub username: String,
    /// The password hash in Django's format.
    pub password: String,
    /// Whether the user may log in at all.
    pub is_active: bool,
    /// When the last login was, where that is kept.
    pub last_login: Option<DateTime<Utc>>,
}

/// A user as one was found, to be looked at once more in the transaction that counts: much may have
/// changed meanwhile, for hashing takes long. No `Debug`: the password hash does not belong in logs.
#[derive(Clone)]
pub struct Unchanged {
    id: UserId,
    /// The hash there must be still; `None` where any will do.
    password: Option<String>,
    must_be_active: bool,
}

impl Unchanged {
    /// A user who has shown a password: it must be the same still, and the user active.
    #[must_use]
    pub fn since_login(user: &User) -> Self {
        Self {
            password: Some(user.password.clone()),
            ..Self::holder(user, true)
        }
    }

    /// A user who holds a token: still there, and active where that is asked.
    #[must_use]
    pub fn holder(user: &User, must_be_active: bool) -> Self {
        Self {
            id: user.id.clone(),
            password: None,
            must_be_active,
        }
    }

    /// A user whose token ends with the password.
    #[must_use]
    pub fn with_password_of(self, user: &User) -> Self {
        Self {
            password: Some(user.password.clone()),
            ..self
        }
    }

    pub(super) async fn holds(&self, db: &Session<'_>, users: &UserTable) -> Result<bool> {
        let found = db
            .first(&users.holds, &self.values(users), |_| Ok(()))
            .await?;
        Ok(found.is_some())
    }

    /// What [`UserTable::holds`] takes.
    pub(super) fn values(&self, users: &UserTable) -> [Value<'_>; 3] {
        [
            users.key.write(&self.id),
            self.password.as_deref().into(),
            self.must_be_active.into(),
        ]
    }
}

/// A user to be created, active.
#[derive(Clone, Debug, Default)]
pub struct NewUser {
    /// The name, normalized.
    pub username: String,
    /// The e-mail address, or nothing.
    pub email: String,
    /// Whether the user may enter Django's admin.
    pub is_staff: bool,
    /// Whether the user has every permission in Django.
    pub is_superuser: bool,
}

impl Store {
    /// How long a user's name may be, in characters.
    #[must_use]
    pub fn max_username(&self) -> usize {
        self.users.max_username
    }

    /// The user of exactly this name, byte for byte. Where a table holds a name twice, it is nobody's:
    /// which of them was meant, nothing tells.
    pub async fn user_by_username(&self, username: &str) -> Result<Option<User>> {
        self.read(username.to_owned(), |db, users, username| {
            Box::pin(async move {
                let values = [username.as_str().into()];
                let read = |row: Row<'_>| read(row, users.key);
                let mut found = db.all(&users.by_username, &values, read).await?;
                if found.len() > 1 {
                    tracing::error!(table = users.table, "two users have the same name");
                    return Ok(None);
                }
                Ok(found.pop())
            })
        })
        .await
    }

    /// The user with this key.
    pub async fn user_by_id(&self, id: UserId) -> Result<Option<User>> {
        self.read(id, |db, users, id| {
            Box::pin(async move {
                let key = users.key.write(id);
                let read = |row: Row<'_>| read(row, users.key);
                db.first(&users.by_id, &[key], read).await
            })
        })
        .await
    }

    /// Creates a user with a password hash in Django's format, unless the name is taken.
    pub async fn create_user(
        &self,
        user: NewUser,
        password: String,
        date_joined: DateTime<Utc>,
    ) -> Result<Option<UserId>> {
        let row = self.users.row(&user, password, date_joined)?;
        self.write(row, |db, users, row| {
            Box::pin(async move {
                let (columns, values): (Vec<_>, Vec<_>) = row.iter().cloned().unzip();
                let places: Vec<_> = (1..=values.len())
                    .map(|place| format!("${place}"))
                    .collect();
                let sql = format!(
                    "INSERT INTO {} ({}) VALUES ({}) ON CONFLICT ({}) DO NOTHING RETURNING {}",
                    users.name,
                    columns.join(", "),
                    places.join(", "),
                    users.username,
                    users.id_as_read
                );
                let read = |row: Row<'_>| users.key.read(row, 0);
                db.first(&sql, &values, read).await
            })
        })
        .await
    }

    /// Sets a user's password hash, whatever it was: `false` where the user is gone.
    pub async fn set_password(&self, id: UserId, password: String) -> Result<bool> {
        self.update(id, self.users.password.clone(), password.into())
            .await
    }

    /// Puts another hash of the same password in the place of the old one. `false`, and nothing
    /// written, where the old one stands no more: a password changed meanwhile is not undone.
    pub async fn upgrade_password(&self, id: UserId, old: String, new: String) -> Result<bool> {
        self.write((id, old, new), |db, users, (id, old, new)| {
            Box::pin(async move {
                let sql = format!(
                    "UPDATE {} SET {password} = $1 WHERE {} AND {password} = $3",
                    users.name,
                    users.is_key(2),
                    password = users.password
                );
                let values = [
                    new.as_str().into(),
                    users.key.write(id),
                    old.as_str().into(),
                ];
                Ok(db.execute(&sql, &values).await? == 1)
            })
        })
        .await
    }

    /// Lets a user log in, or lets one no longer: `false` where the user is gone.
    pub async fn set_active(&self, id: UserId, is_active: bool) -> Result<bool> {
        anyhow::ensure!(
            self.users.keeps_is_active(),
            "every user is active here: [users] is_active_column names no column"
        );
        self.update(id, self.users.is_active.clone(), is_active.into())
            .await
    }

    /// Records when a user logged in, unless a login within [`LAST_LOGIN_PRECISION`] was. Nobody
    /// waits for it: a failure goes to the log.
    pub fn set_last_login(&self, id: UserId, time: DateTime<Utc>) {
        let set: Task<(UserId, DateTime<Utc>), ()> =
            |db, users, (id, time)| Box::pin(set_last_login(db, users, id, *time));
        let done = self.submit((id, time), set, Again::Always);
        tokio::spawn(async move {
            if let Err(error) = done.await {
                tracing::error!(error = format!("{error:#}"), "a last login is not recorded");
            }
        });
    }

    /// Whether this database was made by tegata and has never had a user: Django fills
    /// `django_content_type` as soon as it migrates, and counters remember who is gone. Of a
    /// project's own table nobody knows.
    pub async fn never_had_a_user(&self) -> Result<bool> {
        if self.users.table != DJANGOS_USERS {
            return Ok(false);
        }
        self.read((), |db, _, ()| {
            Box::pin(async move {
                let sql = "SELECT NOT EXISTS (SELECT 1 FROM django_content_type)";
                let is_ours: bool = db.one(sql, &[], |row| row.get(0)).await?;
                Ok(is_ours && !catalog::had_a_row(db, DJANGOS_USERS).await?)
            })
        })
        .await
    }

    async fn update(&self, id: UserId, column: String, value: Value<'static>) -> Result<bool> {
        self.write_idempotent((id, column, value), |db, users, (id, column, value)| {
            Box::pin(async move {
                let is_key = users.is_key(2);
                let sql = format!("UPDATE {} SET {column} = $1 WHERE {is_key}", users.name);
                let values = [value.clone(), users.key.write(id)];
                Ok(db.execute(&sql, &values).await? == 1)
            })
        })
        .await
    }
}

async fn set_last_login(
    db: &Session<'_>,
    users: &UserTable,
    id: &UserId,
    time: DateTime<Utc>,
) -> Result<()> {
    let Some(column) = &users.last_login else {
        return Ok(());
    };
    let sql = format!(
        "UPDATE {} SET {column} = $1 WHERE {} \
         AND ({column} IS NULL OR {column} <= $3 OR {column} > $1)",
        users.name,
        users.is_key(2)
    );
    let before = time - LAST_LOGIN_PRECISION;
    let values = [time.into(), users.key.write(id), before.into()];
    db.execute(&sql, &values).await.map(drop)
}

fn read(row: Row<'_>, key: KeyForm) -> Result<User> {
    Ok(User {
        id: key.read(row, 0)?,
        username: or_nothing(row, 1),
        password: or_nothing(row, 2),
        is_active: or_nothing(row, 3),
        // What is no time is written anew by the next login.
        last_login: row.time(4),
    })
}

/// A column of a project's own table may hold nothing, or what it should not: a user without a name
/// or a password, or who is not said to be active, is refused as any other, and is no failure.
fn or_nothing<T: Column + Default>(row: Row<'_>, index: usize) -> T {
    row.get(index).unwrap_or_else(|error| {
        tracing::warn!("a user's row is damaged: {error}");
        T::default()
    })
}

/// `last_login` is at most so much too old.
pub const LAST_LOGIN_PRECISION: TimeDelta = TimeDelta::minutes(1);
