use std::sync::{PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use rusqlite::Connection;

/// What keeps our own commits and reads apart where SQLite would have them collide: without a
/// write-ahead log a commit needs the file for itself, and whoever meets it sleeps for a guess.
pub(super) struct Gate {
    lock: RwLock<()>,
    has_write_ahead_log: bool,
}

impl Gate {
    pub(super) fn of(connection: &Connection) -> rusqlite::Result<Self> {
        let journal: String = connection.query_row("PRAGMA journal_mode", [], |row| row.get(0))?;
        Ok(Self {
            lock: RwLock::default(),
            has_write_ahead_log: journal == "wal",
        })
    }

    pub(super) fn has_write_ahead_log(&self) -> bool {
        self.has_write_ahead_log
    }

    /// Held during a commit.
    pub(super) fn close(&self) -> Option<RwLockWriteGuard<'_, ()>> {
        let close = || self.lock.write().unwrap_or_else(PoisonError::into_inner);
        (!self.has_write_ahead_log).then(close)
    }

    /// Held during a read.
    pub(super) fn enter(&self) -> RwLockReadGuard<'_, ()> {
        self.lock.read().unwrap_or_else(PoisonError::into_inner)
    }

    /// The same, where that needs no waiting.
    pub(super) fn try_enter(&self) -> Option<RwLockReadGuard<'_, ()>> {
        self.lock.try_read().ok()
    }
}
