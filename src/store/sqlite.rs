//! SQLite: reads on the calling thread, writes on a thread of their own that commits together
//! what waits together.

use std::path::{Path, PathBuf};
use std::sync::mpsc::{self, Receiver, Sender};
use std::sync::{Arc, Mutex, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, anyhow, bail, ensure};
use rusqlite::{Connection, ErrorCode, OpenFlags};
use tokio::sync::{Semaphore, oneshot};

/// A SQLite database.
pub(super) struct Sqlite {
    readers: Arc<Readers>,
    /// One permit for each read that waits for a lock.
    waiting: Arc<Semaphore>,
    writer: Writer,
}

impl Sqlite {
    /// Opens a database file that is there. Where another program has it locked, a read or a
    /// write waits for `patience` at most.
    pub(super) fn open(path: &Path, patience: Duration) -> Result<Self> {
        let writer = connect(path, patience)?;
        ensure!(
            !writer.is_readonly("main")?,
            "the database {} is read-only",
            path.display()
        );
        let gate = Arc::new(Gate::of(&writer)?);
        Ok(Self {
            readers: Arc::new(Readers {
                path: path.to_owned(),
                patience,
                gate: Arc::clone(&gate),
                idle: Mutex::default(),
            }),
            waiting: Arc::new(Semaphore::new(MAX_READERS)),
            writer: Writer::start(writer, gate)?,
        })
    }

    /// Runs a query on the calling thread: a point look-up takes less than a change of threads.
    /// Only where another program has the file locked does the query wait, on a thread for that.
    pub(super) async fn read<T, F>(&self, query: F) -> Result<T>
    where
        T: Send + 'static,
        F: Fn(&Connection) -> rusqlite::Result<T> + Send + 'static,
    {
        if let Some(answer) = self.readers.try_now(&query)? {
            return Ok(answer);
        }

        let waiting = Arc::clone(&self.waiting).acquire_owned();
        let waiting = tokio::time::timeout(self.readers.patience, waiting).await;
        let waiting = waiting.context("too many reads wait for the database's lock")??;
        let readers = Arc::clone(&self.readers);
        let patient = move || {
            let _place = waiting;
            readers.wait(&query)
        };
        tokio::task::spawn_blocking(patient).await?
    }

    /// Runs work in a transaction and answers once it is durable. A caller that goes away
    /// cancels nothing.
    pub(super) async fn write<T, F>(&self, work: F) -> Result<T>
    where
        T: Send + 'static,
        F: FnOnce(&Connection) -> rusqlite::Result<T> + Send + 'static,
    {
        let (caller, answer) = oneshot::channel();
        self.writer.submit(Box::new(Write {
            work: Some(work),
            outcome: None,
            caller,
        }))?;
        answer.await.context("the writer has ended")?
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

/// What keeps our own commits and reads apart where SQLite would have them collide: without a
/// write-ahead log a commit needs the file for itself, and whoever meets it sleeps for a guess.
struct Gate {
    lock: RwLock<()>,
    has_write_ahead_log: bool,
}

impl Gate {
    fn of(connection: &Connection) -> rusqlite::Result<Self> {
        let journal: String = connection.query_row("PRAGMA journal_mode", [], |row| row.get(0))?;
        Ok(Self {
            lock: RwLock::default(),
            has_write_ahead_log: journal == "wal",
        })
    }

    /// Held during a commit.
    fn close(&self) -> Option<RwLockWriteGuard<'_, ()>> {
        let close = || self.lock.write().unwrap_or_else(PoisonError::into_inner);
        (!self.has_write_ahead_log).then(close)
    }

    /// Held during a read.
    fn enter(&self) -> RwLockReadGuard<'_, ()> {
        self.lock.read().unwrap_or_else(PoisonError::into_inner)
    }

    /// The same, where that needs no waiting.
    fn try_enter(&self) -> Option<RwLockReadGuard<'_, ()>> {
        self.lock.try_read().ok()
    }
}

/// Connections for reading, as many as there are reads at one time.
struct Readers {
    path: PathBuf,
    patience: Duration,
    gate: Arc<Gate>,
    idle: Mutex<Vec<Connection>>,
}

impl Readers {
    /// Runs a query unless it would have to wait.
    fn try_now<T>(&self, query: impl Fn(&Connection) -> rusqlite::Result<T>) -> Result<Option<T>> {
        let Some(_inside) = self.gate.try_enter() else {
            return Ok(None);
        };
        match self.run(query, Duration::ZERO) {
            Err(error) if is_busy(&error) => Ok(None),
            answer => answer.map(Some),
        }
    }

    /// Runs a query once it may.
    fn wait<T>(&self, query: impl Fn(&Connection) -> rusqlite::Result<T>) -> Result<T> {
        let _inside = self.gate.enter();
        self.run(query, self.patience)
    }

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

