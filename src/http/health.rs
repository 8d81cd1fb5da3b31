//! `GET /livez`, `/readyz` and `/metrics`: for whatever runs the service.

use std::fmt::Write;
use std::sync::Arc;

use axum::extract::State;
use axum::http::StatusCode;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use axum::response::{IntoResponse, Response};
use chrono::TimeDelta;
use serde::Serialize;

use crate::app::App;
use crate::json;

/// Whether the process answers at all.
pub(super) async fn livez() -> Response {
    let headers = [(CONTENT_TYPE, TEXT), (CACHE_CONTROL, NO_STORE)];
    (headers, "ok\n").into_response()
}

/// Whether requests should come here: the blacklist is in memory, and follows the database.
pub(super) async fn readyz(State(app): State<Arc<App>>) -> Response {
    let blacklist = app.blacklist.is_enabled().then(|| Blacklist {
        tokens: app.blacklist.tokens(),
        staleness: app.blacklist.staleness().map(seconds),
    });
    let is_ready = match blacklist {
        // What it follows is there.
        Some(_) => app.blacklist.is_followed(),
        None => app.store.answers().await,
    };
    let (status, word) = if is_ready {
        (StatusCode::OK, "ready")
    } else {
        (StatusCode::SERVICE_UNAVAILABLE, "unready")
    };
    let body = json::to_vec(&Readiness {
        status: word,
        blacklist,
    });
    let headers = [(CONTENT_TYPE, JSON), (CACHE_CONTROL, NO_STORE)];
    (status, headers, body).into_response()
}

#[derive(Serialize)]
struct Readiness {
    status: &'static str,
    /// Nothing where tokens are not blacklisted.
    blacklist: Option<Blacklist>,
}

#[derive(Serialize)]
struct Blacklist {
    tokens: usize,
    /// How many seconds memory may be behind the database; nothing before it was first read.
    staleness: Option<f64>,
}

/// Figures in Prometheus's text format.
pub(super) async fn metrics(State(app): State<Arc<App>>) -> Response {
    let mut text = String::new();
    if app.blacklist.is_enabled() {
        let staleness = app.blacklist.staleness().map_or(f64::NAN, seconds);
        let figures = [
            (
                "tegata_blacklist_tokens",
                "Blacklisted tokens in memory.",
                app.blacklist.tokens().to_string(),
            ),
            (
                "tegata_blacklist_staleness_seconds",
                "How far memory may be behind the database.",
                staleness.to_string(),
            ),
        ];
        for (name, help, figure) in figures {
            let _ = writeln!(
                text,
                "# HELP {name} {help}\n# TYPE {name} gauge\n{name} {figure}"
            );
        }
    }
    let headers = [(CONTENT_TYPE, PROMETHEUS), (CACHE_CONTROL, NO_STORE)];
    (headers, text).into_response()
}

fn seconds(span: TimeDelta) -> f64 {
    span.as_seconds_f64()
}

const JSON: &str = "application/json; charset=utf-8";
const NO_STORE: &str = "no-store";
const PROMETHEUS: &str = "text/plain; version=0.0.4; charset=utf-8";
const TEXT: &str = "text/plain; charset=utf-8";
