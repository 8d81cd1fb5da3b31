use std::sync::Arc;
use std::thread;

use tokio::sync::Semaphore;

use crate::error::Unavailable;

/// Runs what takes the processor for long, as many at a time as there are cores, and lets only so
/// many wait: a flood of logins fills this pool and leaves every other request alone.
pub(super) struct HashingPool {
    /// One permit for each that runs or waits.
    admitted: Arc<Semaphore>,
    /// One permit for each that runs.
    running: Arc<Semaphore>,
}

impl HashingPool {
    pub(super) fn for_this_machine() -> Self {
        let cores = thread::available_parallelism().map_or(1, Into::into);
        Self::new(cores, cores * WAITING_PER_CORE)
    }

    fn new(running: usize, waiting: usize) -> Self {
        Self {
            admitted: Arc::new(Semaphore::new(running + waiting)),
            running: Arc::new(Semaphore::new(running)),
        }
    }

    /// Runs `work` on a thread of its own. Its place is taken until it is done, even where the
    /// caller went away.
    pub(super) async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, Unavailable> {
        let admitted = Arc::clone(&self.admitted).try_acquire_owned();
        let admitted = admitted.map_err(|_| Unavailable::HashingBusy)?;
        let running = Arc::clone(&self.running).acquire_owned().await;
        let running = running.map_err(|_| Unavailable::HashingBusy)?;

        let work = move || {
            let _places = (admitted, running);
            work()
        };
        tokio::task::spawn_blocking(work)
            .await
            .map_err(|_| Unavailable::HashingFailed)
    }
}

/// At a fifth of a second for a hash, the last to be admitted waits some three seconds.
const WAITING_PER_CORE: usize = 16;

#[cfg(test)]
mod tests {
    use std::sync::mpsc;

    use super::*;

    #[tokio::test]
    async fn one_too_many_is_refused_at_once_and_the_place_comes_back() {
        let pool = Arc::new(HashingPool::new(1, 0));
        let (release, released) = mpsc::channel::<()>();
        let (started, start) = tokio::sync::oneshot::channel();
        let busy = Arc::clone(&pool);
        let first = tokio::spawn(async move {
            let work = move || (started.send(()), released.recv());
            busy.run(work).await.is_ok()
        });
        start.await.unwrap();

        let refused = pool.run(|| ()).await;

        assert!(matches!(refused, Err(Unavailable::HashingBusy)));
        release.send(()).unwrap();
        assert!(first.await.unwrap());
        assert!(pool.run(|| ()).await.is_ok());
    }
}
