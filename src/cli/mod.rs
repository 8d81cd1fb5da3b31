//! The command line: one command, one file. Data goes to standard output, everything else to
//! standard error.

mod changepassword;
mod completions;
mod config;
mod createsuperuser;
mod createuser;
mod flushexpiredtokens;
mod keys;
mod listen;
mod log;
mod man;
mod migrate;
mod password;
mod process;
mod serve;
mod systemd;
mod token;
mod users;

use std::ffi::OsString;
use std::io::{ErrorKind, Write};
use std::process::ExitCode;

use anyhow::Result;
use clap::{CommandFactory, Parser, Subcommand};

use self::log::say;
use crate::settings::{Settings, Source, load};

/// Issues and verifies JSON Web Tokens.
#[derive(Parser)]
#[command(name = "tegata", version)]
struct Cli {
    /// The settings' file; without it `config.toml`, if there is one.
    #[arg(long, global = true, value_name = "PATH", env = "TEGATA_CONFIG")]
    config: Option<OsString>,

    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Subcommand)]
enum Command {
    /// Serve, until SIGTERM or Ctrl-C; SIGHUP has the settings read anew.
    Serve,
    /// Create the tables in an empty database, or tegata's own beside Django's.
    Migrate(migrate::Migrate),
    /// Create a user.
    Createuser(createuser::Createuser),
    /// Create a user who may do everything in Django.
    Createsuperuser(createsuperuser::Createsuperuser),
    /// Change a user's password.
    Changepassword(changepassword::Changepassword),
    /// List, show, enable, disable and delete users, and end what they were issued.
    #[command(subcommand)]
    Users(users::Users),
    /// Delete the rows of tokens that expired.
    Flushexpiredtokens(flushexpiredtokens::Flushexpiredtokens),
    /// Look at settings.
    #[command(subcommand)]
    Config(config::Config),
    /// Generate, list, import and export signing keys.
    #[command(subcommand)]
    Keys(keys::Keys),
    /// Issue, verify and look at tokens.
    #[command(subcommand)]
    Token(token::Token),
    /// Print the script that has a shell complete commands.
    Completions(completions::Completions),
    /// Print the manual page.
    Man(man::Man),
}

/// Runs the command of the process's arguments: 0 done, 1 refused or failed, 2 misused.
pub async fn run() -> ExitCode {
    log::report_panics();
    match execute(Cli::parse()).await {
        Ok(()) => ExitCode::SUCCESS,
        // `tegata users list | head` has heard enough.
        Err(error) if is_broken_pipe(&error) => ExitCode::SUCCESS,
        Err(error) => {
            say!("error: {error:#}");
            ExitCode::from(if error.is::<Misuse>() { 2 } else { 1 })
        }
    }
}

fn is_broken_pipe(error: &anyhow::Error) -> bool {
    let io = error.root_cause().downcast_ref::<std::io::Error>();
    io.is_some_and(|error| error.kind() == ErrorKind::BrokenPipe)
}

async fn execute(cli: Cli) -> Result<()> {
    // An empty variable is how compose files leave one out.
    let config = cli.config.filter(|path| !path.is_empty());
    let source = config.map_or(Source::Default, |path| Source::File(path.into()));
    match cli.command {
        None => Ok(Cli::command().print_help()?),
        Some(Command::Serve) => serve::run(&source).await,
        Some(Command::Migrate(command)) => command.run(&settings(&source)?).await,
        Some(Command::Createuser(command)) => command.run(&settings(&source)?).await,
        Some(Command::Createsuperuser(command)) => command.run(&settings(&source)?).await,
        Some(Command::Changepassword(command)) => command.run(&settings(&source)?).await,
        Some(Command::Users(command)) => command.run(&settings(&source)?).await,
        Some(Command::Flushexpiredtokens(command)) => command.run(&settings(&source)?).await,
        Some(Command::Config(command)) => command.run(&source).await,
        Some(Command::Keys(command)) => command.run(&settings(&source)?),
        Some(Command::Token(command)) => command.run(&source).await,
        Some(Command::Completions(command)) => command.run(),
        Some(Command::Man(command)) => command.run(),
    }
}

/// The settings, for a command that acts on them. From here on there is a log.
fn settings(source: &Source) -> Result<Settings> {
    let settings = load(source)?;
    log::start(&settings.log);
    Ok(settings)
}

/// Asks on the terminal, and reads a line.
fn ask(question: &str) -> Result<String> {
    let mut terminal = std::io::stderr();
    terminal.write_all(question.as_bytes())?;
    terminal.flush()?;
    let mut line = String::new();
    std::io::stdin().read_line(&mut line)?;
    Ok(line.trim().to_owned())
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

    /// What every user of the machine can read in the list of processes.
    #[test]
    fn no_command_takes_a_password_or_a_key_as_an_argument() {
        let mut commands = vec![Cli::command()];
        let mut taken = Vec::new();
        while let Some(command) = commands.pop() {
            let arguments = command.get_arguments();
            let values = arguments.filter(|argument| argument.get_action().takes_values());
            taken.extend(values.map(|argument| argument.get_id().to_string()));
            commands.extend(command.get_subcommands().cloned());
        }

        assert!(taken.contains(&"username".to_owned()), "{taken:?}");
        for secret in ["password", "secret", "key", "private", "hash"] {
            let mut found = taken.iter().filter(|name| name.contains(secret));
            assert_eq!(found.next(), None);
        }
    }
}
