//! `tegata users …`: one command, one file.

mod delete;
mod enable;
mod list;
mod revoke;

use anyhow::{Context, Result};
use clap::Subcommand;

use crate::settings::Settings;
use crate::store::{Store, User};

#[derive(Subcommand)]
pub(super) enum Users {
    /// List the users, in the order of their ids
    List(list::List),
    /// Show a user
    Show(list::Show),
    /// Let a user log in again
    Enable(enable::Enable),
    /// Let a user log in no more, nor refresh tokens
    Disable(enable::Disable),
    /// Delete a user
    Delete(delete::Delete),
    /// Log a user out everywhere: blacklist all refresh and sliding tokens
    Revoke(revoke::Revoke),
}

impl Users {
    /// `tegata users …`.
    pub(super) async fn run(self, settings: &Settings) -> Result<()> {
        match self {
            Self::List(command) => command.run(settings).await,
            Self::Show(command) => command.run(settings).await,
            Self::Enable(command) => command.run(settings).await,
            Self::Disable(command) => command.run(settings).await,
            Self::Delete(command) => command.run(settings).await,
            Self::Revoke(command) => command.run(settings).await,
        }
    }
}

/// The user of exactly this name.
pub(super) async fn find(store: &Store, username: &str) -> Result<User> {
    let user = store.user_by_username(username).await?;
    user.with_context(|| format!("there is no user {username}"))
}
