//! `GET /livez`, `/readyz` and `/metrics`: for whatever runs the service.

use std::sync::Arc;

use axum::extract::State;
use axum::http::StatusCode;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use axum::response::{IntoResponse, Response};
use chrono::{DateTime, TimeDelta, Utc};
use serde::Serialize;
use tegata_jwt::jwks::{KeySetStatus, Standing};
use utoipa::ToSchema;

use crate::app::App;
use crate::endpoint::Methods::Get;
use crate::endpoint::Routes;
use crate::json;
use crate::metrics::{Others, Present};

/// The paths of this file; `/metrics` only where it has no address of its own.
pub(super) fn routes(has_metrics: bool) -> Routes {
    let health = Routes::below(String::new())
        .route("/livez", Get, livez, None)
        .route("/readyz", Get, readyz, None);
    if has_metrics {
        health.route("/metrics", Get, metrics, None)
    } else {
        health
    }
}

/// Whether the process answers at all.
async fn livez() -> Response {
    let headers = [(CONTENT_TYPE, TEXT), (CACHE_CONTROL, NO_STORE)];
    (headers, "ok\n").into_response()
}

/// Whether requests should come here, and what each part says to it.
async fn readyz(State(app): State<Arc<App>>) -> Response {
    let readiness = Readiness::of(&app).await;
    let status = if readiness.is_ready() {
        StatusCode::OK
    } else {
        StatusCode::SERVICE_UNAVAILABLE
    };
    let headers = [(CONTENT_TYPE, JSON), (CACHE_CONTROL, NO_STORE)];
    (status, headers, json::to_vec(&readiness)).into_response()
}

#[derive(Serialize, ToSchema)]
pub(super) struct Readiness {
    status: &'static str,
    /// Whether the database answered when it was last asked.
    store: bool,
    /// Whether the key verifies what it signs.
    keys: bool,
    /// Whether the time can be the present: tokens would begin and end at another.
    clock: bool,
    /// Nothing where tokens are not blacklisted.
    #[schema(inline)]
    blacklist: Option<Blacklist>,
    /// The keys of others, where there are any.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schema(inline)]
    key_sets: Vec<KeySet>,
}

#[derive(Serialize, ToSchema)]
struct Blacklist {
    /// Whether all of it is in memory, and memory as good as the database.
    loaded: bool,
    tokens: usize,
    /// How many seconds memory may be behind the database; nothing before it was first read.
    staleness: Option<f64>,
}

#[derive(Serialize, ToSchema)]
struct KeySet {
    issuer: String,
    /// `fresh`; `stale`, where they verify still and their issuer cannot be reached; or
    /// `unavailable`, where its tokens are answered 503.
    state: &'static str,
    /// How many are of use.
    keys: usize,
}

impl From<KeySetStatus> for KeySet {
    fn from(status: KeySetStatus) -> Self {
        Self {
            issuer: status.issuer,
            state: match status.standing {
                Standing::Fresh => "fresh",
                Standing::Stale { .. } => "stale",
                Standing::Unavailable => "unavailable",
            },
            keys: status.keys,
        }
    }
}

impl Readiness {
    async fn of(app: &App) -> Self {
        let blacklist = app.blacklist.is_enabled().then(|| Blacklist {
            loaded: app.blacklist.is_followed(),
            tokens: app.blacklist.tokens(),
            staleness: app.blacklist.staleness().map(seconds),
        });
        // Whoever follows the database asks it each second, and a probe costs nothing.
        let store = match &blacklist {
            Some(blacklist) if blacklist.loaded => app.blacklist.sees_database(),
            _ => app.store.answers().await,
        };
        let readiness = Self {
            status: "ready",
            store,
            keys: app.key_is_sound,
            clock: is_sane(app),
            blacklist,
            key_sets: app.trust.key_sets().into_iter().map(KeySet::from).collect(),
        };
        let status = if readiness.is_ready() {
            "ready"
        } else {
            "unready"
        };
        Self {
            status,
            ..readiness
        }
    }

    /// As long as memory is as good as the database, that may be away: what needs it is told so, and
    /// all verification goes on. And another issuer may be away: its outage hits all nodes alike, so
    /// that to take them out of the balance would be an outage of ours.
    fn is_ready(&self) -> bool {
        let knows_blacklisted = match &self.blacklist {
            Some(blacklist) => blacklist.loaded,
            None => self.store,
        };
        self.keys && self.clock && knows_blacklisted
    }
}

/// Not before this release was written, and not before the signing key was.
fn is_sane(app: &App) -> bool {
    let now = app.clock.now();
    let earliest = [app.key_since.map(|since| since - SLACK), EARLIEST];
    earliest
        .into_iter()
        .flatten()
        .all(|earliest| now >= earliest)
}

/// Figures in the text format of OpenMetrics, which Prometheus reads.
async fn metrics(State(app): State<Arc<App>>) -> Response {
    let (hashing_waiting, hashing_running) = app.accounts.hashing();
    let age = app.key_since.map(|since| seconds(app.clock.now() - since));
    let text = app.metrics.render(Present {
        is_ready: Readiness::of(&app).await.is_ready(),
        hashing_waiting,
        hashing_running,
        blacklist_tokens: app.blacklist.tokens(),
        blacklist_staleness: app.blacklist.staleness().map(seconds),
        key: (app.key.clone(), age),
        others: Others::of(app.trust.key_sets(), app.trust.counts()),
    });
    let headers = [(CONTENT_TYPE, OPEN_METRICS), (CACHE_CONTROL, NO_STORE)];
    (headers, text).into_response()
}

fn seconds(span: TimeDelta) -> f64 {
    span.as_seconds_f64()
}

/// 2026-11-01.
const EARLIEST: Option<DateTime<Utc>> = DateTime::from_timestamp(1_793_491_200, 0);
/// How far the clock of a file server may be ahead.
const SLACK: TimeDelta = TimeDelta::minutes(5);
const JSON: &str = "application/json; charset=utf-8";
const NO_STORE: &str = "no-store";
const OPEN_METRICS: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";
const TEXT: &str = "text/plain; charset=utf-8";
