//! The command line: one command, one file. Data goes to standard output, everything else to
//! standard error.

#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "this is where the program speaks"
)]

mod createuser;
mod migrate;
mod serve;
mod token;

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Result;
use clap::{CommandFactory, Parser, Subcommand};

use crate::settings::{Settings, Source, load};

/// Issues and verifies JSON Web Tokens.
#[derive(Parser)]
#[command(name = "tegata", version)]
struct Cli {
    /// The settings' file; without it `config.toml`, if there is one.
    #[arg(long, global = true, value_name = "PATH", env = "TEGATA_CONFIG")]
    config: Option<PathBuf>,

    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Subcommand)]
enum Command {
    /// Serve, until SIGTERM or Ctrl-C.
    Serve,
    /// Create the tables in an empty database.
    Migrate,
    /// Create a user.
    Createuser(createuser::Createuser),
    /// Look at tokens.
    #[command(subcommand)]
    Token(token::Token),
}

/// Runs the command of the process's arguments: 0 done, 1 refused or failed, 2 misused.
pub async fn run() -> ExitCode {
    let cli = Cli::parse();
    let source = cli.config.map_or(Source::Default, Source::File);
    let settings = || -> Result<Settings> { Ok(load(&source)?) };

    let done = match cli.command {
        None => Cli::command().print_help().map_err(Into::into),
        Some(Command::Serve) => match settings() {
            Ok(settings) => serve::run(settings).await,
            Err(error) => Err(error),
        },
        Some(Command::Migrate) => settings().and_then(|settings| migrate::run(&settings)),
        Some(Command::Createuser(command)) => match settings() {
            Ok(settings) => command.run(settings).await,
            Err(error) => Err(error),
        },
        Some(Command::Token(command)) => command.run(),
    };

    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::from(if error.is::<Misuse>() { 2 } else { 1 })
        }
    }
}

/// The command was given what it cannot work with.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
struct Misuse(String);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_commands_are_well_formed() {
        Cli::command().debug_assert();
    }
}
