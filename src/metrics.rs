//! Figures of the service for Prometheus: what is counted while it runs, and what it is at the
//! moment somebody asks.

mod others;
mod route;

use chrono::{DateTime, Utc};
use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::encoding::text::encode;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::info::Info;
use prometheus_client::registry::{Metric, Registry, Unit};

pub use prometheus_client::metrics::counter::Counter;
pub use prometheus_client::metrics::gauge::Gauge;

use self::others::Figures;
pub use self::others::Others;
use self::route::Requests;
pub use self::route::RouteFigures;

/// What is counted. It outlives reloads.
pub struct Metrics {
    registry: Registry,
    requests: Requests,
    /// Tokens that were issued.
    pub issued: Issued,
    refused: Family<Refused, Counter>,
    reloads: Family<Reload, Counter>,
    key_age: Family<Key, Fraction>,
    others: Figures,
    ready: Gauge,
    hashing_waiting: Gauge,
    hashing_running: Gauge,
    blacklist_tokens: Gauge,
    blacklist_staleness: Fraction,
    /// The connections that are open.
    pub connections: Gauge,
    /// Those that were closed at once, for there were as many as are allowed.
    pub connections_refused: Counter,
}

/// What is so at the moment.
pub struct Present {
    /// Whether requests should come here.
    pub is_ready: bool,
    /// How many passwords wait to be hashed.
    pub hashing_waiting: usize,
    /// How many are being hashed.
    pub hashing_running: usize,
    /// How many blacklisted tokens are in memory.
    pub blacklist_tokens: usize,
    /// How many seconds memory may be behind the database; `None` before it was first read.
    pub blacklist_staleness: Option<f64>,
    /// The signing key, and how many seconds ago its file was written, where it has one.
    pub key: (Key, Option<f64>),
    /// The keys and the tokens of others.
    pub others: Others,
}

type Fraction = Gauge<f64, std::sync::atomic::AtomicU64>;

/// How many tokens were issued, by type.
#[derive(Default)]
pub struct Issued {
    /// Access tokens.
    pub access: Counter,
    /// Refresh tokens, those in place of others included.
    pub refresh: Counter,
    /// Sliding tokens, those with a later end included.
    pub sliding: Counter,
}

#[derive(Clone, Debug, EncodeLabelSet, PartialEq, Eq, Hash)]
struct OfType {
    token_type: &'static str,
}

#[derive(Clone, Debug, EncodeLabelSet, PartialEq, Eq, Hash)]
struct Refused {
    reason: &'static str,
}

#[derive(Clone, Debug, EncodeLabelSet, PartialEq, Eq, Hash)]
struct Reload {
    result: &'static str,
}

/// A signing key, as it is told.
#[derive(Clone, Debug, EncodeLabelSet, PartialEq, Eq, Hash)]
pub struct Key {
    /// Its name in the header of tokens; empty where it has none.
    pub kid: String,
    /// What it signs with.
    pub algorithm: &'static str,
}

impl Metrics {
    /// Figures that are all zero, of a service that starts now.
    #[must_use]
    pub fn new(now: DateTime<Utc>) -> Self {
        let mut metrics = Self {
            registry: Registry::with_prefix("tegata"),
            requests: Requests::new(),
            issued: Issued::default(),
            refused: Family::default(),
            reloads: Family::default(),
            key_age: Family::default(),
            others: Figures::default(),
            ready: Gauge::default(),
            hashing_waiting: Gauge::default(),
            hashing_running: Gauge::default(),
            blacklist_tokens: Gauge::default(),
            blacklist_staleness: Fraction::default(),
            connections: Gauge::default(),
            connections_refused: Counter::default(),
        };
        metrics.register(now);
        metrics
    }

