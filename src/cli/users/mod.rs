//! `tegata users …`: one command, one file.

mod revoke;

use anyhow::Result;
use clap::Subcommand;

use crate::settings::Settings;

#[derive(Subcommand)]
pub(super) enum Users {
    /// Log a user out everywhere: blacklist all refresh and sliding tokens
    Revoke(revoke::Revoke),
}

impl Users {
    /// `tegata users …`.
    pub(super) async fn run(self, settings: &Settings) -> Result<()> {
        match self {
            Self::Revoke(command) => command.run(settings).await,
        }
    }
}
