use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use anyhow::Result;
use rusqlite::ErrorCode;

use super::gate::Gate;
use super::{Connection, connect};

/// Connections for reading, as many as there are reads at one time.
pub(super) struct Readers {
    path: PathBuf,
    pub(super) patience: Duration,
    pub(super) gate: Arc<Gate>,
    idle: Mutex<Vec<Connection>>,
}

impl Readers {
    pub(super) fn new(path: &Path, patience: Duration, gate: Arc<Gate>) -> Self {
        Self {
            path: path.to_owned(),
            patience,
            gate,
            idle: Mutex::default(),
        }
    }

    /// Runs a query unless it would have to wait.
    pub(super) fn try_now<T>(&self, query: impl Fn(&Connection) -> Result<T>) -> Result<Option<T>> {
        let Some(_inside) = self.gate.try_enter() else {
            return Ok(None);
        };
        match self.run(query, Duration::ZERO) {
            Err(error) if is_busy(&error) => Ok(None),
            answer => answer.map(Some),
        }
    }

    /// Runs a query once it may.
    pub(super) fn wait<T>(&self, query: impl Fn(&Connection) -> Result<T>) -> Result<T> {
        let _inside = self.gate.enter();
        self.run(query, self.patience)
    }

    fn run<T>(&self, query: impl Fn(&Connection) -> Result<T>, patience: Duration) -> Result<T> {
        let idle = || self.idle.lock().unwrap_or_else(PoisonError::into_inner);

        let taken = idle().pop();
        let connection = match taken {
            Some(connection) => connection,
            None => self.connect(patience)?,
        };
        connection.lock().busy_timeout(patience)?;
        let answer = query(&connection);

        let mut idle = idle();
        if idle.len() < MAX_READERS {
            idle.push(connection);
        }
        answer
    }

    fn connect(&self, patience: Duration) -> Result<Connection> {
        let connection = connect(&self.path, patience)?;
        let read_only = "PRAGMA query_only = ON";
        connection.lock().execute_batch(read_only)?;
        Ok(connection)
    }
}

pub(super) fn is_busy(error: &anyhow::Error) -> bool {
    let code = error
        .downcast_ref::<rusqlite::Error>()
        .and_then(rusqlite::Error::sqlite_error_code);
    matches!(
        code,
        Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked)
    )
}

/// How many reads wait for a lock at a time, and how many connections are kept for the next.
pub(super) const MAX_READERS: usize = 16;
