use std::io::{IsTerminal, Read};

use anyhow::{Context, Result, bail, ensure};
use clap::Args;
use tegata_jwt::Clock;
use zeroize::Zeroizing;

use super::Misuse;
use crate::account::{Accounts, MAX_PASSWORD_BYTES, Username};
use crate::cli::log::say;
use crate::settings::Settings;
use crate::store::{NewUser, Store};

#[derive(Args)]
pub(super) struct Createuser {
    /// The user name: letters, digits and @ . + - _
    username: String,
    /// The e-mail address
    #[arg(long, default_value = "")]
    email: String,
    /// May enter Django's admin
    #[arg(long)]
    staff: bool,
    /// Has every permission in Django
    #[arg(long)]
    superuser: bool,
    /// Read the password from standard input
    #[arg(long)]
    password_stdin: bool,
}

impl Createuser {
    /// `tegata createuser`.
    pub(super) async fn run(self, settings: &Settings) -> Result<()> {
        let username: String = Username::parse(&self.username).map_err(Misuse)?.into();
        if self.email.chars().count() > MAX_EMAIL {
            bail!(Misuse(format!(
                "the e-mail address is over {MAX_EMAIL} characters"
            )));
        }
        let store = Store::open(settings)?;
        let password = read_password(self.password_stdin)?;
        let user = NewUser {
            username: username.clone(),
            email: self.email,
            is_staff: self.staff,
            is_superuser: self.superuser,
        };

        let accounts = Accounts::new(settings, store, Clock::System);
        let id = accounts.create(user, password).await?;
        let id = id.with_context(|| format!("there is a user {username} already"))?;
        say!("created user {username} with id {id}");
        Ok(())
    }
}

/// From standard input, or twice from the terminal.
fn read_password(from_stdin: bool) -> Result<Zeroizing<String>> {
    let password = if from_stdin {
        let mut text = Zeroizing::new(String::new());
        std::io::stdin().read_to_string(&mut text)?;
        Zeroizing::new(text.trim_end_matches(['\r', '\n']).to_owned())
    } else if std::io::stdin().is_terminal() {
        let password = Zeroizing::new(rpassword::prompt_password("Password: ")?);
        let again = Zeroizing::new(rpassword::prompt_password("Password (again): ")?);
        ensure!(password == again, "the passwords differ");
        password
    } else {
        bail!(Misuse(
            "no terminal to ask for a password: use --password-stdin".to_owned()
        ));
    };

    ensure!(!password.is_empty(), "the password is empty");
    ensure!(
        password.len() <= MAX_PASSWORD_BYTES,
        "the password is over {MAX_PASSWORD_BYTES} bytes"
    );
    Ok(password)
}

/// The length of Django's column.
const MAX_EMAIL: usize = 254;
