//! Standard error, by which nobody is held up: a pipe whose reader stands still takes 64 KiB, and
//! then whoever logs would wait, with all requests and the end of the service.

use std::io::{self, StderrLock, Write};
use std::sync::atomic::{AtomicBool, Ordering};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::retry_on_intr;

/// Writes a line or some, in one call where they are short, so that no other process's line comes in
/// between. What is not taken in time is lost, and what comes then, too, until it is taken again.
pub(super) fn write(text: &str) {
    let mut out = io::stderr().lock();
    for part in text.as_bytes().chunks(PIPE_BUF) {
        if !takes_more(&out) || out.write_all(part).is_err() {
            return;
        }
    }
}

/// Whether as much as [`PIPE_BUF`] can be written without a wait. The first to find that it cannot
/// is patient, for all others: a reader may only be slow.
fn takes_more(out: &StderrLock<'_>) -> bool {
    static IS_STUCK: AtomicBool = AtomicBool::new(false);
    let patience = Timespec {
        tv_sec: i64::from(!IS_STUCK.load(Ordering::Relaxed)),
        tv_nsec: 0,
    };
    let ready = retry_on_intr(|| poll(&mut [PollFd::new(out, PollFlags::OUT)], Some(&patience)));
    // What cannot be asked, a closed one say, says so when it is written to.
    let takes_more = ready.map_or(true, |ready| ready > 0);
    IS_STUCK.store(!takes_more, Ordering::Relaxed);
    takes_more
}

/// What a pipe that says it is ready takes in one piece, on Linux.
const PIPE_BUF: usize = 4096;
