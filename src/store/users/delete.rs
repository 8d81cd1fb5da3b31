use anyhow::Result;
use chrono::{DateTime, Utc};
use tegata_jwt::UserId;

use super::UserTable;
use crate::store::Store;
use crate::store::catalog::{self, Reference, quoted};
use crate::store::outstanding::{OUTSTANDING, blacklist_all_of};
use crate::store::session::Session;

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
        self.write((id, now), |db, users, (id, now)| {
            Box::pin(delete(db, users, id, *now))
        })
        .await
    }
}

async fn delete(
    db: &Session<'_>,
    users: &UserTable,
    id: &UserId,
    now: DateTime<Utc>,
) -> Result<Deleted> {
    let key = [users.key.write(id)];
    users.lock(db, &key).await?;
    let references = catalog::references(db, &users.table).await?;
    let is_known = |table: &str| table == OUTSTANDING || users.is_membership(table);
    let (known, foreign): (Vec<_>, Vec<_>) = references
        .into_iter()
        .partition(|reference| is_known(&reference.table));
    for Reference { table, column, to } in foreign {
        let sql = format!(
            "SELECT EXISTS (SELECT 1 FROM {} AS referrer, {} AS referred \
             WHERE referred.{} AND referrer.{} = referred.{})",
            quoted(&table),
            users.name,
            users.is_key(1),
            quoted(&column),
            to.as_deref().map_or_else(|| users.id.clone(), quoted),
        );
        if db.one(&sql, &key, |row| row.get(0)).await? {
            return Ok(Deleted::Needed(table));
        }
    }

    for Reference { table, column, .. } in known {
        let (name, column) = (quoted(&table), quoted(&column));
        let is_key = format!("{column} = {}", users.key.place(1));
        let sql = if table == OUTSTANDING {
            blacklist_all_of(db, users, id, DateTime::UNIX_EPOCH, now).await?;
            format!("UPDATE {name} SET {column} = NULL WHERE {is_key}")
        } else {
            format!("DELETE FROM {name} WHERE {is_key}")
        };
        db.execute(&sql, &key).await?;
    }
    let sql = format!("DELETE FROM {} WHERE {}", users.name, users.is_key(1));
    Ok(match db.execute(&sql, &key).await? {
        0 => Deleted::Missing,
        _ => Deleted::Done,
    })
}
