use anyhow::{Result, ensure};
use clap::Args;
use tegata_jwt::Clock;

use super::password::Password;
use super::users::find;
use crate::account::Accounts;
use crate::cli::log::say;
use crate::settings::Settings;
use crate::store::Store;

#[derive(Args)]
pub(super) struct Changepassword {
    /// The user name
    username: String,
    #[command(flatten)]
    password: Password,
}

impl Changepassword {
    /// `tegata changepassword`.
    pub(super) async fn run(self, settings: &Settings) -> Result<()> {
        let Self { username, password } = self;
        let store = Store::open(settings).await?;
        let user = find(&store, &username).await?;
        let password = password.read()?;

        let accounts = Accounts::new(settings, store, Clock::System);
        let is_changed = accounts.change_password(user.id, password).await?;
        ensure!(is_changed, "{username} was deleted at the same moment");
        say!("changed the password of {username}");
        if !settings.jwt.check_revoke_token {
            say!(
                "tokens issued before are of use to their end: `tegata users revoke {username}` ends \
                 refresh and sliding tokens"
            );
        }
        Ok(())
    }
}
