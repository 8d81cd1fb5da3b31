//! The tables: Django's are made in an empty database as its own migrations would make them, and never
//! altered; those of our own are made in any.

mod create;

use std::fs;
use std::path::Path;

use anyhow::{Context, Result, bail, ensure};
use chrono::{DateTime, Utc};
use refinery::{Migration as Migrated, Runner};

use self::create::{create_file, create_tables};
use super::Store;
use super::catalog::{self, has_table};
use super::postgres::{self, Connector};
use super::session::Session;
use super::sqlite::{self, LOCK_PATIENCE};
use super::users::UserTable;
use crate::lock::FolderLock;
use crate::settings::{Database, DatabaseUrl, Settings};

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
    pub async fn is_empty(settings: &Settings) -> Result<bool> {
        if let Some(path) = settings.database.url.path()
            && (!path.exists() || fs::metadata(path)?.len() == 0)
        {
            return Ok(true);
        }
        let link = Link::open(&settings.database).await?;
        catalog::has_no_table(&link.session()).await
    }

    /// Refuses a database that lacks what Django must make for these settings, and one that must not
    /// be made. One that is not there yet is in order.
    pub async fn check(settings: &Settings) -> Result<()> {
        if Self::is_empty(settings).await? {
            return require_makeable(settings);
        }
        let link = Link::open(&settings.database).await?;
        require_django(&link.session(), settings).await?;
        UserTable::read(&link.session(), settings).await.map(drop)
    }

    /// Creates the tables that are missing: in an empty or absent database all of them, beside
    /// Django's tegata's own.
    pub async fn migrate(settings: &Settings, now: DateTime<Utc>) -> Result<Migration> {
        // Of two processes that start at once one makes everything.
        let _alone = settings.database.url.path().map(lock_folder).transpose()?;
        let is_to_create = Self::is_empty(settings).await?;
        if is_to_create {
            require_makeable(settings)?;
            settings.database.url.path().map(create_file).transpose()?;
        }
        let mut link = Link::open(&settings.database).await?;
        let (is_created, is_current) = {
            let db = link.session();
            if db.is_postgres() {
                // Released as the connection is closed.
                let sql = format!("SELECT pg_advisory_lock({ADVISORY_LOCK})");
                db.batch(&sql).await?;
            }
            let is_empty = catalog::has_no_table(&db).await?;
            if is_empty {
                create_tables(&db, now).await?;
            }
            require_django(&db, settings).await?;
            require_known(&db, settings).await?;
            (is_empty, version(&db).await? == newest_version(&db))
        };
        if is_current {
            return Ok(Migration::Found);
        }

        let created = link.create_own().await;
        created.with_context(|| {
            format!("cannot create tegata's tables in {}", settings.database.url)
        })?;
        Ok(if is_created {
            Migration::Created
        } else {
            Migration::Extended
        })
    }
}

/// A connection that is not shared yet.
pub(super) enum Link {
    Sqlite(sqlite::Connection),
    Postgres(postgres::Session),
}

impl Link {
    pub(super) async fn open(settings: &Database) -> Result<Self> {
        Ok(match &settings.url {
            DatabaseUrl::Sqlite(path) => Self::Sqlite(sqlite::connect(path, LOCK_PATIENCE)?),
            DatabaseUrl::Postgres(url) => {
                Self::Postgres(Connector::new(url, settings)?.session().await?)
            }
        })
    }

    pub(super) fn session(&self) -> Session<'_> {
        match self {
            Self::Sqlite(connection) => Session::Sqlite(connection),
            Self::Postgres(session) => Session::Postgres(session),
        }
    }

    /// Creates tables of our own, or brings them up to date.
    async fn create_own(&mut self) -> Result<()> {
        let own = own(&self.session());
        match self {
            Self::Sqlite(connection) => own.run(&mut *connection.lock())?,
            Self::Postgres(session) => {
                let client = session.client_mut().context("the connection is shared")?;
                own.run_async(client).await?
            }
        };
        Ok(())
    }
}

