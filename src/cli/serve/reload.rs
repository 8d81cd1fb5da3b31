//! Settings, key and log anew at each SIGHUP. What cannot be taken over is refused whole, and the
//! service goes on as it is (a broken file must not end it).

use std::convert::Infallible;
use std::sync::Arc;

use anyhow::{Result, bail};
use tokio::signal::unix::Signal;
use tokio::task::{JoinSet, spawn_blocking};

use crate::app::App;
use crate::cli::{log, systemd};
use crate::http::{Live, Tls};
use crate::keys::{self, Origin};
use crate::settings::{Settings, Source, reload, tables};

/// What runs beside the requests: the keys of others are fetched, the blacklist follows the database,
/// what expired is flushed, and settings are reloaded.
pub(super) struct Beside<'a> {
    source: &'a Source,
    live: &'a Live,
    tls: Option<Tls>,
    tasks: JoinSet<()>,
}

impl<'a> Beside<'a> {
    pub(super) fn new(source: &'a Source, live: &'a Live, tls: Option<Tls>) -> Self {
        let mut beside = Self {
            source,
            live,
            tls,
            tasks: JoinSet::new(),
        };
        beside.begin();
        beside
    }

    fn begin(&mut self) {
        let app = self.live.app();
        let others = Arc::clone(&app);
        self.tasks
            .spawn(async move { others.trust.fetch_ahead().await });
        if app.settings.blacklist.enabled {
            let follower = Arc::clone(&app);
            self.tasks
                .spawn(async move { follower.blacklist.follow().await });
            self.tasks
                .spawn(async move { app.blacklist.flush_regularly().await });
        }
    }

    pub(super) async fn end(&mut self) {
        self.tasks.shutdown().await;
    }

    /// Reloads whenever it is asked to, without end.
    pub(super) async fn reload_at(&mut self, mut asked: Signal) -> Infallible {
        while asked.recv().await.is_some() {
            systemd::tell_reloading();
            let reloaded = self.reload().await;
            self.live.app().metrics.reloaded(reloaded.is_ok());
            match reloaded {
                Ok(()) => tracing::info!("reloaded {}", self.source),
                Err(error) => tracing::error!("not reloaded, all stays as it was: {error:#}"),
            }
            systemd::tell_ready();
        }
        std::future::pending().await
    }

    async fn reload(&mut self) -> Result<()> {
        let (source, now, tls) = (self.source.clone(), self.live.app(), self.tls.clone());
        let (app, tls) = spawn_blocking(move || read(&source, &now, tls.as_ref())).await??;

        // From here on nothing can fail.
        log::change(&app.settings.log);
        if let Some((current, next)) = self.tls.as_ref().zip(tls) {
            current.replace(&next);
        }
        self.live.replace(app);
        self.end().await;
        self.begin();
        Ok(())
    }
}

/// The service and the certificate as the files have them now.
fn read(source: &Source, now: &App, tls: Option<&Tls>) -> Result<(Arc<App>, Option<Tls>)> {
    let settings = reload(source)?;
    refuse_fixed(&now.settings, &settings)?;
    let next = Tls::reread(tls, &settings.server.tls, now.clock.now())?;
    let key = keys::existing(&settings)?;
    warn_of_another(&key, now);
    Ok((now.reloaded(settings, key)?, next))
}

/// Refuses settings that hold for as long as the process lives.
fn refuse_fixed(now: &Settings, new: &Settings) -> Result<()> {
    // There may be more or less tables of a list; none of them is fixed.
    let single = |settings| {
        tables(settings)
            .into_iter()
            .filter(|table| !table.is_listed)
    };
    for (table, new) in single(now).zip(single(new)) {
        for (entry, new) in table.entries.iter().zip(new.entries) {
            if is_fixed(table.name, entry.field) && entry.value != new.value {
                let (table, key) = (table.name, &entry.key);
                bail!(
                    "[{table}] {key} cannot change from {} to {} while the service runs: restart \
                     it, or put the old value back",
                    entry.value,
                    new.value
                );
            }
        }
    }
    Ok(())
}

fn is_fixed(table: &str, key: &str) -> bool {
    match table {
        "blacklist" => key == "enabled",
        "database" => true,
        "server" => matches!(
            key,
            "api_prefix" | "bind" | "max_connections" | "metrics_bind"
        ),
        "users" => key == "table" || key == "username_field" || key.ends_with("_column"),
        _ => false,
    }
}

fn warn_of_another(key: &Origin, now: &App) {
    let (old, new) = (now.key.kid.as_str(), key.key.kid().unwrap_or_default());
    if old != new {
        tracing::warn!(
            old,
            new,
            "the signing key is another one: tokens of the old are refused"
        );
    }
}
