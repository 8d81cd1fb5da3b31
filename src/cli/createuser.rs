use std::io::{IsTerminal, Read};

use anyhow::{Result, bail, ensure};
use clap::Args;
use tegata_jwt::Clock;
use zeroize::Zeroizing;

use super::Misuse;
use crate::account::{Accounts, LONGEST_PASSWORD, Registration, Username};
use crate::settings::Settings;
use crate::store::Store;

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
    pub(super) async fn run(self, settings: Settings) -> Result<()> {
        let username = Username::parse(&self.username).map_err(Misuse)?;
        let store = Store::open(&settings)?;
        let user = Registration {
            username: username.clone(),
            password: read_password(self.password_stdin)?,
            email: self.email,
            is_staff: self.staff,
            is_superuser: self.superuser,
        };

        let accounts = Accounts::new(&settings.users, store, Clock::System);
        let Some(id) = accounts.create(user).await? else {
            bail!("there is a user {} already", String::from(username));
        };
        eprintln!("created user {} with id {id}", String::from(username));
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
        password.len() <= LONGEST_PASSWORD,
        "the password is over {LONGEST_PASSWORD} bytes"
    );
    Ok(password)
}
