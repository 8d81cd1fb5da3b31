use std::cell::RefCell;
use std::collections::HashSet;
use std::sync::{Barrier, mpsc};
use std::time::Duration;

use tokio::sync::Semaphore;
use tokio::time::timeout;

use super::*;

const PATIENCE: Duration = Duration::from_secs(10);

thread_local! {
    /// Dropped where the thread ends.
    static END: RefCell<Option<mpsc::Sender<()>>> = const { RefCell::new(None) };
}

/// A pool of one thread, which is busy until the sender speaks or is dropped.
async fn busy(waiting: usize) -> (Arc<HashingPool>, mpsc::Sender<()>) {
    let pool = Arc::new(HashingPool::new(1, waiting + 1, || ()));
    let (release, released) = mpsc::channel::<()>();
    let (started, start) = oneshot::channel();
    let first = Arc::clone(&pool);
    tokio::spawn(async move {
        let work = move || (started.send(()), released.recv());
        first.run(|_| work()).await.map(drop)
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
    let job = tokio::spawn(async move { same.run(|_| work()).await });
    while pool.queue.lock().jobs.len() == before {
        tokio::task::yield_now().await;
    }
    job
}

#[tokio::test]
async fn one_too_many_is_refused_at_once_and_the_place_comes_back() {
    let (pool, release) = busy(1).await;
    let [first, second] = [enqueue(&pool, || 1).await, enqueue(&pool, || 2).await];

    let refused = pool.run(|_| ()).await;

    assert!(matches!(refused, Err(Unavailable::HashingBusy)));
    drop(release);
    assert_eq!(first.await.unwrap().unwrap(), 1);
    assert_eq!(second.await.unwrap().unwrap(), 2);
    assert!(pool.run(|_| ()).await.is_ok());
}

#[tokio::test]
async fn a_job_whose_caller_went_away_is_not_done() {
    let (pool, release) = busy(1).await;
    let (done, was_done) = mpsc::channel();
    let abandoned = enqueue(&pool, move || done.send(())).await;

    abandoned.abort();
    assert!(abandoned.await.unwrap_err().is_cancelled());
    drop(release);

    assert!(pool.run(|_| ()).await.is_ok());
    assert!(was_done.recv_timeout(PATIENCE).is_err());
}

#[tokio::test]
async fn callers_that_went_away_keep_nobody_out() {
    let (pool, release) = busy(0).await;
    let abandoned = enqueue(&pool, || ()).await;
    assert!(pool.run(|_| ()).await.is_err());

    abandoned.abort();
    assert!(abandoned.await.unwrap_err().is_cancelled());
    let admitted = tokio::spawn({
        let pool = Arc::clone(&pool);
        async move { pool.run(|_| ()).await }
    });
    tokio::task::yield_now().await;
    drop(release);

    assert!(admitted.await.unwrap().is_ok());
}

#[tokio::test]
async fn a_thread_rests_once_there_is_nothing_to_do() {
    static RESTED: Semaphore = Semaphore::const_new(0);
    let pool = HashingPool::new(1, 1, || RESTED.add_permits(1));

    pool.run(|_| ()).await.unwrap();

    let rested = timeout(PATIENCE, RESTED.acquire()).await;
    assert!(rested.is_ok());
}

#[tokio::test]
async fn a_panic_fails_its_own_job_only() {
    let pool = HashingPool::new(1, 1, || ());

    let failed = pool.run(|_| panic!("as arranged")).await;
    let next = timeout(PATIENCE, pool.run(|_| 7)).await;

    assert!(matches!(failed, Err(Unavailable::HashingFailed)));
    assert_eq!(next.unwrap().unwrap(), 7);
}

#[tokio::test]
async fn the_threads_end_with_the_pool() {
    let pool = HashingPool::new(2, 2, || ());
    let (ended, end) = mpsc::channel::<()>();
    pool.run(move |_| END.set(Some(ended))).await.unwrap();

    drop(pool);

    assert_eq!(
        end.recv_timeout(PATIENCE),
        Err(mpsc::RecvTimeoutError::Disconnected)
    );
}

#[tokio::test]
async fn logins_that_come_one_by_one_are_hashed_by_the_thread_that_keeps_a_share() {
    let pool = HashingPool::new(3, 3, || ());
    while pool.queue.lock().idle < 3 {
        tokio::task::yield_now().await;
    }

    let mut threads = HashSet::new();
    for _ in 0..20 {
        threads.insert(pool.run(|_| thread::current().id()).await.unwrap());
    }

    assert_eq!(threads.len(), 1);
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn hashing_gives_way_to_everything_else_and_one_thread_of_it_for_good() {
    use thread_priority::unix::thread_schedule_policy;

    let niceness = || rustix::process::getpriority_process(None).unwrap();
    let pool = HashingPool::new(3, 3, || ());
    let all = Arc::new(Barrier::new(3));
    let look = || {
        let all = Arc::clone(&all);
        pool.run(move |_| {
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
