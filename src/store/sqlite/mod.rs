//! SQLite: reads on the calling thread, writes on a thread of their own that commits together
//! what waits together.

mod gate;
mod readers;
#[cfg(test)]
mod tests;
mod watch;
mod writer;

use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use rusqlite::OpenFlags;
use rusqlite::config::DbConfig;
use tokio::sync::{Semaphore, oneshot};

use self::gate::Gate;
use self::readers::{MAX_READERS, Readers, is_busy};
use self::watch::Watch;
use self::writer::{Write, Writer};

/// A connection. Threads may share it, for a statement at a time.
pub(in crate::store) struct Connection(Mutex<rusqlite::Connection>);

impl Connection {
    /// For a statement, or several: nobody else is at it.
    pub(in crate::store) fn lock(&self) -> MutexGuard<'_, rusqlite::Connection> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A SQLite database.
pub(in crate::store) struct Sqlite {
    readers: Arc<Readers>,
    /// One permit for each read that waits for a lock.
    waiting: Arc<Semaphore>,
    watch: Arc<Watch>,
    writer: Writer,
}

impl Sqlite {
    /// Opens a database file that is there. Where another program has it locked, a read or a
    /// write waits for `patience` at most.
    pub(in crate::store) fn open(path: &Path, patience: Duration) -> Result<Self> {
        let writer = connect(path, patience)?;
        let gate = {
            let connection = writer.lock();
            connection.execute_batch(WRITER)?;
            connection.busy_timeout(Duration::ZERO)?;
            require_writable(&connection, path)?;
            connection.busy_timeout(patience)?;
            Arc::new(Gate::of(&connection)?)
        };
        Ok(Self {
            readers: Arc::new(Readers::new(path, patience, Arc::clone(&gate))),
            waiting: Arc::new(Semaphore::new(MAX_READERS)),
            watch: Arc::new(Watch::new(path, patience, Arc::clone(&gate))),
            writer: Writer::start(writer, gate)?,
        })
    }

    /// Runs a query on the calling thread: a point look-up takes less than a change of threads.
    /// Only where another program or our own commit has the file locked does the query wait, on a
    /// thread for that.
    pub(in crate::store) async fn read<T, F>(&self, query: F) -> Result<T>
    where
        T: Send + 'static,
        F: Fn(&Connection) -> Result<T> + Send + 'static,
    {
        if let Some(answer) = self.readers.try_now(&query)? {
            return Ok(answer);
        }

        self.read_at_leisure(query).await
    }

    /// Runs a query on a thread where it may take its time.
    pub(in crate::store) async fn read_at_leisure<T, F>(&self, query: F) -> Result<T>
    where
        T: Send + 'static,
        F: Fn(&Connection) -> Result<T> + Send + 'static,
    {
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

    /// Whether anybody has written to the database since this was last asked.
    pub(in crate::store) async fn has_changed(&self) -> Result<bool> {
        let watch = Arc::clone(&self.watch);
        tokio::task::spawn_blocking(move || watch.has_changed()).await?
    }

    /// Runs work in a transaction and answers once it is durable. A caller that goes away
    /// cancels nothing. The work may be done twice, the first time undone: see [`writer`].
    pub(in crate::store) async fn write<T, F>(&self, work: F) -> Result<T>
    where
        T: Send + 'static,
        F: Fn(&Connection) -> Result<T> + Send + 'static,
    {
        self.submit(work).await
    }

    /// Has work done in a transaction, after all that was submitted before. The answer may be waited
    /// for.
    pub(in crate::store) fn submit<T, F>(
        &self,
        work: F,
    ) -> impl Future<Output = Result<T>> + Send + 'static
    where
        T: Send + 'static,
        F: Fn(&Connection) -> Result<T> + Send + 'static,
    {
        let (caller, answer) = oneshot::channel();
        let submitted = self.writer.submit(Box::new(Write::new(work, caller)));
        async move {
            submitted?;
            answer.await.context("the writer has ended")?
        }
    }
}

/// Opens a connection to a database file that is there, which waits for `patience` where another
/// program has the file locked.
pub(in crate::store) fn connect(path: &Path, patience: Duration) -> Result<Connection> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let open = || {
        let connection = rusqlite::Connection::open_with_flags(path, flags)?;
        connection.set_prepared_statement_cache_capacity(STATEMENTS);
        connection.busy_timeout(patience)?;
        // A statement is planned once. Else one is planned anew for each value that is compared with
        // something that has statistics or could have an index of its own.
        connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
        // An acknowledged write survives a power failure; Django, too, has foreign keys checked.
        connection.execute_batch("PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON;")?;
        // Touches the file, so that a damaged one is refused here and now.
        connection.query_row("SELECT count(*) FROM sqlite_master", [], |_| Ok(()))?;
        Ok::<_, rusqlite::Error>(Connection(Mutex::new(connection)))
    };
    open().with_context(|| format!("cannot open the database {}", path.display()))
}

/// Refuses a database that no write would get into: SQLite itself finds out at the first one, also
/// where it is the folder that takes no journal. Another program's lock is no obstacle.
fn require_writable(connection: &rusqlite::Connection, path: &Path) -> Result<()> {
    let shown = path.display();
    ensure!(
        !connection.is_readonly("main")?,
        "the database {shown} is read-only"
    );
    let attempt = connection.execute_batch("BEGIN IMMEDIATE; CREATE TABLE tegata_attempt (id)");
    if !connection.is_autocommit() {
        connection.execute_batch("ROLLBACK")?;
    }
    match attempt.map_err(Into::into) {
        Err(error) if is_busy(&error) => Ok(()),
        attempt => {
            attempt.with_context(|| format!("cannot write to the database {shown} and its folder"))
        }
    }
}

/// Identifiers are random, so that a write may be anywhere in an index: one that is not in memory is
/// read from the file, some pages each time. And what is written comes back to few pages of the
/// write-ahead log at a time, which moves into the file the more seldom the better: at 32 MiB, in the
/// place of 4.
const WRITER: &str = "PRAGMA cache_size = -65536; PRAGMA wal_autocheckpoint = 8192;";
/// How many statements a connection keeps at hand: more than there are.
const STATEMENTS: usize = 64;
/// How long another program's lock is waited for.
pub(in crate::store) const LOCK_PATIENCE: Duration = Duration::from_secs(5);
