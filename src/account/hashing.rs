use std::collections::VecDeque;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError, Weak};
use std::thread;

#[cfg(target_os = "linux")]
use thread_priority::ThreadPriority;
#[cfg(target_os = "linux")]
use thread_priority::unix::{
    NormalThreadSchedulePolicy, ThreadSchedulePolicy, set_thread_priority_and_policy,
    thread_native_id,
};
use tokio::sync::oneshot;

use crate::error::Unavailable;

/// Runs what takes the processor for long, on a thread for each core that gives way to all else,
/// and lets only so much wait: a flood of logins fills this pool and leaves every other request
/// alone.
pub(super) struct HashingPool {
    queue: Arc<Queue>,
}

impl HashingPool {
    pub(super) fn for_this_machine() -> Self {
        let cores = thread::available_parallelism().map_or(1, Into::into);
        Self::new(cores, cores * WAITING_PER_CORE)
    }

    fn new(threads: usize, waiting: usize) -> Self {
        let queue = Arc::new(Queue {
            waiting,
            state: Mutex::default(),
            changed: Condvar::new(),
        });
        for place in 0..threads {
            let queue = Arc::clone(&queue);
            let work = move || {
                give_way(place);
                queue.work_off();
            };
            thread::Builder::new()
                .name("hashing".to_owned())
                .spawn(work)
                .expect("a process that gets no threads at its start cannot serve");
        }
        Self { queue }
    }

    /// Runs `work` on one of the threads, unless the caller goes away before it begins.
    pub(super) async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, Unavailable> {
        let (answer, answered) = oneshot::channel();
        let caller = Arc::new(());
        self.queue.push(Job {
            caller: Arc::downgrade(&caller),
            // Nobody listens any more where the caller went away.
            work: Box::new(move || drop(answer.send(work()))),
        })?;

        let outcome = answered.await;
        // Until here the caller is there.
        drop(caller);
        outcome.map_err(|_| Unavailable::HashingFailed)
    }
}

impl Drop for HashingPool {
    /// Ends the threads, each after what it is at.
    fn drop(&mut self) {
        let mut state = self.queue.lock();
        state.is_closed = true;
        state.jobs.clear();
        drop(state);
        self.queue.changed.notify_all();
    }
}

struct Job {
    /// Holds as long as the caller waits.
    caller: Weak<()>,
    work: Box<dyn FnOnce() + Send>,
}

impl Job {
    fn is_awaited(&self) -> bool {
        self.caller.strong_count() > 0
    }
}

struct Queue {
    /// How many jobs may wait.
    waiting: usize,
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Default)]
struct State {
    jobs: VecDeque<Job>,
    /// How many threads wait for a job.
    idle: usize,
    is_closed: bool,
}

impl Queue {
    fn push(&self, job: Job) -> Result<(), Unavailable> {
        let mut state = self.lock();
        if state.jobs.len() >= self.waiting + state.idle {
            // Callers that went away keep nobody out.
            state.jobs.retain(Job::is_awaited);
        }
        if state.jobs.len() >= self.waiting + state.idle {
            return Err(Unavailable::HashingBusy);
        }
        state.jobs.push_back(job);
        drop(state);
        self.changed.notify_one();
        Ok(())
    }

    /// The life of a thread.
    fn work_off(&self) {
        while let Some(job) = self.next() {
            if job.is_awaited() {
                // The caller learns of a panic, for its answer is dropped.
                let _ = catch_unwind(AssertUnwindSafe(job.work));
            }
        }
    }

    /// The job that has waited for longest; `None` once there is no pool any more.
    fn next(&self) -> Option<Job> {
        let mut state = self.lock();
        state.idle += 1;
        while state.jobs.is_empty() && !state.is_closed {
            let woken = self.changed.wait(state);
            state = woken.unwrap_or_else(PoisonError::into_inner);
        }
        state.idle -= 1;
        state.jobs.pop_front()
    }

    /// No job runs under the lock, so a panic leaves nothing half done there.
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Lets every other thread go first, so that verifications keep their latency. The first hashing
/// thread keeps a small share of the processor whatever else there is to do, for logins must go on.
/// The others take what nobody wants (`SCHED_IDLE`), and whoever wakes up has it back at once: a
/// kernel lets any other thread end its slice first, of some milliseconds, however nice it is.
///
/// Elsewhere than on Linux this would be for the whole process. Where it is not allowed, hashing
/// goes on as it is.
fn give_way(place: usize) {
    #[cfg(target_os = "linux")]
    if place == 0 {
        let _ = rustix::process::nice(NICENESS);
    } else {
        let idle = ThreadSchedulePolicy::Normal(NormalThreadSchedulePolicy::Idle);
        let _ = set_thread_priority_and_policy(thread_native_id(), ThreadPriority::Min, idle);
    }
    #[cfg(not(target_os = "linux"))]
    let _ = place;
}

/// At a fifth of a second for a hash, the last to be admitted waits some three seconds.
const WAITING_PER_CORE: usize = 16;
/// About a tenth of the processor where another thread wants all of it.
#[cfg(target_os = "linux")]
const NICENESS: i32 = 10;

#[cfg(test)]
mod tests {
    use std::cell::RefCell;
    use std::sync::{Barrier, mpsc};
    use std::time::Duration;

