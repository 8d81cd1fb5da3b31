use std::fs;
use std::path::Path;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use tegata_jwt::jwks::{HttpClient, KeySetRules, KeySetSource, KeySetStatus, RemoteKeys};
use tegata_jwt::{Algorithm, Clock, Lifetime};
use tokio::task::JoinSet;

use crate::settings::Jwks;

/// The key sets of others, each fetched by one alone.
pub(super) struct KeySets {
    how: How,
    clock: Clock,
    http: Option<HttpClient>,
    sets: Vec<(Origin, RemoteKeys)>,
}

/// Where a key set comes from, and what of it is of use.
#[derive(Clone, PartialEq)]
pub(super) struct Origin {
    pub(super) issuer: String,
    /// `None`: where the issuer says.
    pub(super) url: Option<String>,
    pub(super) algorithms: Vec<Algorithm>,
}

/// How they are fetched.
#[derive(Clone, PartialEq)]
struct How {
    jwks: Jwks,
    /// What stands in the file of roots, which may change under its name.
    roots: Option<Vec<u8>>,
}

impl KeySets {
    /// None yet.
    pub(super) fn new(jwks: &Jwks, clock: &Clock) -> Result<Self> {
        let how = How {
            jwks: jwks.clone(),
            roots: jwks.ca_file.as_deref().map(read_roots).transpose()?,
        };
        Ok(Self {
            how,
            clock: clock.clone(),
            http: None,
            sets: Vec::new(),
        })
    }

    /// Whether they are fetched as the others are.
    pub(super) fn are_fetched_as(&self, others: &Self) -> bool {
        self.how == others.how
    }

    /// The key set of an origin: the one of `before` that has the same and is fetched as this is, or
    /// a new one, which begins with what that had.
    pub(super) fn of(&mut self, origin: Origin, before: Option<&Self>) -> Result<RemoteKeys> {
        let known = before.and_then(|before| Some((before, before.find(&origin)?)));
        let keys = match known {
            Some((before, known)) if self.are_fetched_as(before) => known.clone(),
            Some((before, known)) if self.how.trusts_as(&before.how) => {
                let keys = self.begin(&origin)?;
                keys.seed_from(known);
                keys
            }
            _ => self.begin(&origin)?,
        };
        self.sets.push((origin, keys.clone()));
        Ok(keys)
    }

    fn find(&self, origin: &Origin) -> Option<&RemoteKeys> {
        let mut sets = self.sets.iter();
        let (_, keys) = sets.find(|(known, _)| known == origin)?;
        Some(keys)
    }

    fn begin(&mut self, origin: &Origin) -> Result<RemoteKeys> {
        let http = match &self.http {
            Some(http) => http.clone(),
            None => self.http.insert(self.how.http()?).clone(),
        };
        let source = match &origin.url {
            Some(url) => KeySetSource::Jwks(url.clone()),
            None => KeySetSource::Discovery {
                issuer: origin.issuer.clone(),
            },
        };
        let (rules, clock) = (self.how.rules(), self.clock.clone());
        let keys = RemoteKeys::new(
            &origin.issuer,
            source,
            &origin.algorithms,
            rules,
            &http,
            clock,
        );
        keys.with_context(|| format!("[jwt]: the keys of {} cannot be fetched", origin.issuer))
    }

    pub(super) fn statuses(&self) -> Vec<KeySetStatus> {
        self.sets.iter().map(|(_, keys)| keys.status()).collect()
    }

    /// Has those fetched that are not there, all at once. Whose cannot be had, is logged by whoever
    /// fetches.
    pub(super) async fn fetch_ahead(&self) {
        let within = duration(self.how.jwks.fetch_timeout) + MARGIN;
        let mut fetches = JoinSet::new();
        for (_, keys) in &self.sets {
            let keys = keys.clone();
            fetches.spawn(async move { keys.ready(within).await });
        }
        fetches.join_all().await;
    }
}

impl How {
    /// Whether they come from nobody whom the others would not take them from.
    fn trusts_as(&self, others: &Self) -> bool {
        let way = |how: &Self| (how.jwks.allow_http, how.jwks.use_environment_proxy);
        self.roots == others.roots && way(self) == way(others)
    }

    fn http(&self) -> Result<HttpClient> {
        let mut http = HttpClient::builder();
        if let Some(roots) = &self.roots {
            http = http
                .root_certificate_pem(roots)
                .context("[jwks] ca_file holds what is no certificate")?;
        }
        if self.jwks.allow_http {
            http = http.allow_http();
        }
        if self.jwks.use_environment_proxy {
            http = http.environment_proxy();
        }
        Ok(http.build()?)
    }

    fn rules(&self) -> KeySetRules {
        KeySetRules {
            fresh_for: duration(self.jwks.fresh_for),
            outage_tolerance: duration(self.jwks.outage_tolerance),
            cooldown: duration(self.jwks.cooldown),
            fetch_wait: duration(self.jwks.fetch_wait),
            fetch_timeout: duration(self.jwks.fetch_timeout),
            snapshots: self.jwks.snapshot_dir.clone(),
            ..KeySetRules::default()
        }
    }
}

fn read_roots(path: &Path) -> Result<Vec<u8>> {
    let shown = path.display();
    let pem = fs::read(path).with_context(|| format!("[jwks] ca_file: cannot read {shown}"))?;
    // Without any the issuer's certificate would be refused, and nobody would know why.
    let mut lines = pem.split(|byte| *byte == b'\n');
    ensure!(
        lines.any(|line| line.starts_with(b"-----BEGIN CERTIFICATE-----")),
        "[jwks] ca_file: {shown} holds no certificate in PEM"
    );
    Ok(pem)
}

/// None of them can be less than nothing.
fn duration(span: Lifetime) -> Duration {
    span.span().to_std().unwrap_or_default()
}

/// What a fetch takes besides its own time.
const MARGIN: Duration = Duration::from_secs(1);
