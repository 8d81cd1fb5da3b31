use anyhow::Result;
use chrono::{DateTime, Utc};
use rusqlite::types::Value;
use rusqlite::{Connection, OptionalExtension, Row};
use tegata_jwt::UserId;

use super::{UserTable, or_nothing};
use crate::store::Store;
use crate::store::columns::Timestamp;

/// Where a user stands in the order of keys: the key as the table has it.
#[derive(Clone)]
pub struct Place(Value);

/// What there is to know of a user. What a project's own model has no column for is `None`.
pub struct UserRecord {
    /// The primary key.
    pub id: UserId,
    /// Where the user stands among the others.
    pub place: Place,
    /// The name as stored.
    pub username: String,
    /// The e-mail address.
    pub email: Option<String>,
    /// Whether the user may log in at all.
    pub is_active: bool,
    /// Whether the user may enter Django's admin.
    pub is_staff: Option<bool>,
    /// Whether the user has every permission in Django.
    pub is_superuser: Option<bool>,
    /// When the last login was.
    pub last_login: Option<DateTime<Utc>>,
    /// When the user was created.
    pub date_joined: Option<DateTime<Utc>>,
}

impl Store {
    /// The next users after a place, in the order of their keys, `limit` at most.
    pub async fn users_after(&self, place: Option<Place>, limit: u32) -> Result<Vec<UserRecord>> {
        let users = self.users.clone();
        let read_some = move |connection: &Connection| {
            let after = (place.clone()).map_or(Value::Null, |Place(key)| key);
            let sql = format!(
                "{} WHERE $1 IS NULL OR {id} > $1 ORDER BY {id} LIMIT $2",
                select(&users),
                id = users.id
            );
            let mut statement = connection.prepare(&sql)?;
            let rows = statement.query_map((after, limit), |row| read(row, &users));
            rows?.collect()
        };
        self.sqlite.read_at_leisure(read_some).await
    }

    /// What there is to know of the user of exactly this name.
    pub async fn user_record(&self, username: &str) -> Result<Option<UserRecord>> {
        let (users, username) = (self.users.clone(), username.to_owned());
        let find = move |connection: &Connection| {
            let sql = format!("{} WHERE {} = $1", select(&users), users.username);
            let found = connection.query_row(&sql, [&username], |row| read(row, &users));
            found.optional()
        };
        self.sqlite.read(find).await
    }
}

fn select(users: &UserTable) -> String {
    let last_login = users.last_login.as_deref().unwrap_or("NULL");
    format!(
        "SELECT {}, {}, {}, {}, {}, {}, {last_login}, {} FROM {}",
        users.id,
        users.username,
        users.if_there("email"),
        users.is_active,
        users.if_there("is_staff"),
        users.if_there("is_superuser"),
        users.if_there("date_joined"),
        users.name
    )
}

fn read(row: &Row<'_>, users: &UserTable) -> rusqlite::Result<UserRecord> {
    let time = |index| row.get(index).ok().map(|Timestamp(time)| time);
    Ok(UserRecord {
        id: users.key.read(row, 0)?,
        place: Place(row.get(0)?),
        username: or_nothing(row, 1),
        email: or_nothing(row, 2),
        is_active: or_nothing(row, 3),
        is_staff: or_nothing(row, 4),
        is_superuser: or_nothing(row, 5),
        last_login: time(6),
        date_joined: time(7),
    })
}
