use anyhow::{Result, ensure};
use clap::Args;

use super::find;
use crate::cli::log::say;
use crate::settings::Settings;
use crate::store::Store;

#[derive(Args)]
pub(in crate::cli) struct Enable {
    /// The user name
    username: String,
}

#[derive(Args)]
pub(in crate::cli) struct Disable {
    /// The user name
    username: String,
}

impl Enable {
    /// `tegata users enable`.
    pub(super) async fn run(self, settings: &Settings) -> Result<()> {
        set_active(settings, &self.username, true).await?;
        say!("{}: enabled", self.username);
        Ok(())
    }
}

impl Disable {
    /// `tegata users disable`. Access tokens live on to their end, which is minutes away.
    pub(super) async fn run(self, settings: &Settings) -> Result<()> {
        set_active(settings, &self.username, false).await?;
        say!("{}: disabled", self.username);
        Ok(())
    }
}

async fn set_active(settings: &Settings, username: &str, is_active: bool) -> Result<()> {
    let store = Store::open(settings).await?;
    let user = find(&store, username).await?;
    ensure!(
        store.set_active(user.id, is_active).await?,
        "{username} was deleted at the same moment"
    );
    Ok(())
}
