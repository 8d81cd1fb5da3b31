//! `tegata token …`: one command, one file.

mod decode;
mod issue;
mod verify;

use std::io::Read;

use anyhow::Result;
use clap::Subcommand;

use crate::cli::settings;
use crate::settings::Source;

#[derive(Subcommand)]
pub(super) enum Token {
    /// Issue tokens to a user, as a login would
    Issue(issue::Issue),
    /// Verify a token: exit code 0 where it is genuine, 1 where not
    Verify(verify::Verify),
    /// Print a token's header and claims, a line of JSON each, without verifying anything
    Decode(decode::Decode),
}

impl Token {
    /// `tegata token …`.
    pub(super) async fn run(self, source: &Source) -> Result<()> {
        match self {
            Self::Issue(command) => command.run(settings(source)?).await,
            Self::Verify(command) => command.run(source).await,
            Self::Decode(command) => command.run(),
        }
    }
}

/// A token given as an argument, or by standard input where that is `-`.
fn given(token: String) -> Result<String> {
    let mut text = token;
    if text == "-" {
        text.clear();
        std::io::stdin().take(MAX_BYTES).read_to_string(&mut text)?;
    }
    Ok(text.trim().to_owned())
}

/// More than the longest token.
const MAX_BYTES: u64 = 64 * 1024;
