//! How reads and writes wait, fail and go on.

use std::path::PathBuf;
use std::sync::mpsc;
use std::thread;

use tempfile::TempDir;

use super::*;

const PATIENCE: Duration = Duration::from_millis(200);

struct Database {
    folder: TempDir,
}

impl Database {
    fn new() -> Self {
        let database = Self {
            folder: TempDir::new().unwrap(),
        };
        let connection = rusqlite::Connection::open(database.path()).unwrap();
        connection
            .execute_batch("CREATE TABLE word (text TEXT UNIQUE NOT NULL)")
            .unwrap();
        database
    }

    fn path(&self) -> PathBuf {
        self.folder.path().join("db")
    }

    fn words(&self) -> i64 {
        count(&connect(&self.path(), PATIENCE).unwrap()).unwrap()
    }
}

fn count(connection: &Connection) -> Result<i64> {
    let count = "SELECT count(*) FROM word";
    Ok(connection.lock().query_row(count, [], |row| row.get(0))?)
}

fn add(word: &'static str) -> impl Fn(&Connection) -> Result<usize> + Send {
    let sql = "INSERT INTO word VALUES ($1)";
    move |connection| Ok(connection.lock().execute(sql, [word])?)
}

#[tokio::test]
async fn a_write_that_fails_undoes_itself_alone() {
    let database = Database::new();
    let sqlite = Sqlite::open(&database.path(), PATIENCE).unwrap();

    let half_done = |connection: &Connection| {
        add("undone")(connection)?;
        add("taken")(connection)
    };
    let (first, failed, last) = tokio::join!(
        sqlite.write(add("taken")),
        sqlite.write(half_done),
        sqlite.write(add("last"))
    );

    assert!(first.is_ok() && failed.is_err() && last.is_ok());
    assert_eq!(database.words(), 2);
}

#[tokio::test]
async fn what_was_undone_beside_a_failure_is_done_again_and_once() {
    let database = Database::new();
    let sqlite = Sqlite::open(&database.path(), PATIENCE).unwrap();
    let fails = |connection: &Connection| {
        add("undone")(connection)?;
        anyhow::bail!("it fails")
    };

    let (one, failed, two, again, three): (_, Result<()>, _, Result<()>, _) = tokio::join!(
        sqlite.write(add("one")),
        sqlite.write(fails),
        sqlite.write(add("two")),
        sqlite.write(fails),
        sqlite.write(add("three"))
    );

    assert!(failed.is_err() && again.is_err());
    assert_eq!([one.unwrap(), two.unwrap(), three.unwrap()], [1, 1, 1]);
    assert_eq!(database.words(), 3);
}

#[test]
fn a_database_that_another_program_has_locked_is_opened_all_the_same() {
    let database = Database::new();
    let other = rusqlite::Connection::open(database.path()).unwrap();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();

    assert!(Sqlite::open(&database.path(), PATIENCE).is_ok());
}

#[tokio::test]
async fn a_caller_that_goes_away_cancels_nothing() {
    let database = Database::new();
    let sqlite = Sqlite::open(&database.path(), PATIENCE).unwrap();

    {
        let mut write = std::pin::pin!(sqlite.write(add("kept")));
        let _ = std::future::poll_fn(|context| {
            std::task::Poll::Ready(write.as_mut().poll(context).is_ready())
        })
        .await;
    }
    drop(sqlite);

    assert_eq!(database.words(), 1);
}

#[tokio::test]
async fn a_read_waits_for_another_programs_lock_without_holding_up_the_thread() {
    let database = Database::new();
    let sqlite = Sqlite::open(&database.path(), PATIENCE).unwrap();
    let other = rusqlite::Connection::open(database.path()).unwrap();
    other
        .execute_batch("BEGIN EXCLUSIVE; INSERT INTO word VALUES ('locked')")
        .unwrap();

    // Both run on this one thread: the lock can go only while the read waits elsewhere.
    let unlock = async { other.execute_batch("COMMIT") };
    let (seen, unlocked) = tokio::join!(sqlite.read(count), unlock);

    unlocked.unwrap();
    assert_eq!(seen.unwrap(), 1);
}

