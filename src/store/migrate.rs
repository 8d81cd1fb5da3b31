//! The tables: Django's are made in an empty database as its own migrations would make them, and never
//! altered; those of our own are made in any.

use std::fs::{self, OpenOptions};
use std::io::ErrorKind;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use anyhow::{Context, Result, bail, ensure};
use chrono::{DateTime, Utc};
use refinery::Migration as Migrated;
use rusqlite::{Connection, params};

use super::Store;
use super::columns::Timestamp;
use super::sqlite::{LOCK_PATIENCE, connect};
use super::users::UserTable;
use crate::lock::FolderLock;
use crate::settings::Settings;

/// What [`Store::migrate`] did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Migration {
    /// The database was empty and has its tables now.
    Created,
    /// The database had Django's tables, and has tegata's beside them now as this release wants them.
    Extended,
    /// The database has all its tables, and was left as it is.
    Found,
}

impl Store {
    /// Whether there is no database yet, or one without a single table.
    pub fn is_empty(settings: &Settings) -> Result<bool> {
        let path = settings.database.url.path();
        let has_no_byte = !path.exists() || fs::metadata(path)?.len() == 0;
        Ok(has_no_byte || has_no_table(&connect(path, LOCK_PATIENCE)?)?)
    }

    /// Refuses a database that lacks what Django must make for these settings, and one that must not
    /// be made. One that is not there yet is in order.
    pub fn check(settings: &Settings) -> Result<()> {
        if Self::is_empty(settings)? {
            return require_makeable(settings);
        }
        let connection = connect(settings.database.url.path(), LOCK_PATIENCE)?;
        require_django(&connection, settings)?;
        UserTable::read(&connection, settings).map(drop)
    }

    /// Creates the tables that are missing: in an empty or absent database all of them, beside
    /// Django's tegata's own.
    pub fn migrate(settings: &Settings, now: DateTime<Utc>) -> Result<Migration> {
        let path = settings.database.url.path();
        // Of two processes that start at once one makes everything: SQLite's own locks do not
        // cover the change to a write-ahead log.
        let folder = path
            .parent()
            .filter(|folder| *folder != "")
            .unwrap_or(Path::new("."));
        let _alone = FolderLock::take(folder)?;
        let is_created = Self::is_empty(settings)?;
        if is_created {
            require_makeable(settings)?;
            create(path, now)?;
        }
        let mut connection = connect(path, LOCK_PATIENCE)?;
        require_django(&connection, settings)?;
        require_known(&connection, path)?;

        let report = own::migrations::runner()
            .set_migration_table_name(HISTORY)
            .run(&mut connection)
            .with_context(|| format!("cannot create tegata's tables in {}", path.display()))?;
        Ok(match report.applied_migrations().as_slice() {
            _ if is_created => Migration::Created,
            [] => Migration::Found,
            _ => Migration::Extended,
        })
    }
}

/// Refuses an empty database whose table of users is not ours to make.
fn require_makeable(settings: &Settings) -> Result<()> {
    let users = settings.users.table.as_str();
    ensure!(
        users == DJANGOS_USERS,
        "the database {} is empty, and the table {users} of [users] is the project's to make: run \
         `manage.py migrate`",
        settings.database.url.path().display()
    );
    Ok(())
}

/// Refuses a database that lacks a table we need, and says how to come by it. Answers what the table
/// of users is like.
pub(super) fn require_tables(settings: &Settings) -> Result<UserTable> {
    let path = settings.database.url.path();
    let blacklist = settings.blacklist.enabled;
    let shown = path.display();
    if !path.exists() {
        bail!("there is no database {shown}: run `tegata migrate`");
    }
    let connection = connect(path, LOCK_PATIENCE)?;
    if has_no_table(&connection)? {
        bail!("the database {shown} is empty: run `tegata migrate`");
    }

    require_django(&connection, settings)?;
    require_known(&connection, path)?;
    for table in OWN.into_iter().filter(|_| blacklist) {
        if !has_table(&connection, table)? {
            bail!("the database {shown} has no table {table}: run `tegata migrate`");
        }
    }
    ensure!(
        !blacklist || version(&connection)? == newest_version(),
        "an earlier tegata made its tables in the database {shown}: run `tegata migrate`"
    );
    UserTable::read(&connection, settings)
}

fn require_django(connection: &Connection, settings: &Settings) -> Result<()> {
    let shown = settings.database.url.path().display();
    let blacklist = settings.blacklist.enabled;
    let users = settings.users.table.as_str();
    if !has_table(connection, users)? {
        let way = match users {
            DJANGOS_USERS => {
                "add \"django.contrib.auth\" to INSTALLED_APPS and run `manage.py migrate`"
            }
            _ => "run `manage.py migrate`, or name the right one in [users] table",
        };
        bail!("the database {shown} has no table {users}: {way}");
    }
    let tables = [
        "token_blacklist_outstandingtoken",
        "token_blacklist_blacklistedtoken",
    ];
    for table in tables.into_iter().filter(|_| blacklist) {
        if !has_table(connection, table)? {
            bail!(
                "the database {shown} has no table {table}: add \"ninja_jwt.token_blacklist\" to \
                 INSTALLED_APPS and run `manage.py migrate`, or set [blacklist] enabled = false"
            );
        }
    }
    Ok(())
}

