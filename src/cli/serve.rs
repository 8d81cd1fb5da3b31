mod reload;

use std::io::Write;
use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Result, ensure};
use tegata_jwt::Clock;
use tokio::signal::unix::{SignalKind, signal};
use tokio::time::{Instant, timeout_at};

use self::reload::Beside;
use super::listen::{listen, origin};
use super::{process, settings, systemd};
use crate::account::random_password;
use crate::app::App;
use crate::http::Live;
use crate::keys::Origin;
use crate::settings::{Settings, Source};
use crate::store::{Migration, NewUser, Store};
use crate::{http, keys};

/// `tegata serve`. What can refuse the start comes before what leaves traces, and each step can be
/// repeated after an interruption.
pub(super) async fn run(source: &Source) -> Result<()> {
    // From here on it ends nothing any more.
    let hang_up = signal(SignalKind::hangup())?;
    let source = &source.settled();
    let settings = settings(source)?;
    let max_connections = process::fit(settings.server.max_connections);
    let stop = stop_signal()?;
    process::outlive_full_files()?;
    let listeners = listen(&settings.server)?;
    let origin = origin(&listeners)?;

    let (store, key, generated) = open(&settings).await?;
    let app = App::new(settings, store.clone(), key, &Clock::System)?;
    if store.never_had_a_user().await? {
        create_admin(&app, generated, &origin).await?;
    }

    let live = Live::new(app, listeners.metrics.is_some());
    let mut beside = Beside::new(source, &live, listeners.tls.clone());
    tracing::info!("listening on {origin}");
    if let Some(metrics) = &listeners.metrics {
        tracing::info!("metrics at http://{}/metrics", metrics.local_addr()?);
    }
    systemd::tell_ready();
    let deadline = tokio::select! {
        deadline = http::serve(listeners, max_connections, &live, stop) => deadline,
        never = beside.reload_at(hang_up) => match never {},
    };
    // What is written without an answer that waits for it has the rest of the drain time, and a
    // moment where a client that never ended its request has used that up.
    let settled = timeout_at(deadline.max(Instant::now() + LAST_WRITES), async {
        beside.end().await;
        store.settle().await;
    });
    if settled.await.is_err() {
        tracing::warn!("[server] drain_time is over: what is not written yet is given up");
    }
    tracing::info!("stopped");
    Ok(())
}

/// The database and the signing key, and the file of the key where it was generated just now.
async fn open(settings: &Settings) -> Result<(Store, Origin, Option<PathBuf>)> {
    let configured = keys::configured(settings)?;
    let kept = if configured.is_none() {
        keys::kept(settings)?
    } else {
        None
    };

    if settings.database.auto_migrate {
        // On a first start the tables come before the key.
        ensure!(
            kept.is_none() || !Store::is_empty(settings).await?,
            "{} holds a key, but the database {} is empty: put the database back. To begin anew, \
             move the key away first: what it signed would be taken for tokens of the new users. \
             Only for a key that never signed, run `tegata migrate`",
            settings.keys.dir.display(),
            settings.database.url
        );
        let migrated = Store::migrate(settings, Clock::System.now()).await?;
        if matches!(migrated, Migration::Created) && configured.is_some() {
            tracing::warn!(
                "the database was empty: tokens that this signing key signed before would be taken \
                 for those of the new users"
            );
        }
    }
    let store = Store::open(settings).await?;

    if let Some(origin) = configured.or(kept) {
        return Ok((store, origin, None));
    }
    // A folder that was not mounted must not become a new identity. Without the blacklist app
    // nothing tells whether tokens were issued, so users have to do.
    let may_have_issued = store.has_ever_issued().await?
        || !settings.blacklist.enabled && !store.never_had_a_user().await?;
    ensure!(
        !may_have_issued,
        "{} holds no key, but tokens may have been issued from this database before: put the key \
         back, or set [jwt] algorithm and signing_key to what they were signed with. If none was \
         ever issued, `tegata keys generate` makes one",
        settings.keys.dir.display()
    );
    let (key, path) = keys::generate_on_first_start(settings)?;
    Ok((store, key, Some(path)))
}

/// Creates the first user. The password is told before it counts: a start that is interrupted in
/// between tells another one next time, and none is ever lost.
async fn create_admin(app: &App, generated: Option<PathBuf>, origin: &str) -> Result<()> {
    let password = random_password()?;
    welcome(&app.settings, generated, origin, &password)?;

    let admin = NewUser {
        username: ADMIN.to_owned(),
        is_staff: true,
        is_superuser: true,
        ..NewUser::default()
    };
    if app.accounts.create(admin, Some(password)).await?.is_none() {
        let void = "Another process created admin at the same moment: this password is void, that \
                    one counts.";
        writeln!(std::io::stdout(), "{void}")?;
    }
    Ok(())
}

/// What the first start made, and the line that obtains the first token pair. To standard output,
/// for it holds a password: the log is on standard error.
fn welcome(settings: &Settings, key: Option<PathBuf>, origin: &str, password: &str) -> Result<()> {
    let mut out = std::io::stdout().lock();
    writeln!(out, "First start.\n")?;
    if let Some(key) = key {
        writeln!(out, "  signing key  {}", key.display())?;
    }
    writeln!(out, "  database     {}", settings.database.url)?;
    writeln!(out, "  user         {ADMIN}")?;
    writeln!(out, "  password     {password}   (shown this once)")?;
    writeln!(out, "\nObtain a token pair:\n")?;
    writeln!(
        out,
        "  curl {origin}{}/token/pair -d '{{\"username\": \"{ADMIN}\", \"password\": \
         \"{password}\"}}'\n",
        settings.server.api_prefix.as_str()
    )?;
    Ok(out.flush()?)
}

/// Resolves at SIGTERM or Ctrl-C. Another one ends the process at once.
fn stop_signal() -> Result<impl Future<Output = ()> + Send + 'static> {
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut either = async move || {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
    };
    Ok(async move {
        either().await;
        systemd::tell_stopping();
        tokio::spawn(async move {
            either().await;
            tracing::warn!("told twice to stop: requests under way are not answered");
            std::process::exit(1);
        });
    })
}

/// Enough for all that waits, unless the database is locked or gone.
const LAST_WRITES: Duration = Duration::from_secs(1);
const ADMIN: &str = "admin";