fn lock_folder(database: &Path) -> Result<FolderLock> {
    // SQLite's own locks do not cover the change to a write-ahead log.
    let folder = database.parent().filter(|folder| *folder != "");
    FolderLock::take(folder.unwrap_or(Path::new(".")))
}

/// Refuses an empty database whose table of users is not ours to make.
fn require_makeable(settings: &Settings) -> Result<()> {
    let users = settings.users.table.as_str();
    ensure!(
        users == DJANGOS_USERS,
        "the database {} is empty, and the table {users} of [users] is the project's to make: run \
         `manage.py migrate`",
        settings.database.url
    );
    Ok(())
}

/// Refuses a database that lacks a table we need, and says how to come by it. Answers what the table
/// of users is like.
pub(super) async fn require_tables(settings: &Settings) -> Result<UserTable> {
    let shown = &settings.database.url;
    if shown.path().is_some_and(|path| !path.exists()) {
        bail!("there is no database {shown}: run `tegata migrate`");
    }
    let link = Link::open(&settings.database).await?;
    let db = link.session();
    if catalog::has_no_table(&db).await? {
        bail!("the database {shown} is empty: run `tegata migrate`");
    }

    require_django(&db, settings).await?;
    require_known(&db, settings).await?;
    if settings.blacklist.enabled {
        for table in OWN {
            ensure!(
                has_table(&db, table).await?,
                "the database {shown} has no table {table}: run `tegata migrate`"
            );
        }
        ensure!(
            version(&db).await? == newest_version(&db),
            "an earlier tegata made its tables in the database {shown}: run `tegata migrate`"
        );
    }
    UserTable::read(&db, settings).await
}

async fn require_django(db: &Session<'_>, settings: &Settings) -> Result<()> {
    let shown = &settings.database.url;
    let users = settings.users.table.as_str();
    if !has_table(db, users).await? {
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
    for table in tables {
        ensure!(
            !settings.blacklist.enabled || has_table(db, table).await?,
            "the database {shown} has no table {table}: add \"ninja_jwt.token_blacklist\" to \
             INSTALLED_APPS and run `manage.py migrate`, or set [blacklist] enabled = false"
        );
    }
    Ok(())
}

/// Refuses tables of our own that a later release has changed: what it wants of them, we do not know.
async fn require_known(db: &Session<'_>, settings: &Settings) -> Result<()> {
    ensure!(
        version(db).await? <= newest_version(db),
        "a later tegata has changed its tables in the database {}: go on with that one, or put a \
         backup back",
        settings.database.url
    );
    Ok(())
}

/// The version of our own tables, where there are any.
async fn version(db: &Session<'_>) -> Result<Option<i64>> {
    if !has_table(db, HISTORY).await? {
        return Ok(None);
    }
    let sql = format!("SELECT CAST(max(version) AS BIGINT) FROM {HISTORY}");
    db.one(&sql, &[], |row| row.get(0)).await
}

fn newest_version(db: &Session<'_>) -> Option<i64> {
    let runner = own(db);
    let versions = runner.get_migrations().iter().map(Migrated::version);
    versions.max().map(i64::from)
}

/// The tables of our own, in the order of their making.
fn own(db: &Session<'_>) -> Runner {
    let mut runner = if db.is_postgres() {
        on_postgres::migrations::runner()
    } else {
        on_sqlite::migrations::runner()
    };
    runner.set_migration_table_name(HISTORY);
    runner
}

mod on_sqlite {
    refinery::embed_migrations!("migrations/sqlite/tegata");
}

mod on_postgres {
    refinery::embed_migrations!("migrations/postgres/tegata");
}

pub(super) const DJANGOS_USERS: &str = "auth_user";
/// What two processes that migrate one PostgreSQL database know each other by.
const ADVISORY_LOCK: i64 = 0x7465_6761_7461;
/// Which of our own migrations were applied.
pub(super) const HISTORY: &str = "tegata_schema_history";
const OWN: [&str; 1] = ["tegata_rotation"];
