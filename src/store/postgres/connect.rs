use std::time::Duration;

use anyhow::{Context, Result, anyhow};
use secrecy::ExposeSecret;
use tokio::time::timeout;
use tokio_postgres::tls::MakeTlsConnect;
use tokio_postgres::{Client, Config, Connection, Socket};
use tokio_postgres_rustls::MakeRustlsConnect;

use super::failure::Refusal;
use super::session::Session;
use super::tls;
use crate::settings::{Database, PostgresUrl};

type Encrypted = <MakeRustlsConnect as MakeTlsConnect<Socket>>::Stream;

/// How connections are made.
#[derive(Clone)]
pub(in crate::store) struct Connector {
    pub(super) config: Config,
    pub(super) tls: MakeRustlsConnect,
    url: PostgresUrl,
}

impl Connector {
    pub(in crate::store) fn new(url: &PostgresUrl, settings: &Database) -> Result<Self> {
        let connect_timeout = settings.connect_timeout.span().num_seconds().max(1);
        let defaults = format!("keepalives_idle=15 connect_timeout={connect_timeout}");
        let parameters = format!("{defaults} {}", url.parameters());
        // The parser's own message may quote what it was given.
        let config = parameters.parse::<Config>().ok();
        let mut config = config.context("[database] url has parameters that no client takes")?;
        if let Some(password) = settings.password()? {
            config.password(password.expose_secret());
        }
        Ok(Self {
            config,
            tls: tls::connector(url)?,
            url: url.clone(),
        })
    }

    /// A connection, to be driven by whoever asks for it.
    pub(super) async fn connect(&self) -> Result<(Client, Connection<Socket, Encrypted>)> {
        let connected = timeout(self.patience(), self.config.connect(self.tls.clone())).await;
        let connected = match connected {
            Ok(connected) => connected.map_err(|error| Refusal::from(error).into()),
            Err(_) => Err(anyhow!("it does not answer")),
        };
        connected.with_context(|| format!("cannot connect to the database {}", self.url))
    }

    /// How long it may take until a connection is made: a host may take it and say nothing.
    pub(super) fn patience(&self) -> Duration {
        let each = self.config.get_connect_timeout().copied();
        let hosts = u32::try_from(self.config.get_hosts().len()).unwrap_or(u32::MAX);
        each.unwrap_or_default().saturating_mul(hosts.max(1)) + MARGIN
    }

    /// A session on a connection of its own.
    pub(in crate::store) async fn session(&self) -> Result<Session> {
        let (client, connection) = self.connect().await?;
        // Ends with the client; what goes wrong the client is told.
        tokio::spawn(connection);
        Ok(Session::alone(client))
    }
}

/// For what comes after the last host has taken the connection.
const MARGIN: Duration = Duration::from_secs(1);