        let mut idle = idle();
        if idle.len() < MAX_READERS {
            idle.push(connection);
        }
        Ok(answer?)
    }

    fn connect(&self, patience: Duration) -> Result<Connection> {
        let connection = connect(&self.path, patience)?;
        connection.execute_batch("PRAGMA query_only = ON")?;
        Ok(connection)
    }
}

/// Work for the writer, whatever it results in.
trait Job: Send {
    /// Does the work within the open transaction.
    fn run(&mut self, connection: &Connection);

    /// Tells the caller, once the transaction is durable or has failed.
    fn answer(self: Box<Self>, committed: Result<(), &str>);
}

struct Write<T, F> {
    work: Option<F>,
    outcome: Option<rusqlite::Result<T>>,
    caller: oneshot::Sender<Result<T>>,
}

impl<T, F> Job for Write<T, F>
where
    T: Send,
    F: FnOnce(&Connection) -> rusqlite::Result<T> + Send,
{
    fn run(&mut self, connection: &Connection) {
        self.outcome = self.work.take().map(|work| in_savepoint(connection, work));
    }

    fn answer(self: Box<Self>, committed: Result<(), &str>) {
        let answer = match (committed, self.outcome) {
            (Ok(()), Some(outcome)) => outcome.map_err(Into::into),
            (Err(cause), _) => Err(anyhow!("the transaction failed: {cause}")),
            (Ok(()), None) => Err(anyhow!("the transaction ended without this work")),
        };
        // Nobody listens any more where the caller went away.
        let _ = self.caller.send(answer);
    }
}

/// The thread that writes.
struct Writer {
    jobs: Option<Sender<Box<dyn Job>>>,
    thread: Option<JoinHandle<()>>,
}

impl Writer {
    fn start(connection: Connection, gate: Arc<Gate>) -> Result<Self> {
        let (jobs, queue) = mpsc::channel();
        let work = move || run_writer(&connection, &gate, &queue);
        let thread = thread::Builder::new()
            .name("store-writer".to_owned())
            .spawn(work)?;
        Ok(Self {
            jobs: Some(jobs),
            thread: Some(thread),
        })
    }

    fn submit(&self, job: Box<dyn Job>) -> Result<()> {
        let sent = self.jobs.as_ref().and_then(|jobs| jobs.send(job).ok());
        sent.context("the writer has ended")
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

fn run_writer(connection: &Connection, gate: &Gate, queue: &Receiver<Box<dyn Job>>) {
    while let Ok(first) = queue.recv() {
        let mut batch = vec![first];
        let committed = commit_together(connection, gate, &mut batch, queue);
        let committed = committed.map_err(|error| format!("{error:#}"));
        if committed.is_err() && !connection.is_autocommit() {
            let _ = connection.execute_batch("ROLLBACK");
        }
        for job in batch {
            job.answer(committed.as_ref().copied().map_err(String::as_str));
        }
    }
}

/// One transaction around a job and all that join it while the transaction is open.
fn commit_together(
    connection: &Connection,
    gate: &Gate,
    batch: &mut Vec<Box<dyn Job>>,
    queue: &Receiver<Box<dyn Job>>,
) -> Result<()> {
    if let Err(error) = connection.execute_batch("BEGIN IMMEDIATE") {
        // Whoever has come meanwhile has waited for the same lock, and must not wait once more.
        batch.extend(queue.try_iter());
        return Err(error.into());
    }

    let deadline = Instant::now() + MAX_BATCH;
    let mut done = 0;
    while let Some(job) = batch.get_mut(done) {
        job.run(connection);
        done += 1;
        // A full disk ends the transaction by itself; what came after would commit alone.
        if connection.is_autocommit() {
            bail!("it ended early");
        }
        if Instant::now() < deadline {
            batch.extend(queue.try_recv());
        }
    }

    let _closed = gate.close();
    Ok(connection.execute_batch("COMMIT")?)
}

/// Work whose failure undoes that work alone and not its neighbours in the transaction.
fn in_savepoint<T>(
    connection: &Connection,
    work: impl FnOnce(&Connection) -> rusqlite::Result<T>,
) -> rusqlite::Result<T> {
    connection.execute_batch("SAVEPOINT job")?;
    let outcome = work(connection);
    let end = if outcome.is_err() {
        "ROLLBACK TO job; RELEASE job"
    } else {
        "RELEASE job"
    };
    connection.execute_batch(end)?;
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
pub(super) const LOCK_PATIENCE: Duration = Duration::from_secs(5);
/// How long a transaction takes in further work.
const MAX_BATCH: Duration = Duration::from_millis(5);
/// How many reads wait for a lock at a time, and how many connections are kept for the next.
const MAX_READERS: usize = 16;

#[cfg(test)]
mod tests {
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
        let sqlite = Sqlite::open(&database.path(), PATIENCE).unwrap();

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
    async fn who_waited_for_a_lock_in_vain_does_not_wait_again() {
        let database = Database::new();
        let sqlite = Sqlite::open(&database.path(), PATIENCE).unwrap();
        let other = Connection::open(database.path()).unwrap();
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
        let other = Connection::open(database.path()).unwrap();
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
}
