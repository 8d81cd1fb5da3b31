//! What a role of PostgreSQL must be allowed, and no more.

use std::fmt::Write;

use anyhow::{Result, bail};

use super::Store;
use super::catalog::{self, Reference, quoted};
use super::migrate::{HISTORY, Link};
use super::outstanding::OUTSTANDING;
use super::session::Session;
use super::users::UserTable;
use crate::settings::Settings;

/// A table, and what is granted on it.
type Grant = (String, String);

impl Store {
    /// The least that a role must be granted to serve on the tables that are there, and then what the
    /// commands about users need besides, as SQL.
    pub async fn grants(settings: &Settings, role: &str) -> Result<String> {
        let link = Link::open(&settings.database).await?;
        let db = link.session();
        if !db.is_postgres() {
            bail!(
                "a SQLite database knows no roles: who may read and write the file {} may do all",
                settings.database.url
            );
        }

        let role = quoted(role);
        let schema = "SELECT quote_ident(current_schema())";
        let schema: String = db.one(schema, &[], |row| row.get(0)).await?;
        Ok([
            "-- For `tegata serve`.\n",
            &format!("GRANT USAGE ON SCHEMA {schema} TO {role};\n"),
            &written(&db, &to_serve(settings), &role).await?,
            "-- For `tegata createuser`, `users disable` and `users delete` besides.\n",
            &written(&db, &to_keep_users(&db, settings).await?, &role).await?,
        ]
        .concat())
    }
}

fn to_serve(settings: &Settings) -> Vec<Grant> {
    let users = &settings.users;
    let mut kept = vec![quoted(&users.password_column)];
    if settings.jwt.update_last_login {
        kept.push(quoted(&users.last_login_column));
    }
    let kept = kept.join(", ");
    let grants = [
        (users.table.as_str(), format!("SELECT, UPDATE ({kept})")),
        ("django_content_type", "SELECT".to_owned()),
        (
            OUTSTANDING,
            "SELECT, INSERT, UPDATE (expires_at), DELETE".to_owned(),
        ),
        (BLACKLISTED, "SELECT, INSERT, DELETE".to_owned()),
        ("tegata_rotation", "SELECT, INSERT, DELETE".to_owned()),
        (HISTORY, "SELECT".to_owned()),
    ];
    grants.map(|(table, what)| (table.to_owned(), what)).into()
}

async fn to_keep_users(db: &Session<'_>, settings: &Settings) -> Result<Vec<Grant>> {
    let users = UserTable::read(db, settings).await?;
    let table = &settings.users.table;
    let active = if users.keeps_is_active() {
        format!(", UPDATE ({})", users.is_active)
    } else {
        String::new()
    };
    let mut grants = vec![
        (table.clone(), format!("INSERT{active}, DELETE")),
        (OUTSTANDING.to_owned(), "UPDATE (user_id)".to_owned()),
    ];
    for Reference { table, column, .. } in catalog::references(db, table).await? {
        if users.is_membership(&table) {
            grants.push((table, "SELECT, DELETE".to_owned()));
        } else if table != OUTSTANDING {
            // A user whose rows they are is not deleted.
            grants.push((table, format!("SELECT ({})", quoted(&column))));
        }
    }
    Ok(grants)
}

/// The grants on those tables that are there, and on the counters of their keys.
async fn written(db: &Session<'_>, grants: &[Grant], role: &str) -> Result<String> {
    let mut sql = String::new();
    for (table, what) in grants {
        if !catalog::has_table(db, table).await? {
            continue;
        }
        writeln!(sql, "GRANT {what} ON {} TO {role};", quoted(table))?;
        let counter = catalog::counter(db, table).await?;
        if let Some(counter) = counter.filter(|_| what.contains("INSERT")) {
            // Its state tells whether there ever was a row.
            writeln!(sql, "GRANT USAGE, SELECT ON SEQUENCE {counter} TO {role};")?;
        }
    }
    Ok(sql)
}

const BLACKLISTED: &str = "token_blacklist_blacklistedtoken";
