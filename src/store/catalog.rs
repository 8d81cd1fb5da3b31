//! What a database says of itself: which tables there are, and how they are made.

use anyhow::{Context, Result};

use super::columns::Row;
use super::session::Session;

/// A column as it was declared.
pub(super) struct Column {
    pub(super) name: String,
    /// Its type, in lower case.
    pub(super) declared: String,
    /// Whether a row must say something here.
    pub(super) is_required: bool,
}

/// The columns of a table, in their order.
pub(super) async fn columns(db: &Session<'_>, table: &str) -> Result<Vec<Column>> {
    let sql = db.dialect(
        "SELECT name, lower(type), \"notnull\" AND dflt_value IS NULL FROM pragma_table_info($1)",
        "SELECT CAST(attname AS TEXT), lower(format_type(atttypid, atttypmod)), \
         attnotnull AND NOT atthasdef AND attidentity = '' FROM pg_attribute \
         WHERE attrelid = to_regclass(quote_ident($1)) AND attnum > 0 AND NOT attisdropped \
         ORDER BY attnum",
    );
    let read = |row: Row<'_>| {
        Ok(Column {
            name: row.get(0)?,
            declared: row.get(1)?,
            is_required: row.get(2)?,
        })
    };
    let columns = db.all(sql, &[table.into()], read).await;
    columns.with_context(|| format!("cannot read how the table {table} is made"))
}

/// Whether there is such a table.
pub(super) async fn has_table(db: &Session<'_>, table: &str) -> Result<bool> {
    let sql = db.dialect(
        "SELECT EXISTS (SELECT 1 FROM sqlite_master WHERE name = $1)",
        "SELECT to_regclass(quote_ident($1)) IS NOT NULL",
    );
    db.one(sql, &[table.into()], |row| row.get(0)).await
}

/// Whether there is no table at all, but for those that came with an extension. Where names lead into
/// several schemas, tables belong into the first; what they would hide is none the less there.
pub(super) async fn has_no_table(db: &Session<'_>) -> Result<bool> {
    let sql = db.dialect(
        "SELECT NOT EXISTS (SELECT 1 FROM sqlite_master WHERE name NOT LIKE 'sqlite@_%' ESCAPE '@')",
        "SELECT NOT EXISTS (SELECT 1 FROM pg_class WHERE relnamespace = to_regnamespace(current_schema()) \
         AND relkind IN ('r', 'p', 'v', 'm', 'f') AND NOT EXISTS \
         (SELECT 1 FROM pg_depend WHERE objid = pg_class.oid AND deptype = 'e')) \
         AND COALESCE(to_regclass('auth_user'), to_regclass('django_migrations'), \
         to_regclass('token_blacklist_outstandingtoken'), to_regclass('tegata_rotation')) IS NULL",
    );
    db.one(sql, &[], |row| row.get(0)).await
}

/// Whether a table has a row, or ever had one: its counter remembers, unless rows came with numbers
/// of their own.
pub(super) async fn had_a_row(db: &Session<'_>, table: &str) -> Result<bool> {
    let counted = db.dialect(
        "SELECT 1 FROM sqlite_sequence WHERE name = $1 AND seq > 0",
        "SELECT 1 FROM pg_sequences WHERE last_value IS NOT NULL AND \
         to_regclass(format('%I.%I', schemaname, sequencename)) = \
         to_regclass(pg_get_serial_sequence(quote_ident($1), 'id'))",
    );
    let has_one = format!("SELECT 1 FROM {}", quoted(table));
    let sql = format!("SELECT EXISTS ({has_one}) OR EXISTS ({counted})");
    db.one(&sql, &[table.into()], |row| row.get(0)).await
}

/// The counter of a table's keys, where PostgreSQL keeps one, quoted.
pub(super) async fn counter(db: &Session<'_>, table: &str) -> Result<Option<String>> {
    let sql = "SELECT pg_get_serial_sequence(quote_ident($1), CAST(attname AS TEXT)) \
               FROM pg_attribute WHERE attrelid = to_regclass(quote_ident($1)) AND attname = 'id'";
    let found = db.first(sql, &[table.into()], |row| row.get(0)).await?;
    Ok(found.flatten())
}

/// A column whose rows belong to those of another table.
pub(super) struct Reference {
    pub(super) table: String,
    pub(super) column: String,
    /// The column that it names them by, as Django's `to_field`; without one, the key.
    pub(super) to: Option<String>,
}

