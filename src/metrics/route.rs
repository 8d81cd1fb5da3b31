//! Requests and their times, by route.

use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::histogram::Histogram;

/// The requests of all routes.
pub(super) struct Requests {
    pub(super) answered: Family<Request, Counter>,
    pub(super) durations: Family<Route, Histogram, fn() -> Histogram>,
}

#[derive(Clone, Debug, EncodeLabelSet, PartialEq, Eq, Hash)]
pub(super) struct Request {
    method: &'static str,
    route: String,
    status: u16,
}

#[derive(Clone, Debug, EncodeLabelSet, PartialEq, Eq, Hash)]
pub(super) struct Route {
    route: String,
}

impl Requests {
    pub(super) fn new() -> Self {
        Self {
            answered: Family::default(),
            durations: Family::new_with_constructor(|| Histogram::new(BUCKETS)),
        }
    }

    /// Those of one.
    pub(super) fn of(&self, path: &str) -> RouteFigures {
        let route = Route {
            route: path.to_owned(),
        };
        RouteFigures {
            duration: self.durations.get_or_create_owned(&route),
            requests: self.answered.clone(),
            route: route.route,
            known: Arc::default(),
        }
    }
}

/// The requests of one route.
#[derive(Clone)]
pub struct RouteFigures {
    route: String,
    duration: Histogram,
    requests: Family<Request, Counter>,
    /// Those that came already, which a look finds sooner.
    known: Arc<RwLock<Vec<Known>>>,
}

type Known = ((&'static str, u16), Counter);

impl RouteFigures {
    /// Counts an answer.
    pub fn answered(&self, method: &http::Method, status: u16, took: Duration) {
        self.duration.observe(took.as_secs_f64());
        let kind = (name(method), status);
        let known = self.known.read().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, counter)) = known.iter().find(|(known, _)| *known == kind) {
            counter.inc();
            return;
        }
        drop(known);

        let counter = self.requests.get_or_create_owned(&Request {
            method: kind.0,
            route: self.route.clone(),
            status,
        });
        counter.inc();
        let known = self.known.write();
        let mut known = known.unwrap_or_else(PoisonError::into_inner);
        known.push((kind, counter));
    }
}

/// A method by its name, where it is one that many use: strangers must not make up labels.
fn name(method: &http::Method) -> &'static str {
    match method.as_str() {
        "DELETE" => "DELETE",
        "GET" => "GET",
        "HEAD" => "HEAD",
        "OPTIONS" => "OPTIONS",
        "PATCH" => "PATCH",
        "POST" => "POST",
        "PUT" => "PUT",
        _ => "other",
    }
}

/// In seconds.
const BUCKETS: [f64; 16] = [
    0.0001, 0.000_25, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5,
    5.0, 10.0,
];
