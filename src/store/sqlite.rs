//! SQLite: reads on the calling thread, writes on a thread of their own that commits together
//! what waits together.

use std::path::{Path, PathBuf};
use std::sync::mpsc::{self, Receiver, Sender};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, anyhow, bail};
use rusqlite::{Connection, ErrorCode, OpenFlags};
use tokio::sync::oneshot;

/// A SQLite database.
pub(super) struct Sqlite {
    readers: Arc<Readers>,
    writer: Writer,
}

impl Sqlite {
    /// Opens a database file that is there.
    pub(super) fn open(path: &Path) -> Result<Self> {
        let writer = Writer::start(connect(path, LONGEST_WAIT)?)?;
        let readers = Readers {
            path: path.to_owned(),
            idle: Mutex::default(),
        };
        Ok(Self {
            readers: Arc::new(readers),
            writer,
        })
    }

    /// Runs a query on the calling thread: a point look-up takes less than a change of threads.
    /// Only where another program has the file locked does the query wait, on a thread for that.
    pub(super) async fn read<T, F>(&self, query: F) -> Result<T>
    where
        T: Send + 'static,
        F: Fn(&Connection) -> rusqlite::Result<T> + Send + 'static,
    {
        match self.readers.run(&query, Duration::ZERO) {
            Err(error) if is_busy(&error) => {
                let readers = Arc::clone(&self.readers);
                let patient = move || readers.run(&query, LONGEST_WAIT);
                tokio::task::spawn_blocking(patient).await?
            }
            answer => answer,
        }
    }

    /// Runs work in a transaction and answers once it is durable. A caller that goes away
    /// cancels nothing.
    pub(super) async fn write<T, F>(&self, work: F) -> Result<T>
    where
        T: Send + 'static,
        F: FnOnce(&Connection) -> rusqlite::Result<T> + Send + 'static,
    {
        let (answer, answered) = oneshot::channel();
        let job: Job = Box::new(move |connection| {
            let outcome = in_savepoint(connection, work);
            Box::new(move || drop(answer.send(outcome)))
        });

        self.writer.submit(job)?;
        let outcome = answered
            .await
            .map_err(|_| anyhow!("the write was not committed"))?;
        Ok(outcome?)
    }
}

/// Opens a connection to a database file that is there, which waits for `patience` where another
/// program has the file locked.
pub(super) fn connect(path: &Path, patience: Duration) -> Result<Connection> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let open = || {
        let connection = Connection::open_with_flags(path, flags)?;
        connection.busy_timeout(patience)?;
        // An acknowledged write survives a power failure; Django, too, has foreign keys checked.
        connection.execute_batch("PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON;")?;
        // Touches the file, so that a damaged one is refused here and now.
        connection.query_row("SELECT count(*) FROM sqlite_master", [], |_| Ok(()))?;
        Ok::<_, rusqlite::Error>(connection)
    };
    open().with_context(|| format!("cannot open the database {}", path.display()))
}

/// Connections for reading, as many as there are reads at one time.
struct Readers {
    path: PathBuf,
    idle: Mutex<Vec<Connection>>,
}

impl Readers {
    fn run<T>(
        &self,
        query: impl Fn(&Connection) -> rusqlite::Result<T>,
        patience: Duration,
    ) -> Result<T> {
        let idle = || self.idle.lock().unwrap_or_else(PoisonError::into_inner);

        let taken = idle().pop();
        let connection = match taken {
            Some(connection) => connection,
            None => self.connect(patience)?,
        };
        connection.busy_timeout(patience)?;
        let answer = query(&connection);

        idle().push(connection);
        Ok(answer?)
    }

    fn connect(&self, patience: Duration) -> Result<Connection> {
        let connection = connect(&self.path, patience)?;
        connection.execute_batch("PRAGMA query_only = ON")?;
        Ok(connection)
    }
}

/// Work within a transaction; what it returns is called once the transaction is durable, and
/// dropped when it is not.
type Job = Box<dyn FnOnce(&Connection) -> Answer + Send>;
type Answer = Box<dyn FnOnce() + Send>;

/// The thread that writes.
struct Writer {
    jobs: Option<Sender<Job>>,
    thread: Option<JoinHandle<()>>,
}

impl Writer {
    fn start(connection: Connection) -> Result<Self> {
        let (jobs, queue) = mpsc::channel();
        let work = move || run_writer(&connection, &queue);
        let thread = thread::Builder::new()
            .name("store-writer".to_owned())
            .spawn(work)?;
        Ok(Self {
            jobs: Some(jobs),
            thread: Some(thread),
        })
    }

    fn submit(&self, job: Job) -> Result<()> {
        let sent = self.jobs.as_ref().and_then(|jobs| jobs.send(job).ok());
        sent.context("the store's writer has ended")
    }
}

