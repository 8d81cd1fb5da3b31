//! Django's `auth_user`.

use anyhow::Result;
use chrono::{DateTime, Utc};
use rusqlite::{Connection, OptionalExtension, Row, params};
use tegata_jwt::UserId;

use super::Store;
use super::columns::{Timestamp, UserKey};

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

    pub(super) fn holds(&self, connection: &Connection) -> rusqlite::Result<bool> {
        let mut statement = connection.prepare_cached(
            "SELECT EXISTS (SELECT 1 FROM auth_user WHERE id = $1 \
             AND ($2 IS NULL OR password = $2) AND (is_active OR NOT $3))",
        )?;
        let values = params![UserKey(&self.id), self.password, self.must_be_active];
        statement.query_row(values, |row| row.get(0))
    }
}

pub(super) fn set_last_login(
    connection: &Connection,
    user: &Unchanged,
    time: DateTime<Utc>,
) -> rusqlite::Result<()> {
    let mut statement =
        connection.prepare_cached("UPDATE auth_user SET last_login = $1 WHERE id = $2")?;
    statement.execute(params![Timestamp(time), UserKey(&user.id)])?;
    Ok(())
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
    /// The user of exactly this name, byte for byte.
    pub async fn user_by_username(&self, username: &str) -> Result<Option<User>> {
        let username = username.to_owned();
        self.sqlite
            .read(move |connection| find(connection, "username", &username))
            .await
    }

    /// The user with this key.
    pub async fn user_by_id(&self, id: UserId) -> Result<Option<User>> {
        self.sqlite
            .read(move |connection| find(connection, "id", &UserKey(&id)))
            .await
    }

    /// Creates a user with a password hash in Django's format, unless the name is taken.
    pub async fn create_user(
        &self,
        user: NewUser,
        password: String,
        date_joined: DateTime<Utc>,
    ) -> Result<Option<UserId>> {
        let insert = move |connection: &Connection| {
            let mut statement = connection.prepare_cached(
                "INSERT INTO auth_user (username, password, email, is_staff, is_superuser, \
                 is_active, date_joined, first_name, last_name) \
                 VALUES ($1, $2, $3, $4, $5, TRUE, $6, '', '') \
                 ON CONFLICT (username) DO NOTHING RETURNING CAST(id AS BIGINT)",
            )?;
            let values = params![
                user.username,
                password,
                user.email,
                user.is_staff,
                user.is_superuser,
                Timestamp(date_joined)
            ];
            statement
                .query_row(values, |row| row.get(0).map(UserId::Number))
                .optional()
        };
        self.sqlite.write(insert).await
    }

    /// Puts another hash of the same password in the place of the old one. `false`, and nothing
    /// written, where the old one stands no more: a password changed meanwhile is not undone.
    pub async fn upgrade_password(&self, id: UserId, old: String, new: String) -> Result<bool> {
        let update = move |connection: &Connection| {
            let mut statement = connection.prepare_cached(
                "UPDATE auth_user SET password = $1 WHERE id = $2 AND password = $3",
            )?;
            let updated = statement.execute(params![new, UserKey(&id), old])?;
            Ok(updated == 1)
        };
        self.sqlite.write(update).await
    }

    /// Whether this database was made by tegata and has never had a user: Django fills
    /// `django_content_type` as soon as it migrates, and `AUTOINCREMENT` remembers who is gone.
    pub async fn never_had_a_user(&self) -> Result<bool> {
        let sql = "SELECT NOT EXISTS (SELECT 1 FROM django_content_type) AND NOT EXISTS \
                   (SELECT 1 FROM sqlite_sequence WHERE name = 'auth_user' AND seq > 0)";
        let has_no_row = |connection: &Connection| connection.query_row(sql, [], |row| row.get(0));
        self.sqlite.read(has_no_row).await
    }
}

fn find(
    connection: &Connection,
    column: &str,
    value: &impl rusqlite::ToSql,
) -> rusqlite::Result<Option<User>> {
    let sql = format!(
        "SELECT CAST(id AS BIGINT), username, password, is_active FROM auth_user \
         WHERE {column} = $1"
    );
    let mut statement = connection.prepare_cached(&sql)?;
    statement.query_row([value], read).optional()
}

fn read(row: &Row<'_>) -> rusqlite::Result<User> {
    Ok(User {
        id: UserId::Number(row.get(0)?),
        username: row.get(1)?,
        password: row.get(2)?,
        is_active: row.get(3)?,
    })
}
