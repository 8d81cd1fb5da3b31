use std::io::IsTerminal;

use anyhow::{Result, bail, ensure};
use clap::Args;
use tegata_jwt::Clock;

use super::find;
use crate::cli::log::say;
use crate::cli::{Misuse, ask};
use crate::settings::Settings;
use crate::store::{Deleted, Store};

#[derive(Args)]
pub(in crate::cli) struct Delete {
    /// The user name
    username: String,
    /// Do not ask whether this is meant
    #[arg(long)]
    yes: bool,
}

impl Delete {
    /// `tegata users delete`. The user's refresh and sliding tokens end with the user.
    pub(super) async fn run(self, settings: &Settings) -> Result<()> {
        let Self { username, yes } = self;
        let store = Store::open(settings).await?;
        let user = find(&store, &username).await?;
        if !yes {
            confirm(&username)?;
        }

        let deleted = store.delete_user(user.id, Clock::System.now()).await?;
        if settings.blacklist.enabled && settings.blacklist.listen {
            store.announce();
            store.settle().await;
        }
        match deleted {
            Deleted::Done | Deleted::Missing => say!("{username}: deleted"),
            Deleted::Needed(table) => bail!(
                "the table {table} has rows of {username}: delete the user in Django, which knows \
                 what becomes of them, or use `tegata users disable {username}`"
            ),
        }
        Ok(())
    }
}

fn confirm(username: &str) -> Result<()> {
    if !std::io::stdin().is_terminal() {
        bail!(Misuse(
            "no terminal to ask whether this is meant: use --yes".to_owned()
        ));
    }
    let answer = ask(&format!(
        "Delete the user {username}? This cannot be undone. [y/N] "
    ))?;
    ensure!(
        matches!(answer.to_lowercase().as_str(), "y" | "yes"),
        "{username} is left alone"
    );
    Ok(())
}