impl Drop for Writer {
    /// Waits until all that was submitted is written.
    fn drop(&mut self) {
        drop(self.jobs.take());
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

fn run_writer(connection: &Connection, jobs: &Receiver<Job>) {
    while let Ok(first) = jobs.recv() {
        if let Err(error) = connection.execute_batch("BEGIN IMMEDIATE") {
            tracing::error!(%error, "no transaction could begin");
            // Whoever has come meanwhile has waited as well, and must not wait in turn.
            jobs.try_iter().for_each(drop);
            continue;
        }
        match commit_together(connection, first, jobs) {
            Ok(answers) => answers.into_iter().for_each(|answer| answer()),
            Err(error) => {
                tracing::error!(%error, "a transaction was not committed");
                if !connection.is_autocommit() {
                    let _ = connection.execute_batch("ROLLBACK");
                }
            }
        }
    }
}

/// The first job and all that come while the transaction is open, then its end.
fn commit_together(
    connection: &Connection,
    first: Job,
    jobs: &Receiver<Job>,
) -> Result<Vec<Answer>> {
    let deadline = Instant::now() + LONGEST_BATCH;
    let mut answers = Vec::new();
    let mut next = Some(first);
    while let Some(job) = next {
        answers.push(job(connection));
        // A full disk ends the transaction by itself; what came after would commit alone.
        if connection.is_autocommit() {
            bail!("the transaction ended early");
        }
        next = if Instant::now() < deadline {
            jobs.try_recv().ok()
        } else {
            None
        };
    }

    connection.execute_batch("COMMIT")?;
    Ok(answers)
}

/// Work whose failure undoes that work alone and not its neighbours in the transaction.
fn in_savepoint<T>(
    connection: &Connection,
    work: impl FnOnce(&Connection) -> rusqlite::Result<T>,
) -> rusqlite::Result<T> {
    connection.execute_batch("SAVEPOINT job")?;
    let outcome = work(connection);
    let undo = if outcome.is_err() {
        "ROLLBACK TO job; RELEASE job"
    } else {
        "RELEASE job"
    };
    connection.execute_batch(undo)?;
    outcome
}

fn is_busy(error: &anyhow::Error) -> bool {
    let code = error
        .downcast_ref::<rusqlite::Error>()
        .and_then(rusqlite::Error::sqlite_error_code);
    matches!(
        code,
        Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked)
    )
}

/// How long another program's lock is waited for.
pub(super) const LONGEST_WAIT: Duration = Duration::from_secs(5);
/// How long a transaction takes in further work.
const LONGEST_BATCH: Duration = Duration::from_millis(5);

#[cfg(test)]
mod tests {
    use tempfile::TempDir;

    use super::*;

    struct Database {
        folder: TempDir,
    }

    impl Database {
        fn new() -> Self {
            let database = Self {
                folder: TempDir::new().unwrap(),
            };
            let connection = Connection::open(database.path()).unwrap();
            connection
                .execute_batch("CREATE TABLE word (text TEXT UNIQUE NOT NULL)")
                .unwrap();
            database
        }

        fn path(&self) -> PathBuf {
            self.folder.path().join("db")
        }

        fn words(&self) -> i64 {
            count(&Connection::open(self.path()).unwrap()).unwrap()
        }
    }

    fn count(connection: &Connection) -> rusqlite::Result<i64> {
        connection.query_row("SELECT count(*) FROM word", [], |row| row.get(0))
    }

    fn add(word: &'static str) -> impl FnOnce(&Connection) -> rusqlite::Result<usize> + Send {
        move |connection| connection.execute("INSERT INTO word VALUES ($1)", [word])
    }

    #[tokio::test]
    async fn a_write_that_fails_undoes_itself_alone() {
        let database = Database::new();
        let sqlite = Sqlite::open(&database.path()).unwrap();

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
    async fn a_caller_that_goes_away_cancels_nothing() {
        let database = Database::new();
        let sqlite = Sqlite::open(&database.path()).unwrap();

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
        let sqlite = Sqlite::open(&database.path()).unwrap();
        let other = Connection::open(database.path()).unwrap();
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
        let sqlite = Sqlite::open(&database.path()).unwrap();

        let lost = sqlite
            .write(|connection| {
                add("lost")(connection)?;
                // What a full disk does.
                connection.execute_batch("ROLLBACK")
            })
            .await;

        assert!(lost.is_err());
        assert!(sqlite.write(add("kept")).await.is_ok());
        assert_eq!(database.words(), 1);
    }

    #[tokio::test]
    async fn readers_cannot_write() {
        let database = Database::new();
        let sqlite = Sqlite::open(&database.path()).unwrap();

        let refused = sqlite.read(|connection| add("never")(connection)).await;

        assert!(refused.is_err());
        assert_eq!(database.words(), 0);
    }
}
