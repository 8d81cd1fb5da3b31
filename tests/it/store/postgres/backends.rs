//! What is left at the server of those who do not wait.

use std::time::Duration;

use tegata::settings::Settings;
use tegata::store::Store;
use tegata_jwt::UserId;
use tokio::task::yield_now;
use tokio::time::timeout;

use crate::database::Database;
use crate::store::now;

#[tokio::test]
#[ignore = "needs PostgreSQL"]
async fn whoever_hangs_up_behind_a_locked_table_leaves_no_backend_waiting() {
    let database = Database::new();
    let store = open(&database, "1ms").await;
    database.execute("BEGIN; LOCK TABLE auth_user");

    tokio::select! {
        _ = store.user_by_username("alice") => panic!("the table is locked"),
        () = waiting(&database, "1") => {}
    }

    let none = timeout(MOMENT, waiting(&database, "0")).await;
    assert!(none.is_ok(), "{:?}", database.select(WAITING));
}

#[tokio::test]
#[ignore = "needs PostgreSQL"]
async fn a_look_that_takes_too_long_leaves_no_backend_waiting() {
    let database = Database::new();
    let store = open(&database, "1ms").await;
    database.execute("BEGIN; LOCK TABLE auth_user");

    let looked = store.user_by_username("alice").await;

    assert!(looked.is_err());
    let none = timeout(MOMENT, waiting(&database, "0")).await;
    assert!(none.is_ok(), "{:?}", database.select(WAITING));
}

#[tokio::test]
#[ignore = "needs PostgreSQL"]
async fn a_write_that_takes_too_long_leaves_no_backend_waiting() {
    let database = Database::new();
    let store = open(&database, "1ms").await;
    database.execute("BEGIN; LOCK TABLE auth_user");

    let written = store.set_active(UserId::Number(1), false).await;

    assert!(written.is_err());
    let none = timeout(MOMENT, waiting(&database, "0")).await;
    assert!(none.is_ok(), "{:?}", database.select(WAITING));
}

async fn open(database: &Database, statement_timeout: &str) -> Store {
    let mut settings = Settings::default();
    settings.database.url = database.url().try_into().unwrap();
    settings.database.statement_timeout = statement_timeout.parse().unwrap();
    Store::migrate(&settings, now()).await.unwrap();
    Store::open(&settings).await.unwrap()
}

/// Ends as soon as so many wait for a lock.
async fn waiting(database: &Database, backends: &str) {
    while database.select(WAITING) != [backends] {
        yield_now().await;
    }
}

const WAITING: &str = "SELECT count(*) FROM pg_locks WHERE NOT granted AND database = \
     (SELECT oid FROM pg_database WHERE datname = current_database())";
/// Long enough for a server to hear that nobody waits.
const MOMENT: Duration = Duration::from_secs(10);
