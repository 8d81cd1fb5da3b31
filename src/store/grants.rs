//! What a role of PostgreSQL must be allowed, and no more.

use std::fmt::Write;

use anyhow::{Result, bail};

use super::Store;
use super::catalog::{self, quoted};
use super::migrate::{HISTORY, Link};
use super::outstanding::OUTSTANDING;
use super::session::Session;
use crate::settings::Settings;

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

        let users = &settings.users;
        let table = users.table.as_str();
        let mut kept = vec![users.password_column.as_str()];
        kept.extend(
            Some(users.last_login_column.as_str()).filter(|_| settings.jwt.update_last_login),
        );
        let active = Some(users.is_active_column.as_str()).filter(|column| !column.is_empty());
        let (groups, permissions) = (
            format!("{table}_groups"),
            format!("{table}_user_permissions"),
        );

        let serve = [
            (table, format!("SELECT, UPDATE ({})", listed(&kept))),
            ("django_content_type", "SELECT".to_owned()),
            (
                OUTSTANDING,
                "SELECT, INSERT, UPDATE (expires_at), DELETE".to_owned(),
            ),
            (BLACKLISTED, "SELECT, INSERT, DELETE".to_owned()),
            ("tegata_rotation", "SELECT, INSERT, DELETE".to_owned()),
            (HISTORY, "SELECT".to_owned()),
        ];
        let active = active.map_or(String::new(), |column| {
            format!(", UPDATE ({})", quoted(column))
        });
        let commands = [
            (table, format!("INSERT{active}, DELETE")),
            (OUTSTANDING, "UPDATE (user_id)".to_owned()),
            (&groups, "SELECT, DELETE".to_owned()),
            (&permissions, "SELECT, DELETE".to_owned()),
        ];

        let role = quoted(role);
        let schema: String = db.one(SCHEMA, &[], |row| row.get(0)).await?;
        let mut sql =
            format!("-- For `tegata serve`.\nGRANT USAGE ON SCHEMA {schema} TO {role};\n");
        sql += &grant(&db, &serve, &role).await?;
        sql += "-- For `tegata createuser`, `users disable` and `users delete` besides.\n";
        sql += &grant(&db, &commands, &role).await?;
        Ok(sql)
    }
}

/// What is granted on those tables that are there, and on the counters of their keys.
async fn grant(db: &Session<'_>, tables: &[(&str, String)], role: &str) -> Result<String> {
    let mut sql = String::new();
    for (table, privileges) in tables {
        if !catalog::has_table(db, table).await? {
            continue;
        }
        writeln!(sql, "GRANT {privileges} ON {} TO {role};", quoted(table))?;
        if let Some(counter) = catalog::counter(db, table)
            .await?
            .filter(|_| privileges.contains("INSERT"))
        {
            // Its state tells whether there ever was a row.
            writeln!(sql, "GRANT USAGE, SELECT ON SEQUENCE {counter} TO {role};")?;
        }
    }
    Ok(sql)
}

fn listed(columns: &[&str]) -> String {
    let columns: Vec<_> = columns.iter().map(|column| quoted(column)).collect();
    columns.join(", ")
}

const BLACKLISTED: &str = "token_blacklist_blacklistedtoken";
const SCHEMA: &str = "SELECT quote_ident(current_schema())";
