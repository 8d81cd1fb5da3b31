use std::sync::Arc;
use std::sync::mpsc::{self, Receiver, Sender};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, anyhow, bail};
use tokio::sync::oneshot;

use super::Connection;
use super::gate::Gate;

/// Work for the writer, whatever it results in.
pub(super) trait Job: Send {
    /// Does the work within the open transaction, and says whether it succeeded. It is done again
    /// where the transaction was undone meanwhile.
    fn run(&mut self, connection: &Connection) -> bool;

    /// Tells the caller, once the transaction is durable or has failed.
    fn answer(self: Box<Self>, committed: Result<(), &str>);
}

/// One piece of work, and who waits for what it results in.
pub(super) struct Write<T, F> {
    work: F,
    outcome: Option<Result<T>>,
    caller: oneshot::Sender<Result<T>>,
}

impl<T, F> Write<T, F> {
    pub(super) fn new(work: F, caller: oneshot::Sender<Result<T>>) -> Self {
        Self {
            work,
            outcome: None,
            caller,
        }
    }
}

impl<T, F> Job for Write<T, F>
where
    T: Send,
    F: Fn(&Connection) -> Result<T> + Send,
{
    fn run(&mut self, connection: &Connection) -> bool {
        self.outcome = Some((self.work)(connection));
        matches!(self.outcome, Some(Ok(_)))
    }

    fn answer(self: Box<Self>, committed: Result<(), &str>) {
        let answer = match (committed, self.outcome) {
            (Ok(()), Some(outcome)) => outcome,
            (Err(cause), _) => Err(anyhow!("the transaction failed: {cause}")),
            (Ok(()), None) => Err(anyhow!("the transaction ended without this work")),
        };
        // Nobody listens any more where the caller went away.
        let _ = self.caller.send(answer);
    }
}

/// The thread that writes.
pub(super) struct Writer {
    jobs: Option<Sender<Box<dyn Job>>>,
    thread: Option<JoinHandle<()>>,
}

impl Writer {
    pub(super) fn start(connection: Connection, gate: Arc<Gate>) -> Result<Self> {
        let (jobs, queue) = mpsc::channel();
        let work = move || run_writer(&connection, &gate, &queue);
        let thread = thread::Builder::new()
            .name("store-writer".to_owned())
            .spawn(work)?;
        Ok(Self {
            jobs: Some(jobs),
            thread: Some(thread),
        })
    }

    pub(super) fn submit(&self, job: Box<dyn Job>) -> Result<()> {
        let sent = self.jobs.as_ref().and_then(|jobs| jobs.send(job).ok());
        sent.context("the writer has ended")
    }
}

impl Drop for Writer {
    /// Waits until all that was submitted is written.
    fn drop(&mut self) {
        drop(self.jobs.take());
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

fn run_writer(connection: &Connection, gate: &Gate, queue: &Receiver<Box<dyn Job>>) {
    while let Ok(first) = queue.recv() {
        let mut batch = vec![first];
        let committed = commit_together(connection, gate, &mut batch, queue);
        let committed = committed.map_err(|error| format!("{error:#}"));
        if committed.is_err() && !connection.lock().is_autocommit() {
            let _ = execute(connection, "ROLLBACK");
        }
        for job in batch {
            job.answer(committed.as_ref().copied().map_err(String::as_str));
        }
        if !gate.has_write_ahead_log() {
            thread::sleep(BREATH);
        }
    }
}

/// One transaction around a job and all that join it while the transaction is open. A job that fails
/// undoes itself alone. That is rare, and a savepoint would have every job keep copies of the pages
/// that it changes: only where one has failed the transaction begins anew, with savepoints.
fn commit_together(
    connection: &Connection,
    gate: &Gate,
    batch: &mut Vec<Box<dyn Job>>,
    queue: &Receiver<Box<dyn Job>>,
) -> Result<()> {
    if let Err(error) = execute(connection, "BEGIN IMMEDIATE") {
        // Whoever has come meanwhile has waited for the same lock, and must not wait once more.
        batch.extend(queue.try_iter());
        return Err(error);
    }

    let deadline = Instant::now() + MAX_BATCH;
    let (mut done, mut has_failed) = (0, false);
    while let Some(job) = batch.get_mut(done) {
        let is_done = if has_failed {
            run_apart(connection, job.as_mut())?;
            true
        } else {
            job.run(connection)
        };
        // A full disk ends the transaction by itself; what came after would commit alone.
        if connection.lock().is_autocommit() {
            bail!("it ended early");
        }
        if !is_done {
            execute(connection, "ROLLBACK; BEGIN IMMEDIATE")?;
            (done, has_failed) = (0, true);
            continue;
        }
        done += 1;
        if Instant::now() < deadline {
            batch.extend(queue.try_recv());
        }
    }

    let _closed = gate.close();
    execute(connection, "COMMIT")
}

/// A job whose failure undoes that job alone and not its neighbours in the transaction.
fn run_apart(connection: &Connection, job: &mut dyn Job) -> Result<()> {
    execute(connection, "SAVEPOINT job")?;
    let end = if job.run(connection) {
        "RELEASE job"
    } else {
        "ROLLBACK TO job; RELEASE job"
    };
    execute(connection, end)
}

fn execute(connection: &Connection, sql: &str) -> Result<()> {
    Ok(connection.lock().execute_batch(sql)?)
}

/// How long other programs find the file unlocked between two transactions, where it is theirs as
/// well: SQLite does not queue, and whoever waits sleeps for a guess.
const BREATH: Duration = Duration::from_millis(1);
/// How long a transaction takes in further work.
const MAX_BATCH: Duration = Duration::from_millis(5);