#[tokio::test]
async fn after_a_failed_transaction_the_next_one_goes_through() {
    let database = Database::new();
    let sqlite = Sqlite::open(&database.path(), PATIENCE).unwrap();

    let lost = sqlite
        .write(|connection| {
            add("lost")(connection)?;
            // What a full disk does.
            Ok(connection.lock().execute_batch("ROLLBACK")?)
        })
        .await;

    assert!(lost.is_err());
    assert!(sqlite.write(add("kept")).await.is_ok());
    assert_eq!(database.words(), 1);
}

#[tokio::test]
async fn who_waited_for_a_lock_in_vain_does_not_wait_again() {
    let database = Database::new();
    let sqlite = Sqlite::open(&database.path(), PATIENCE).unwrap();
    let other = rusqlite::Connection::open(database.path()).unwrap();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();

    // The lock goes as soon as the first write has failed: another try would succeed.
    let first = async {
        let refused = sqlite.write(add("one")).await;
        other.execute_batch("ROLLBACK").unwrap();
        refused
    };
    let (one, two) = tokio::join!(first, sqlite.write(add("two")));

    assert!(one.unwrap_err().to_string().contains("database is locked"));
    assert!(two.unwrap_err().to_string().contains("database is locked"));
    assert!(sqlite.write(add("three")).await.is_ok());
}

#[tokio::test]
async fn no_more_reads_wait_for_a_lock_than_there_are_places() {
    let database = Database::new();
    let sqlite = Sqlite::open(&database.path(), PATIENCE).unwrap();
    let other = rusqlite::Connection::open(database.path()).unwrap();
    other.execute_batch("BEGIN EXCLUSIVE").unwrap();

    let places = u32::try_from(MAX_READERS).unwrap();
    let _taken = sqlite.waiting.acquire_many(places).await.unwrap();

    let refused = sqlite.read(count).await.unwrap_err();
    assert!(refused.to_string().contains("too many reads"), "{refused}");
}

#[tokio::test]
async fn a_read_waits_for_our_own_commit_and_then_goes_on() {
    let database = Database::new();
    let sqlite = Sqlite::open(&database.path(), PATIENCE).unwrap();
    let gate = Arc::clone(&sqlite.readers.gate);
    let (closed, is_closed) = mpsc::channel();
    let (open, is_open) = mpsc::channel::<()>();
    let commit = thread::spawn(move || {
        let _closed = gate.close();
        closed.send(()).unwrap();
        is_open.recv()
    });
    is_closed.recv().unwrap();

    // Both run on this one thread: the commit can end only while the read waits elsewhere.
    let end = async { open.send(()).unwrap() };
    let (seen, ()) = tokio::join!(sqlite.read(count), end);

    assert_eq!(seen.unwrap(), 0);
    assert!(commit.join().unwrap().is_ok());
}

#[tokio::test]
async fn readers_cannot_write() {
    let database = Database::new();
    let sqlite = Sqlite::open(&database.path(), PATIENCE).unwrap();

    let refused = sqlite.read(|connection| add("never")(connection)).await;

    assert!(refused.is_err());
    assert_eq!(database.words(), 0);
}

#[tokio::test]
async fn what_is_written_is_on_disk_before_it_is_acknowledged() {
    let database = Database::new();
    let sqlite = Sqlite::open(&database.path(), PATIENCE).unwrap();

    let synchronous = |connection: &Connection| {
        let synchronous = "PRAGMA synchronous";
        let level = |row: &rusqlite::Row<'_>| row.get::<_, i64>(0);
        Ok(connection.lock().query_row(synchronous, [], level)?)
    };

    // FULL.
    assert_eq!(sqlite.write(synchronous).await.unwrap(), 2);
}
