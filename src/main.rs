//! The command `tegata`.

use std::process::ExitCode;

use mimalloc::MiMalloc;
use tokio::runtime::Runtime;

/// Requests are made of many small allocations, often freed by another thread than asked for them.
#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

fn main() -> ExitCode {
    let runtime = Runtime::new().expect("a process that cannot have threads cannot do anything");
    let code = runtime.block_on(tegata::cli::run());
    // A read that waits for the lock of a database is not waited for.
    runtime.shutdown_background();
    code
}
