//! A lock between processes.

use std::fs::{File, TryLockError};
use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

/// A folder held by this process alone, until it is dropped. Only those who ask for the same lock
/// are kept out.
pub struct FolderLock {
    _folder: File,
}

impl FolderLock {
    /// Waits a while for the folder, where another process holds it.
    pub fn take(folder: &Path) -> Result<Self> {
        let shown = folder.display();
        let file = File::open(folder).with_context(|| format!("cannot open the folder {shown}"))?;

        let deadline = Instant::now() + PATIENCE;
        loop {
            match file.try_lock() {
                Ok(()) => break,
                Err(TryLockError::WouldBlock) if Instant::now() < deadline => {
                    thread::sleep(INTERVAL);
                }
                Err(TryLockError::WouldBlock) => {
                    bail!("another process makes something in {shown}: try again when it is done")
                }
                Err(TryLockError::Error(error)) => {
                    return Err(error).with_context(|| format!("cannot lock the folder {shown}"));
                }
            }
        }
        Ok(Self { _folder: file })
    }
}

const PATIENCE: Duration = Duration::from_secs(5);
const INTERVAL: Duration = Duration::from_millis(20);
