use std::sync::Arc;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::metrics::{Counter, Gauge};
use crate::seldom::Seldom;

/// So many of something at a time, and a line of the log where there are more.
pub(super) struct Places {
    free: Arc<Semaphore>,
    what: &'static str,
    max_connections: usize,
    full: Seldom,
    taken: Gauge,
    refused: Counter,
}

impl Places {
    pub(super) fn new(what: &'static str, max_connections: usize) -> Self {
        Self {
            free: Arc::new(Semaphore::new(max_connections)),
            what,
            max_connections,
            full: Seldom::default(),
            taken: Gauge::default(),
            refused: Counter::default(),
        }
    }

    /// The same, whose number, and that of those who found none, others can see.
    pub(super) fn counted(self, taken: &Gauge, refused: &Counter) -> Self {
        let (taken, refused) = (taken.clone(), refused.clone());
        Self {
            taken,
            refused,
            ..self
        }
    }

    /// A place until it is dropped, where there is one.
    pub(super) fn take(&self) -> Option<Place> {
        let Ok(permit) = Arc::clone(&self.free).try_acquire_owned() else {
            self.refuse();
            return None;
        };
        self.taken.inc();
        Some(Place {
            taken: self.taken.clone(),
            _permit: permit,
        })
    }

    fn refuse(&self) {
        self.refused.inc();
        if let Some(refused) = self.full.happened() {
            tracing::warn!(
                max_connections = self.max_connections,
                refused,
                "[server] max_connections is reached by {}",
                self.what
            );
        }
    }
}

/// One of them.
pub(super) struct Place {
    taken: Gauge,
    _permit: OwnedSemaphorePermit,
}

impl Drop for Place {
    fn drop(&mut self) {
        self.taken.dec();
    }
}
