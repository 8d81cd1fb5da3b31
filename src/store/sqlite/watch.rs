use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use anyhow::Result;

use super::gate::Gate;
use super::{Connection, connect};

/// Tells whether a database was written to, by whomever.
pub(super) struct Watch {
    path: PathBuf,
    patience: Duration,
    gate: Arc<Gate>,
    seen: Mutex<Option<Seen>>,
}

/// What SQLite counts, it counts for one connection.
struct Seen {
    connection: Connection,
    version: i64,
}

impl Watch {
    pub(super) fn new(path: &Path, patience: Duration, gate: Arc<Gate>) -> Self {
        Self {
            path: path.to_owned(),
            patience,
            gate,
            seen: Mutex::default(),
        }
    }

    /// Whether a commit has come since this was last asked; the first time it may have.
    pub(super) fn has_changed(&self) -> Result<bool> {
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        let _inside = self.gate.enter();
        // Taken out, so that a connection that failed is not asked again.
        let (connection, before) = match seen.take() {
            Some(Seen {
                connection,
                version,
            }) => (connection, Some(version)),
            None => (connect(&self.path, self.patience)?, None),
        };
        let sql = "PRAGMA data_version";
        let version = connection.lock().query_row(sql, [], |row| row.get(0))?;
        *seen = Some(Seen {
            connection,
            version,
        });
        Ok(before != Some(version))
    }
}
