use anyhow::Result;
use chrono::{DateTime, Utc};
use tegata_jwt::UserId;

use super::table::NO_TIME;
use super::{UserTable, or_nothing};
use crate::store::Store;
use crate::store::columns::{Row, Value};

/// Where a user stands in the order of keys: the key as the table has it.
#[derive(Clone)]
pub struct Place(Value<'static>);

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
        self.read_at_leisure((place, limit), |db, users, (place, limit)| {
            Box::pin(async move {
                let limit = i64::from(*limit).into();
                let (after, values) = match place {
                    Some(Place(key)) => {
                        let after = format!("WHERE {} > {}", users.id, users.key.place(1));
                        (after, vec![key.clone(), limit])
                    }
                    None => (String::new(), vec![limit]),
                };
                let sql = format!(
                    "{} {after} ORDER BY {} LIMIT CAST(${} AS BIGINT)",
                    select(users),
                    users.id,
                    values.len()
                );
                db.all(&sql, &values, |row| read(row, users)).await
            })
        })
        .await
    }

    /// What there is to know of the user of exactly this name.
    pub async fn user_record(&self, username: &str) -> Result<Option<UserRecord>> {
        self.read(username.to_owned(), |db, users, username| {
            Box::pin(async move {
                let sql = format!("{} WHERE {} = $1", select(users), users.username);
                let values = [username.as_str().into()];
                db.first(&sql, &values, |row| read(row, users)).await
            })
        })
        .await
    }
}

fn select(users: &UserTable) -> String {
    let no_truth = "CAST(NULL AS BOOLEAN)";
    [
        "SELECT",
        &[
            users.id_as_read.as_str(),
            &users.username,
            &users.if_there("email", "CAST(NULL AS TEXT)"),
            &users.is_active,
            &users.if_there("is_staff", no_truth),
            &users.if_there("is_superuser", no_truth),
            users.last_login.as_deref().unwrap_or(NO_TIME),
            &users.if_there("date_joined", NO_TIME),
        ]
        .join(", "),
        "FROM",
        &users.name,
    ]
    .join(" ")
}

fn read(row: Row<'_>, users: &UserTable) -> Result<UserRecord> {
    Ok(UserRecord {
        id: users.key.read(row, 0)?,
        place: Place(users.key.read_value(row, 0)?),
        username: or_nothing(row, 1),
        email: or_nothing(row, 2),
        is_active: or_nothing(row, 3),
        is_staff: or_nothing(row, 4),
        is_superuser: or_nothing(row, 5),
        last_login: row.time(6),
        date_joined: row.time(7),
    })
}