/// What the foreign keys say about who belongs to users; tokens do also where their table was copied
/// without.
pub(super) async fn references(db: &Session<'_>, users: &str) -> Result<Vec<Reference>> {
    let sql = db.dialect(
        "SELECT referrer.name, reference.\"from\", reference.\"to\" FROM sqlite_master AS referrer, \
         pragma_foreign_key_list(referrer.name) AS reference \
         WHERE referrer.type = 'table' AND lower(reference.\"table\") = lower($1) \
         UNION ALL SELECT referrer.name, belongs.name, NULL FROM sqlite_master AS referrer, \
         pragma_table_info(referrer.name) AS belongs \
         WHERE referrer.name = 'token_blacklist_outstandingtoken' \
         AND belongs.name = 'user_id' AND NOT EXISTS \
         (SELECT 1 FROM pragma_foreign_key_list(referrer.name) WHERE \"from\" = belongs.name)",
        "SELECT CAST(referrer.relname AS TEXT), CAST(belongs.attname AS TEXT), \
         CAST(named.attname AS TEXT) FROM pg_constraint AS reference \
         JOIN pg_class AS referrer ON referrer.oid = conrelid \
         JOIN pg_attribute AS belongs ON belongs.attrelid = conrelid AND belongs.attnum = conkey[1] \
         JOIN pg_attribute AS named ON named.attrelid = confrelid AND named.attnum = confkey[1] \
         WHERE contype = 'f' AND confrelid = to_regclass(quote_ident($1)) \
         UNION ALL SELECT 'token_blacklist_outstandingtoken', 'user_id', NULL WHERE EXISTS \
         (SELECT 1 FROM pg_attribute WHERE attname = 'user_id' \
         AND attrelid = to_regclass('token_blacklist_outstandingtoken') AND NOT EXISTS \
         (SELECT 1 FROM pg_constraint WHERE contype = 'f' AND conrelid = attrelid \
         AND attnum = ANY(conkey)))",
    );
    let read = |row: Row<'_>| {
        Ok(Reference {
            table: row.get(0)?,
            column: row.get(1)?,
            to: row.get(2)?,
        })
    };
    db.all(sql, &[users.into()], read).await
}

/// The table of users that tokens belong to, where it is another than this.
pub(super) async fn other_owner_of_tokens(db: &Session<'_>, users: &str) -> Result<Option<String>> {
    let sql = db.dialect(
        "SELECT \"table\" FROM pragma_foreign_key_list('token_blacklist_outstandingtoken') \
         WHERE \"from\" = 'user_id' AND lower(\"table\") <> lower($1)",
        "SELECT CAST(owner.relname AS TEXT) FROM pg_constraint \
         JOIN pg_attribute ON attrelid = conrelid AND attnum = ANY(conkey) \
         JOIN pg_class AS owner ON owner.oid = confrelid \
         WHERE contype = 'f' AND attname = 'user_id' AND owner.relname <> $1 \
         AND conrelid = to_regclass('token_blacklist_outstandingtoken')",
    );
    db.first(sql, &[users.into()], |row| row.get(0)).await
}

/// A table of somebody else's whose rows refer to those of tokens.
pub(super) async fn table_that_refers_to_tokens(db: &Session<'_>) -> Result<Option<String>> {
    let sql = db.dialect(
        "SELECT referrer.name FROM sqlite_master AS referrer, \
         pragma_foreign_key_list(referrer.name) AS reference \
         WHERE referrer.type = 'table' AND reference.\"table\" IN \
         ('token_blacklist_outstandingtoken', 'token_blacklist_blacklistedtoken') \
         AND referrer.name <> 'token_blacklist_blacklistedtoken'",
        "SELECT CAST(referrer.relname AS TEXT) FROM pg_constraint \
         JOIN pg_class AS referrer ON referrer.oid = conrelid \
         WHERE contype = 'f' AND referrer.relname <> 'token_blacklist_blacklistedtoken' \
         AND confrelid IN (to_regclass('token_blacklist_outstandingtoken'), \
         to_regclass('token_blacklist_blacklistedtoken'))",
    );
    db.first(sql, &[], |row| row.get(0)).await
}

/// A name as SQL takes it whatever it is.
pub(super) fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}
