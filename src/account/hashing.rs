#[cfg(test)]
mod tests;

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
    /// As many threads as there are cores. Each does `rest` when there is nothing to do.
    pub(super) fn for_this_machine(rest: fn()) -> Self {
        let cores = thread::available_parallelism().map_or(1, Into::into);
        Self::new(cores, cores * WAITING_PER_CORE, rest)
    }

    fn new(threads: usize, waiting: usize, rest: fn()) -> Self {
        let queue = Arc::new(Queue {
            waiting,
            state: Mutex::default(),
            first: Condvar::new(),
            others: Condvar::new(),
        });
        for place in 0..threads {
            let queue = Arc::clone(&queue);
            let work = move || {
                give_way(place);
                queue.work_off(place == 0, rest);
            };
            thread::Builder::new()
                .name("hashing".to_owned())
                .spawn(work)
                .expect("a process that gets no threads at its start cannot serve");
        }
        Self { queue }
    }

    /// How many jobs wait, and how many run.
    pub(super) fn load(&self) -> (usize, usize) {
        let state = self.queue.lock();
        (state.jobs.len(), state.running)
    }

    /// Runs `work` on one of the threads, unless the caller goes away before it begins.
    pub(super) async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Caller) -> T + Send + 'static,
    ) -> Result<T, Unavailable> {
        let (answer, answered) = oneshot::channel();
        let caller = Arc::new(());
        self.queue.push(Job {
            caller: Caller(Arc::downgrade(&caller)),
            work: Box::new(move |caller| {
                let outcome = work(caller);
                // Nobody listens any more where the caller went away.
                Box::new(move || drop(answer.send(outcome)))
            }),
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
        self.queue.first.notify_all();
        self.queue.others.notify_all();
    }
}

/// Who asked for a job.
pub(super) struct Caller(Weak<()>);

impl Caller {
    /// Whether the caller waits still, and has not gone away.
    pub(super) fn waits(&self) -> bool {
        self.0.strong_count() > 0
    }
}

struct Job {
    caller: Caller,
    work: Box<dyn FnOnce(&Caller) -> Answer + Send>,
}

/// Gives what came of a job to its caller.
type Answer = Box<dyn FnOnce()>;

struct Queue {
    /// How many jobs may wait.
    waiting: usize,
    state: Mutex<State>,
    /// Wakes the thread that keeps a share of the processor.
    first: Condvar,
    /// Wakes one of the others.
    others: Condvar,
}

#[derive(Default)]
struct State {
    jobs: VecDeque<Job>,
    /// How many jobs run.
    running: usize,
    /// How many threads wait for a job.
    idle: usize,
    /// Whether the first one does, or is about to, and was not called.
    is_first_free: bool,
    is_closed: bool,
}

impl Queue {
    fn push(&self, job: Job) -> Result<(), Unavailable> {
        let mut state = self.lock();
        if state.jobs.len() >= self.waiting + state.idle {
            // Callers that went away keep nobody out.
            state.jobs.retain(|job| job.caller.waits());
        }
        if state.jobs.len() >= self.waiting + state.idle {
            return Err(Unavailable::HashingBusy);
        }
        state.jobs.push_back(job);
        // The others may not get on at all where the machine has much to do: one login at a time is
        // hashed even then.
        let is_first_free = std::mem::take(&mut state.is_first_free);
        drop(state);
        let free = if is_first_free {
            &self.first
        } else {
            &self.others
        };
        free.notify_one();
        Ok(())
    }

    /// The life of a thread.
    fn work_off(&self, is_first: bool, rest: fn()) {
        while let Some(job) = self.next(is_first) {
            let answer = job.caller.waits().then(|| {
                // The caller learns of a panic, for its answer is dropped.
                catch_unwind(AssertUnwindSafe(|| (job.work)(&job.caller)))
            });
            let mut state = self.lock();
            state.running -= 1;
            // Before the answer, for whoever waited for it may come again at once.
            state.is_first_free |= is_first && answer.is_some();
            drop(state);
            if let Some(Ok(answer)) = answer {
                answer();
            }
            if self.lock().jobs.is_empty() {
                rest();
            }
        }
    }

    /// The job that has waited for longest; `None` once there is no pool any more.
    fn next(&self, is_first: bool) -> Option<Job> {
        let called = if is_first { &self.first } else { &self.others };
        let mut state = self.lock();
        state.idle += 1;
        while state.jobs.is_empty() && !state.is_closed {
            state.is_first_free |= is_first;
            let woken = called.wait(state);
            state = woken.unwrap_or_else(PoisonError::into_inner);
        }
        state.idle -= 1;
        if is_first {
            state.is_first_free = false;
        }
        let job = state.jobs.pop_front();
        state.running += usize::from(job.is_some());
        job
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
