use anyhow::{Result, ensure};
use clap::Args;
use tegata_jwt::Clock;

use super::find;
use crate::audit::Event;
use crate::blacklist::Blacklist;
use crate::cli::log::say;
use crate::settings::Settings;
use crate::store::Store;

#[derive(Args)]
pub(in crate::cli) struct Revoke {
    /// The user name
    username: String,
}

impl Revoke {
    /// `tegata users revoke`. Access tokens live on to their end, which is minutes away.
    pub(super) async fn run(self, settings: &Settings) -> Result<()> {
        let Self { username } = self;
        ensure!(
            settings.blacklist.enabled,
            "[blacklist] enabled = false: nothing is known of the tokens that were issued"
        );
        let store = Store::open(settings).await?;
        let user = find(&store, &username).await?;

        let blacklist = Blacklist::new(settings, store.clone(), Clock::System);
        let ended = blacklist.end_all_of(user.id.clone()).await?;
        store.settle().await;
        Event::UserRevoked {
            user: &user.id,
            username: &username,
            tokens: ended,
        }
        .log();
        say!("{username}: {ended} tokens blacklisted");
        Ok(())
    }
}
