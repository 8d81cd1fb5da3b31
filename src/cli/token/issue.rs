use std::io::Write;

use anyhow::{Context, Result, ensure};
use clap::Args;
use serde_json::json;
use tegata_jwt::Clock;

use crate::app::App;
use crate::keys;
use crate::settings::Settings;
use crate::store::Store;

#[derive(Args)]
pub(in crate::cli) struct Issue {
    /// The user name
    username: String,
    /// A sliding token instead of a token pair
    #[arg(long)]
    sliding: bool,
}

impl Issue {
    /// `tegata token issue`: the tokens of a login, recorded as one, without a password.
    pub(super) async fn run(self, settings: Settings) -> Result<()> {
        let key = keys::existing(&settings)?;
        let store = Store::open(&settings).await?;
        let app = App::new(settings, store, key, &Clock::System)?;
        let user = app.store.user_by_username(&self.username).await?;
        let user = user.filter(|user| user.is_active);
        let user = user.with_context(|| format!("there is no active user {}", self.username))?;

        let subject = app.accounts.subject(&user);
        let (outstanding, answer) = if self.sliding {
            let token = app.issuer.sliding(&subject)?;
            let answer = json!({ "token": token.token });
            (token, answer)
        } else {
            let pair = app.issuer.pair(&subject)?;
            let answer = json!({ "refresh": pair.refresh.token, "access": pair.access.token });
            (pair.refresh, answer)
        };
        ensure!(
            app.record_login(&user, &outstanding).await?,
            "{} was changed at the same moment: try again",
            self.username
        );
        Ok(writeln!(std::io::stdout(), "{answer}")?)
    }
}
