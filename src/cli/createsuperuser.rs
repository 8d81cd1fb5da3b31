use std::io::IsTerminal;

use anyhow::{Result, bail};
use clap::Args;

use super::createuser::{EMAIL, create};
use super::password::Password;
use super::{Misuse, ask};
use crate::settings::Settings;
use crate::store::NewUser;

#[derive(Args)]
pub(super) struct Createsuperuser {
    /// The user name; asked for without it
    #[arg(long)]
    username: Option<String>,
    /// The e-mail address
    #[arg(long)]
    email: Option<String>,
    /// Ask for nothing: without --password-stdin the user has no password, and cannot log in by one
    #[arg(long, alias = "noinput")]
    no_input: bool,
    #[command(flatten)]
    password: Password,
}

impl Createsuperuser {
    /// `tegata createsuperuser`, with the flags of Django's.
    pub(super) async fn run(self, settings: &Settings) -> Result<()> {
        let field = settings.users.username_field.as_str();
        let given = match field {
            EMAIL => self.username.as_ref().or(self.email.as_ref()),
            _ => self.username.as_ref(),
        };
        let username = match given {
            Some(username) => username.clone(),
            None => ask_for(field, self.no_input)?,
        };
        let user = NewUser {
            username,
            email: self.email.unwrap_or_default(),
            is_staff: true,
            is_superuser: true,
        };
        create(settings, user, || {
            let has_none = self.no_input && !self.password.password_stdin;
            (!has_none).then(|| self.password.read()).transpose()
        })
        .await
    }
}

fn ask_for(field: &str, never: bool) -> Result<String> {
    let flag = if field == EMAIL { EMAIL } else { "username" };
    if never || !std::io::stdin().is_terminal() {
        bail!(Misuse(format!("no {field} given: use --{flag}")));
    }
    ask(&format!("{field}: "))
}