/// Refuses tables of our own that a later release has changed: what it wants of them, we do not know.
fn require_known(connection: &Connection, path: &Path) -> Result<()> {
    ensure!(
        version(connection)? <= newest_version(),
        "a later tegata has changed its tables in the database {}: go on with that one, or put a \
         backup back",
        path.display()
    );
    Ok(())
}

/// The version of our own tables, where there are any.
fn version(connection: &Connection) -> rusqlite::Result<Option<i64>> {
    if !has_table(connection, HISTORY)? {
        return Ok(None);
    }
    let sql = format!("SELECT max(version) FROM {HISTORY}");
    connection.query_row(&sql, [], |row| row.get(0))
}

fn newest_version() -> Option<i64> {
    let runner = own::migrations::runner();
    let versions = runner.get_migrations().iter().map(Migrated::version);
    versions.max().map(i64::from)
}

/// Creates Django's tables in an empty or absent database, all or none of them.
fn create(path: &Path, now: DateTime<Utc>) -> Result<()> {
    create_file(path)?;
    let mut connection = connect(path, LOCK_PATIENCE)?;
    // The write-ahead log stays with the file; only a file of our own may get it.
    connection.query_row("PRAGMA journal_mode = WAL", [], |_| Ok(()))?;
    let transaction = connection.transaction()?;
    transaction
        .execute_batch(TABLES)
        .context("cannot create the tables")?;
    record_migrations(&transaction, now)?;
    Ok(transaction.commit()?)
}

/// Creates the file for its owner alone; SQLite gives its log the same mode.
fn create_file(path: &Path) -> Result<()> {
    match OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(path)
    {
        Ok(_) => Ok(()),
        Err(error) if error.kind() == ErrorKind::AlreadyExists => Ok(()),
        Err(error) => {
            Err(error).with_context(|| format!("cannot create the database {}", path.display()))
        }
    }
}

fn has_no_table(connection: &Connection) -> rusqlite::Result<bool> {
    let sql = "SELECT NOT EXISTS (SELECT 1 FROM sqlite_master WHERE name NOT LIKE 'sqlite@_%' \
               ESCAPE '@')";
    connection.query_row(sql, [], |row| row.get(0))
}

fn has_table(connection: &Connection, table: &str) -> rusqlite::Result<bool> {
    let sql = "SELECT EXISTS (SELECT 1 FROM sqlite_master WHERE name = $1)";
    connection.query_row(sql, [table], |row| row.get(0))
}

/// Tells Django which of its migrations these tables already embody.
fn record_migrations(connection: &Connection, now: DateTime<Utc>) -> rusqlite::Result<()> {
    let sql = "INSERT INTO django_migrations (app, name, applied) VALUES ($1, $2, $3)";
    let mut insert = connection.prepare(sql)?;
    for (app, name) in MIGRATIONS {
        insert.execute(params![app, name, Timestamp(now)])?;
    }
    Ok(())
}

/// The tables of our own, in the order of their making.
mod own {
    refinery::embed_migrations!("migrations/sqlite/tegata");
}

pub(super) const DJANGOS_USERS: &str = "auth_user";
const OWN: [&str; 1] = ["tegata_rotation"];
/// Which of our own migrations were applied.
const HISTORY: &str = "tegata_schema_history";
const TABLES: &str = include_str!("../../migrations/sqlite/django.sql");

/// Django 5.2 with django-ninja-jwt 5.4, in the order Django applies them.
const MIGRATIONS: [(&str, &str); 25] = [
    ("contenttypes", "0001_initial"),
    ("contenttypes", "0002_remove_content_type_name"),
    ("auth", "0001_initial"),
    ("auth", "0002_alter_permission_name_max_length"),
    ("auth", "0003_alter_user_email_max_length"),
    ("auth", "0004_alter_user_username_opts"),
    ("auth", "0005_alter_user_last_login_null"),
    ("auth", "0006_require_contenttypes_0002"),
    ("auth", "0007_alter_validators_add_error_messages"),
    ("auth", "0008_alter_user_username_max_length"),
    ("auth", "0009_alter_user_last_name_max_length"),
    ("auth", "0010_alter_group_name_max_length"),
    ("auth", "0011_update_proxy_permissions"),
    ("auth", "0012_alter_user_first_name_max_length"),
    ("token_blacklist", "0001_initial"),
    ("token_blacklist", "0002_outstandingtoken_jti_hex"),
    ("token_blacklist", "0003_auto_20171017_2007"),
    ("token_blacklist", "0004_auto_20171017_2013"),
    ("token_blacklist", "0005_remove_outstandingtoken_jti"),
    ("token_blacklist", "0006_auto_20171017_2113"),
    ("token_blacklist", "0007_auto_20171017_2214"),
    ("token_blacklist", "0008_migrate_to_bigautofield"),
    ("token_blacklist", "0010_fix_migrate_to_bigautofield"),
    ("token_blacklist", "0011_linearizes_history"),
    ("token_blacklist", "0012_alter_outstandingtoken_user"),
];