    fn register(&mut self, now: DateTime<Utc>) {
        let start_time: Gauge = Gauge::default();
        start_time.set(now.timestamp());
        let build = Info::new([("version", env!("CARGO_PKG_VERSION"))]);
        let Self {
            registry,
            requests,
            issued,
            refused,
            reloads,
            key_age,
            others,
            ready,
            hashing_waiting,
            hashing_running,
            blacklist_tokens,
            blacklist_staleness,
            connections,
            connections_refused,
        } = self;
        // An alert sees the first reload that is refused only where there was a zero before.
        for result in RESULTS {
            drop(reloads.get_or_create(&Reload { result }));
        }
        let mut tell = Register(registry);
        let answered = "Requests answered";
        tell.figure("http_requests", answered, &requests.answered);
        let durations = &requests.durations;
        tell.seconds("http_request_duration", "Time to answer", durations);
        tell.figure("tokens_issued", "Tokens issued", &issued.by_type());
        tell.figure("refused", "Requests refused, by reason", refused);
        tell.figure("reloads", "Reloads of the settings", reloads);
        tell.figure("ready", "Whether requests should come here", ready);
        tell.figure("hashing_waiting", "Passwords waiting", hashing_waiting);
        tell.figure("hashing_running", "Passwords hashed now", hashing_running);
        let tokens = "Blacklisted tokens in memory";
        tell.figure("blacklist_tokens", tokens, blacklist_tokens);
        let staleness = "How far memory may be behind the database";
        tell.seconds("blacklist_staleness", staleness, blacklist_staleness);
        tell.figure("connections", "Connections open", connections);
        let closed = "Connections closed at once";
        tell.figure("connections_refused", closed, connections_refused);
        let age = "Time since the file of the key was written";
        tell.seconds("signing_key_age", age, key_age);
        tell.0.register_collector(Box::new(others.clone()));
        tell.seconds("start_time", "When the service started", &start_time);
        tell.0.register("build", "The release", build);
    }

    /// Where the requests of a route are counted.
    #[must_use]
    pub fn route(&self, path: &str) -> RouteFigures {
        self.requests.of(path)
    }

    /// Counts a request that was refused.
    pub fn refused(&self, reason: &'static str) {
        self.refused.get_or_create(&Refused { reason }).inc();
    }

    /// Counts a reload of the settings.
    pub fn reloaded(&self, succeeded: bool) {
        let result = RESULTS[usize::from(!succeeded)];
        self.reloads.get_or_create(&Reload { result }).inc();
    }

    /// All figures in the text format of OpenMetrics 1.0.
    #[must_use]
    pub fn render(&self, present: Present) -> String {
        let whole = |figure: usize| i64::try_from(figure).unwrap_or(i64::MAX);
        self.ready.set(present.is_ready.into());
        self.hashing_waiting.set(whole(present.hashing_waiting));
        self.hashing_running.set(whole(present.hashing_running));
        self.blacklist_tokens.set(whole(present.blacklist_tokens));
        let staleness = present.blacklist_staleness.unwrap_or(f64::NAN);
        self.blacklist_staleness.set(staleness);
        self.others.set(present.others);
        // After a reload it may be another one.
        self.key_age.clear();
        if let (key, Some(age)) = present.key {
            self.key_age.get_or_create(&key).set(age);
        }

        let mut text = String::with_capacity(8 * 1024);
        encode(&mut text, &self.registry).expect("a String takes whatever is written");
        text
    }
}

impl Issued {
    fn by_type(&mut self) -> Family<OfType, Counter> {
        let by_type = Family::<OfType, Counter>::default();
        let of = |token_type| by_type.get_or_create_owned(&OfType { token_type });
        *self = Self {
            access: of("access"),
            refresh: of("refresh"),
            sliding: of("sliding"),
        };
        by_type
    }
}

/// Takes figures into the registry, which shares them.
struct Register<'a>(&'a mut Registry);

impl Register<'_> {
    fn figure(&mut self, name: &str, help: &str, metric: &(impl Metric + Clone)) {
        self.0.register(name, help, metric.clone());
    }

    fn seconds(&mut self, name: &str, help: &str, metric: &(impl Metric + Clone)) {
        let seconds = Unit::Seconds;
        self.0
            .register_with_unit(name, help, seconds, metric.clone());
    }
}

/// What becomes of a reload.
const RESULTS: [&str; 2] = ["done", "refused"];
