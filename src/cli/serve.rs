use std::io::{IsTerminal, Write};
use std::net::SocketAddr;
use std::path::PathBuf;

use anyhow::{Context, Result, ensure};
use tegata_jwt::{Clock, SigningKey};
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};
use zeroize::Zeroizing;

use crate::account::{Accounts, Registration, Username, random_password};
use crate::app::App;
use crate::settings::Settings;
use crate::store::Store;
use crate::{http, keys};

/// `tegata serve`. What can refuse the start comes before what leaves traces.
pub(super) async fn run(settings: Settings) -> Result<()> {
    log_to_stderr();
    let stop = stop_signal()?;
    let bind = settings.server.bind;
    let listener = TcpListener::bind(bind)
        .await
        .with_context(|| format!("cannot listen on {bind}, the address of [server] bind"))?;
    let address = listener.local_addr()?;

    let found = keys::find(&settings)?;
    if settings.database.auto_migrate {
        Store::migrate(&settings, Clock::System.now())?;
    }
    let store = Store::open(&settings)?;
    let (key, generated) = match found {
        Some(key) => (key, None),
        None => generate_key(&settings, &store).await?,
    };

    let app = App::new(settings, store, key, Clock::System)?;
    if app.store.is_new().await?
        && let Some(password) = create_admin(&app.accounts).await?
    {
        welcome(&app.settings, generated, address, &password)?;
    }
    tracing::info!("listening on http://{address}");
    http::serve(listener, app, stop).await?;
    tracing::info!("stopped");
    Ok(())
}

/// A key for a service that never had one. A folder that was not mounted must not become a new
/// identity, so not where tokens were issued before.
async fn generate_key(settings: &Settings, store: &Store) -> Result<(SigningKey, Option<PathBuf>)> {
    ensure!(
        !store.has_ever_issued().await?,
        "{} holds no key, but tokens were issued from this database before: put the key back, or \
         set [jwt] algorithm and signing_key to what they were signed with",
        settings.keys.dir.display()
    );
    let path = keys::generate(settings)?;
    let key = keys::find(settings)?.context("the generated key is gone")?;
    Ok((key, Some(path)))
}

/// Creates the first user and tells the password; `None` where another process was first.
async fn create_admin(accounts: &Accounts) -> Result<Option<Zeroizing<String>>> {
    let password = random_password()?;
    let admin = Registration {
        username: Username::parse(ADMIN).map_err(anyhow::Error::msg)?,
        password: password.clone(),
        email: String::new(),
        is_staff: true,
        is_superuser: true,
    };
    Ok(accounts.create(admin).await?.map(|_| password))
}

/// What the first start made, and the line that obtains the first token pair. To standard output,
/// for it holds a password: the log is on standard error.
fn welcome(
    settings: &Settings,
    key: Option<PathBuf>,
    address: SocketAddr,
    password: &str,
) -> Result<()> {
    let mut out = std::io::stdout().lock();
    writeln!(out, "First start.\n")?;
    if let Some(key) = key {
        writeln!(out, "  signing key  {}", key.display())?;
    }
    writeln!(
        out,
        "  database     {}",
        settings.database.url.path().display()
    )?;
    writeln!(out, "  user         {ADMIN}")?;
    writeln!(out, "  password     {password}   (shown this once)")?;
    writeln!(out, "\nObtain a token pair:\n")?;
    writeln!(
        out,
        "  curl http://{address}{}/token/pair -d '{{\"username\": \"{ADMIN}\", \"password\": \
         \"{password}\"}}'\n",
        settings.server.api_prefix.as_str()
    )?;
    Ok(out.flush()?)
}

/// Resolves at SIGTERM or Ctrl-C.
fn stop_signal() -> Result<impl Future<Output = ()> + Send + 'static> {
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    Ok(async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
    })
}

fn log_to_stderr() {
    tracing_subscriber::fmt()
        .with_writer(std::io::stderr)
        .with_ansi(std::io::stderr().is_terminal())
        .with_target(false)
        .init();
}

const ADMIN: &str = "admin";
