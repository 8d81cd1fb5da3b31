//! The users: Django's `auth_user`, or the table of a project's own user model.

mod delete;
mod roster;
mod table;

use anyhow::Result;
use chrono::{DateTime, TimeDelta, Utc};
use rusqlite::types::{FromSql, Value};
use rusqlite::{Connection, OptionalExtension, Row, params, params_from_iter};
use tegata_jwt::UserId;

use super::Store;
use super::columns::{KeyForm, Timestamp};
use super::migrate::DJANGOS_USERS;

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

    pub(super) fn holds(
        &self,
        connection: &Connection,
        users: &UserTable,
    ) -> rusqlite::Result<bool> {
        let mut statement = connection.prepare_cached(&users.holds)?;
        let id = users.key.write(&self.id);
        let values = params![id, self.password, self.must_be_active];
        statement.query_row(values, |row| row.get(0))
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
        let (users, username) = (self.users.clone(), username.to_owned());
        let find = move |connection: &Connection| {
            let mut statement = connection.prepare_cached(&users.by_username)?;
            let mut rows = statement.query([&username])?;
            let Some(first) = rows.next()? else {
                return Ok(None);
            };
            let user = read(first, users.key)?;
            if rows.next()?.is_some() {
                tracing::error!(table = users.table, "two users have the same name");
                return Ok(None);
            }
            Ok(Some(user))
        };
        self.sqlite.read(find).await
    }

    /// The user with this key.
    pub async fn user_by_id(&self, id: UserId) -> Result<Option<User>> {
        let users = self.users.clone();
        let find = move |connection: &Connection| {
            let mut statement = connection.prepare_cached(&users.by_id)?;
            let key = users.key.write(&id);
            let found = statement.query_row([key], |row| read(row, users.key));
            found.optional()
        };
        self.sqlite.read(find).await
    }

    /// Creates a user with a password hash in Django's format, unless the name is taken.
    pub async fn create_user(
        &self,
        user: NewUser,
        password: String,
        date_joined: DateTime<Utc>,
    ) -> Result<Option<UserId>> {
        let users = self.users.clone();
        let values = users.row(&user, password, date_joined)?;
        let insert = move |connection: &Connection| {
            let (columns, values): (Vec<_>, Vec<_>) = values.into_iter().unzip();
            let places: Vec<_> = (1..=values.len())
                .map(|place| format!("${place}"))
                .collect();
            let sql = format!(
                "INSERT INTO {} ({}) VALUES ({}) ON CONFLICT ({}) DO NOTHING RETURNING {}",
                users.name,
                columns.join(", "),
                places.join(", "),
                users.username,
                users.id
            );
            let read = |row: &Row<'_>| users.key.read(row, 0);
            let inserted = connection.query_row(&sql, params_from_iter(values), read);
            inserted.optional()
        };
        self.sqlite.write(insert).await
    }

    /// Sets a user's password hash, whatever it was: `false` where the user is gone.
    pub async fn set_password(&self, id: UserId, password: String) -> Result<bool> {
        self.update(id, self.users.password.clone(), password.into())
            .await
    }

    /// Puts another hash of the same password in the place of the old one. `false`, and nothing
    /// written, where the old one stands no more: a password changed meanwhile is not undone.
    pub async fn upgrade_password(&self, id: UserId, old: String, new: String) -> Result<bool> {
        let users = self.users.clone();
        let update = move |connection: &Connection| {
            let sql = format!(
                "UPDATE {} SET {password} = $1 WHERE {} = $2 AND {password} = $3",
                users.name,
                users.id,
                password = users.password
            );
            connection.execute(&sql, params![new, users.key.write(&id), old])
        };
        Ok(self.sqlite.write(update).await? == 1)
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
        let users = self.users.clone();
        let set = move |connection: &Connection| {
            let Some(column) = &users.last_login else {
                return Ok(());
            };
            let mut statement = connection.prepare_cached(&format!(
                "UPDATE {} SET {column} = $1 WHERE {} = $2 \
                 AND ({column} IS NULL OR {column} <= $3 OR {column} > $1)",
                users.name, users.id
            ))?;
            let before = Timestamp(time - LAST_LOGIN_PRECISION);
            statement.execute(params![Timestamp(time), users.key.write(&id), before])?;
            Ok(())
        };
        let done = self.sqlite.submit(set);
        tokio::spawn(async move {
            if let Err(error) = done.await {
                tracing::error!(error = format!("{error:#}"), "a last login is not recorded");
            }
        });
    }

    /// Whether this database was made by tegata and has never had a user: Django fills
    /// `django_content_type` as soon as it migrates, and `AUTOINCREMENT` remembers who is gone. Of a
    /// project's own table nobody knows.
    pub async fn never_had_a_user(&self) -> Result<bool> {
        if self.users.table != DJANGOS_USERS {
            return Ok(false);
        }
        let sql = "SELECT NOT EXISTS (SELECT 1 FROM django_content_type) AND NOT EXISTS \
                   (SELECT 1 FROM sqlite_sequence WHERE name = 'auth_user' AND seq > 0)";
        let has_no_row = |connection: &Connection| connection.query_row(sql, [], |row| row.get(0));
        self.sqlite.read(has_no_row).await
    }

    async fn update(&self, id: UserId, column: String, value: Value) -> Result<bool> {
        let users = self.users.clone();
        let update = move |connection: &Connection| {
            let sql = format!(
                "UPDATE {} SET {column} = $1 WHERE {} = $2",
                users.name, users.id
            );
            connection.execute(&sql, params![value, users.key.write(&id)])
        };
        Ok(self.sqlite.write(update).await? == 1)
    }
}

fn read(row: &Row<'_>, key: KeyForm) -> rusqlite::Result<User> {
    Ok(User {
        id: key.read(row, 0)?,
        username: or_nothing(row, 1),
        password: or_nothing(row, 2),
        is_active: or_nothing(row, 3),
        // What is no time is written anew by the next login.
        last_login: row.get(4).ok().map(|Timestamp(time)| time),
    })
}

/// A column of a project's own table may hold nothing, or what it should not: a user without a name
/// or a password, or who is not said to be active, is refused as any other, and is no failure.
fn or_nothing<T: FromSql + Default>(row: &Row<'_>, index: usize) -> T {
    row.get(index).unwrap_or_else(|error| {
        tracing::warn!("a user's row is damaged: {error}");
        T::default()
    })
}

/// `last_login` is at most so much too old.
pub const LAST_LOGIN_PRECISION: TimeDelta = TimeDelta::minutes(1);
