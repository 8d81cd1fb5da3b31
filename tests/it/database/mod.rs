//! A database of a test's own, and what tests ask of it in words that both engines take.
//!
//! The engine is the run's: PostgreSQL where `tests/postgres.sh` has a server running, else SQLite.
//! What the two have no common words for is in `dialect.rs`, side by side.

mod dialect;
mod postgres;
mod sqlite;

use std::path::Path;

use tempfile::TempDir;

pub(crate) use self::dialect::{key_type, uuid_type};
use self::postgres::Postgres;
use self::sqlite::Sqlite;

/// A folder, and a database: a file in the folder, or one on the server of this run.
pub(crate) struct Database {
    engine: Engine,
    folder: TempDir,
}

enum Engine {
    Postgres(Postgres),
    Sqlite(Sqlite),
}

impl Database {
    /// A database without a table; on SQLite, not even a file.
    pub(crate) fn new() -> Self {
        let folder = TempDir::new().unwrap();
        let engine = match postgres::server() {
            Some(server) => Engine::Postgres(Postgres::create(&server)),
            None => Engine::Sqlite(Sqlite::at(folder.path().join(FILE))),
        };
        Self { engine, folder }
    }

    pub(crate) fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// What `[database] url` says of it.
    pub(crate) fn url(&self) -> String {
        match &self.engine {
            Engine::Postgres(postgres) => postgres.url.clone(),
            Engine::Sqlite(sqlite) => format!("sqlite://{}", sqlite.path.display()),
        }
    }

    /// The variable by which a command in the folder finds it, unless it does so by default.
    pub(crate) fn variable(&self) -> Option<(&'static str, String)> {
        matches!(self.engine, Engine::Postgres(_)).then(|| (VARIABLE, self.url()))
    }

    /// What commands in the folder call it.
    pub(crate) fn name(&self) -> String {
        match &self.engine {
            Engine::Postgres(postgres) => postgres.url.clone(),
            Engine::Sqlite(_) => FILE.to_owned(),
        }
    }

    /// Arranges what neither a request nor a command can: any number of statements.
    pub(crate) fn execute(&self, sql: &str) {
        match &self.engine {
            Engine::Postgres(postgres) => postgres.execute(sql),
            Engine::Sqlite(sqlite) => sqlite.execute(sql),
        }
    }

    /// The rows of a query, columns parted by `|`, in the forms that Django's have in SQLite: times
    /// as texts in UTC, booleans as 1 and 0, UUIDs as 32 hex digits.
    pub(crate) fn select(&self, sql: &str) -> Vec<String> {
        match &self.engine {
            Engine::Postgres(postgres) => postgres.select(sql),
            Engine::Sqlite(sqlite) => sqlite.select(sql),
        }
    }

    /// Keeps everybody else from writing, and nobody from reading, until the lock is released.
    pub(crate) fn lock_out_writers(&self) -> Lock {
        match &self.engine {
            Engine::Postgres(postgres) => postgres.lock_out_writers(),
            Engine::Sqlite(sqlite) => sqlite.lock_out_writers(),
        }
    }
}

/// A lock on a whole database.
#[must_use = "a lock that is dropped ends"]
pub(crate) struct Lock(Box<dyn FnOnce()>);

impl Lock {
    pub(crate) fn release(self) {
        (self.0)();
    }
}

const FILE: &str = "tegata.db";
const VARIABLE: &str = "TEGATA_DATABASE__URL";

#[test]
fn both_engines_tell_rows_in_the_same_forms() {
    let database = Database::new();
    database.execute(
        "CREATE TABLE form (flag boolean, at timestamp with time zone, key uuid, name varchar(9)); \
         INSERT INTO form VALUES \
         (TRUE, '2026-11-21 00:01:33', '6f9619ff8b86d011b42d00c04fc964ff', 'a'), \
         (FALSE, '2026-11-21 00:01:33.000500', NULL, '')",
    );

    let rows = database.select("SELECT flag, at, key, name, 7 FROM form ORDER BY at");

    assert_eq!(
        rows,
        [
            "1|2026-11-21 00:01:33|6f9619ff8b86d011b42d00c04fc964ff|a|7",
            "0|2026-11-21 00:01:33.000500|NULL||7"
        ]
    );
}
