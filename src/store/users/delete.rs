use anyhow::Result;
use chrono::{DateTime, Utc};
use rusqlite::{Connection, params};
use tegata_jwt::UserId;

use super::UserTable;
use super::table::quoted;
use crate::store::Store;
use crate::store::outstanding::blacklist_all_of;

/// What became of a user who was to be deleted.
#[derive(Debug, PartialEq, Eq)]
pub enum Deleted {
    /// The user is gone, and so is what says which groups and permissions the user had.
    Done,
    /// There was no such user.
    Missing,
    /// Nothing was deleted: rows of this table belong to the user, and what becomes of them only
    /// Django knows.
    Needed(String),
}

impl Store {
    /// Deletes a user as Django does: outstanding tokens stay, without a user. Here they are
    /// blacklisted, too.
    pub async fn delete_user(&self, id: UserId, now: DateTime<Utc>) -> Result<Deleted> {
        let users = self.users.clone();
        let delete = move |connection: &Connection| delete(connection, &users, &id, now);
        self.sqlite.write(delete).await
    }
}

fn delete(
    connection: &Connection,
    users: &UserTable,
    id: &UserId,
    now: DateTime<Utc>,
) -> rusqlite::Result<Deleted> {
    let key = users.key.write(id);
    let references = references(connection, users)?;
    for Reference { table, column, to } in &references {
        let sql = format!(
            "SELECT EXISTS (SELECT 1 FROM {} AS referrer, {} AS referred \
             WHERE referred.{} = $1 AND referrer.{} = referred.{})",
            quoted(table),
            users.name,
            users.id,
            quoted(column),
            to.as_deref().map_or_else(|| users.id.clone(), quoted),
        );
        let is_known = *table == OUTSTANDING || users.is_membership(table);
        if !is_known && connection.query_row(&sql, [&key], |row| row.get(0))? {
            return Ok(Deleted::Needed(table.clone()));
        }
    }

    for Reference { table, column, .. } in &references {
        let (name, column) = (quoted(table), quoted(column));
        let sql = if *table == OUTSTANDING {
            blacklist_all_of(connection, &key, DateTime::UNIX_EPOCH, now)?;
            format!("UPDATE {name} SET {column} = NULL WHERE {column} = $1")
        } else {
            format!("DELETE FROM {name} WHERE {column} = $1")
        };
        connection.execute(&sql, params![key])?;
    }
    let sql = format!("DELETE FROM {} WHERE {} = $1", users.name, users.id);
    Ok(match connection.execute(&sql, params![key])? {
        0 => Deleted::Missing,
        _ => Deleted::Done,
    })
}

/// A column whose rows belong to users.
struct Reference {
    table: String,
    column: String,
    /// The column of users that it names them by, as Django's `to_field`; without one, the key.
    to: Option<String>,
}

/// What the foreign keys say; tokens belong to users also where their table was copied without.
fn references(connection: &Connection, users: &UserTable) -> rusqlite::Result<Vec<Reference>> {
    let mut statement = connection.prepare(
        "SELECT referrer.name, reference.\"from\", reference.\"to\" FROM sqlite_master AS referrer, \
         pragma_foreign_key_list(referrer.name) AS reference \
         WHERE referrer.type = 'table' AND lower(reference.\"table\") = lower($1) \
         UNION ALL SELECT referrer.name, belongs.name, NULL FROM sqlite_master AS referrer, \
         pragma_table_info(referrer.name) AS belongs \
         WHERE referrer.name = $2 AND belongs.name = 'user_id' AND NOT EXISTS \
         (SELECT 1 FROM pragma_foreign_key_list(referrer.name) WHERE \"from\" = belongs.name)",
    )?;
    let references = statement.query_map([&users.table, OUTSTANDING], |row| {
        Ok(Reference {
            table: row.get(0)?,
            column: row.get(1)?,
            to: row.get(2)?,
        })
    });
    references?.collect()
}

const OUTSTANDING: &str = "token_blacklist_outstandingtoken";
