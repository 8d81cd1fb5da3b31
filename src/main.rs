//! The command `tegata`.

use std::process::ExitCode;

#[tokio::main]
async fn main() -> ExitCode {
    tegata::cli::run().await
}
