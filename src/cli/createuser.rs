use anyhow::{Context, Result, ensure};
use clap::Args;
use tegata_jwt::Clock;
use zeroize::Zeroizing;

use super::Misuse;
use super::password::Password;
use crate::account::{Accounts, Username};
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
    #[command(flatten)]
    password: Password,
}

impl Createuser {
    /// `tegata createuser`.
    pub(super) async fn run(self, settings: &Settings) -> Result<()> {
        let user = NewUser {
            username: self.username,
            email: self.email,
            is_staff: self.staff,
            is_superuser: self.superuser,
        };
        create(settings, user, || self.password.read().map(Some)).await
    }
}

/// Creates a user, and asks for the password once all else is in order. Without one the user cannot
/// log in by password.
pub(super) async fn create(
    settings: &Settings,
    mut user: NewUser,
    password: impl FnOnce() -> Result<Option<Zeroizing<String>>>,
) -> Result<()> {
    let store = Store::open(settings).await?;
    let field = settings.users.username_field.as_str();
    let username = Username::parse(&user.username, field, store.max_username());
    user.username = username.map_err(Misuse)?.into();
    if field == EMAIL {
        user.username = address(&user.username)?;
        user.email.clone_from(&user.username);
    } else if !user.email.is_empty() {
        user.email = address(&user.email)?;
    }
    let username = user.username.clone();
    let is_taken = || format!("there is a user {username} already");
    ensure!(
        store.user_by_username(&username).await?.is_none(),
        is_taken()
    );

    let password = password()?;
    let accounts = Accounts::new(settings, store, Clock::System);
    let id = accounts.create(user, password).await?;
    let id = id.with_context(is_taken)?;
    say!("created user {username} with id {id}");
    Ok(())
}

/// An e-mail address as Django's managers keep one: the domain in lower case, so that no spelling of
/// it is another user. Whether there is such an address only a mail can tell.
fn address(text: &str) -> Result<String, Misuse> {
    let is_blank = |c: char| c.is_whitespace() || c.is_control();
    let parts = text.rsplit_once('@').filter(|(name, domain)| {
        !name.is_empty() && !domain.is_empty() && !text.contains(is_blank)
    });
    let Some((name, domain)) = parts else {
        let text = text.escape_debug();
        return Err(Misuse(format!("`{text}` is not an e-mail address")));
    };
    let address = format!("{name}@{}", domain.to_lowercase());
    if address.chars().count() > MAX_EMAIL {
        let reason = format!("the e-mail address is over {MAX_EMAIL} characters");
        return Err(Misuse(reason));
    }
    Ok(address)
}

/// The field that is the e-mail address, in Django's own models and most others.
pub(super) const EMAIL: &str = "email";
/// The length of Django's column.
const MAX_EMAIL: usize = 254;