    use tokio::time::timeout;

    use super::*;

    const PATIENCE: Duration = Duration::from_secs(10);

    thread_local! {
        /// Dropped where the thread ends.
        static END: RefCell<Option<mpsc::Sender<()>>> = const { RefCell::new(None) };
    }

    /// A pool of one thread, which is busy until the sender speaks or is dropped.
    async fn busy(waiting: usize) -> (Arc<HashingPool>, mpsc::Sender<()>) {
        let pool = Arc::new(HashingPool::new(1, waiting + 1));
        let (release, released) = mpsc::channel::<()>();
        let (started, start) = oneshot::channel();
        let first = Arc::clone(&pool);
        tokio::spawn(async move {
            let work = move || (started.send(()), released.recv());
            first.run(work).await.map(drop)
        });
        start.await.unwrap();
        (pool, release)
    }

    /// Asks for a job and waits until it is in the queue.
    async fn enqueue<T: Send + 'static>(
        pool: &Arc<HashingPool>,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> tokio::task::JoinHandle<Result<T, Unavailable>> {
        let before = pool.queue.lock().jobs.len();
        let same = Arc::clone(pool);
        let job = tokio::spawn(async move { same.run(work).await });
        while pool.queue.lock().jobs.len() == before {
            tokio::task::yield_now().await;
        }
        job
    }

    #[tokio::test]
    async fn one_too_many_is_refused_at_once_and_the_place_comes_back() {
        let (pool, release) = busy(1).await;
        let [first, second] = [enqueue(&pool, || 1).await, enqueue(&pool, || 2).await];

        let refused = pool.run(|| ()).await;

        assert!(matches!(refused, Err(Unavailable::HashingBusy)));
        drop(release);
        assert_eq!(first.await.unwrap().unwrap(), 1);
        assert_eq!(second.await.unwrap().unwrap(), 2);
        assert!(pool.run(|| ()).await.is_ok());
    }

    #[tokio::test]
    async fn a_job_whose_caller_went_away_is_not_done() {
        let (pool, release) = busy(1).await;
        let (done, was_done) = mpsc::channel();
        let abandoned = enqueue(&pool, move || done.send(())).await;

        abandoned.abort();
        assert!(abandoned.await.unwrap_err().is_cancelled());
        drop(release);

        assert!(pool.run(|| ()).await.is_ok());
        assert!(was_done.recv_timeout(PATIENCE).is_err());
    }

    #[tokio::test]
    async fn callers_that_went_away_keep_nobody_out() {
        let (pool, release) = busy(0).await;
        let abandoned = enqueue(&pool, || ()).await;
        assert!(pool.run(|| ()).await.is_err());

        abandoned.abort();
        assert!(abandoned.await.unwrap_err().is_cancelled());
        let admitted = tokio::spawn({
            let pool = Arc::clone(&pool);
            async move { pool.run(|| ()).await }
        });
        tokio::task::yield_now().await;
        drop(release);

        assert!(admitted.await.unwrap().is_ok());
    }

    #[tokio::test]
    async fn a_panic_fails_its_own_job_only() {
        let pool = HashingPool::new(1, 1);

        let failed = pool.run(|| panic!("as arranged")).await;
        let next = timeout(PATIENCE, pool.run(|| 7)).await;

        assert!(matches!(failed, Err(Unavailable::HashingFailed)));
        assert_eq!(next.unwrap().unwrap(), 7);
    }

    #[tokio::test]
    async fn the_threads_end_with_the_pool() {
        let pool = HashingPool::new(2, 2);
        let (ended, end) = mpsc::channel::<()>();
        pool.run(move || END.set(Some(ended))).await.unwrap();

        drop(pool);

        assert_eq!(
            end.recv_timeout(PATIENCE),
            Err(mpsc::RecvTimeoutError::Disconnected)
        );
    }

    #[cfg(target_os = "linux")]
    #[tokio::test]
    async fn hashing_gives_way_to_everything_else_and_one_thread_of_it_for_good() {
        use thread_priority::unix::thread_schedule_policy;

        let niceness = || rustix::process::getpriority_process(None).unwrap();
        let pool = HashingPool::new(3, 3);
        let all = Arc::new(Barrier::new(3));
        let look = || {
            let all = Arc::clone(&all);
            pool.run(move || {
                // Each of the threads has one of the jobs.
                all.wait();
                (thread_schedule_policy().unwrap(), niceness())
            })
        };
        let here = niceness();

        let (one, two, three) = tokio::join!(look(), look(), look());

        let there = [one.unwrap(), two.unwrap(), three.unwrap()];
        let idle = ThreadSchedulePolicy::Normal(NormalThreadSchedulePolicy::Idle);
        let (idle, nice): (Vec<_>, Vec<&(_, i32)>) =
            there.iter().partition(|(policy, _)| *policy == idle);
        assert_eq!((idle.len(), nice.len()), (2, 1));
        assert!(nice[0].1 > here);
        assert_eq!(niceness(), here);
    }
}
