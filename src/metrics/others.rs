use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use prometheus_client::collector::Collector;
use prometheus_client::encoding::{DescriptorEncoder, EncodeMetric, MetricEncoder};
use prometheus_client::metrics::MetricType;
use prometheus_client::metrics::counter::ConstCounter;
use prometheus_client::metrics::exemplar::Exemplar;
use prometheus_client::metrics::gauge::ConstGauge;
use prometheus_client::registry::Unit;
use tegata_jwt::Count;
use tegata_jwt::jwks::KeySetStatus;

/// What there is to tell of the keys and the tokens of others. Its labels come from the settings: no
/// stranger makes a series.
#[derive(Debug, Default)]
pub struct Others {
    key_sets: Vec<KeySetStatus>,
    /// How many tokens of an issuer had an outcome.
    verified: Vec<(String, &'static str, u64)>,
}

impl Others {
    /// What is told of these.
    pub fn of<'a>(key_sets: Vec<KeySetStatus>, counts: impl Iterator<Item = Count<'a>>) -> Self {
        let verified = counts.filter_map(|count| {
            let issuer = escaped(count.issuer?);
            Some((issuer, count.outcome, count.count))
        });
        let key_sets = key_sets.into_iter().map(|set| KeySetStatus {
            issuer: escaped(&set.issuer),
            ..set
        });
        Self {
            key_sets: key_sets.collect(),
            verified: verified.collect(),
        }
    }
}

/// What was told last, as the registry asks for it.
#[derive(Clone, Debug, Default)]
pub(super) struct Figures(Arc<Mutex<Others>>);

impl Figures {
    pub(super) fn set(&self, others: Others) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = others;
    }
}

impl Collector for Figures {
    fn encode(&self, encoder: DescriptorEncoder<'_>) -> fmt::Result {
        let others = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let mut tell = Tell(encoder);
        tell.verified(&others.verified)?;
        tell.fetches(&others.key_sets)?;
        tell.keys(&others.key_sets)?;
        tell.refused_misses(&others.key_sets)
    }
}

struct Tell<'a>(DescriptorEncoder<'a>);

impl Tell<'_> {
    fn verified(&mut self, verified: &[(String, &'static str, u64)]) -> fmt::Result {
        let samples = verified.iter().map(|(issuer, outcome, count)| {
            let labels = [("issuer", issuer.as_str()), ("outcome", *outcome)];
            (labels, ConstCounter::new(*count))
        });
        self.family("jwt_verify", "Tokens of other issuers", None, samples)
    }

    fn fetches(&mut self, sets: &[KeySetStatus]) -> fmt::Result {
        let samples = sets.iter().flat_map(|set| {
            set.counts.fetches.iter().map(|(outcome, count)| {
                let labels = [issuer(set), ("outcome", outcome.name())];
                (labels, ConstCounter::new(*count))
            })
        });
        let help = "Attempts to fetch a key set";
        self.family("jwks_fetch", help, None, samples)?;

        let samples = sets.iter().map(|set| ([issuer(set)], FetchTime(set)));
        let help = "How long attempts to fetch a key set took";
        self.family("jwks_fetch", help, Some(&Unit::Seconds), samples)?;

        let samples = sets.iter().filter_map(|set| {
            let age = set.age?.as_secs_f64();
            Some(([issuer(set)], ConstGauge::new(age)))
        });
        let help = "Time since a key set was given or confirmed";
        self.family("jwks_age", help, Some(&Unit::Seconds), samples)
    }

    fn keys(&mut self, sets: &[KeySetStatus]) -> fmt::Result {
        let samples = sets.iter().flat_map(|set| {
            let usable = [("true", set.keys), ("false", set.unusable.len())];
            usable.map(|(usable, keys)| {
                let keys = i64::try_from(keys).unwrap_or(i64::MAX);
                ([issuer(set), ("usable", usable)], ConstGauge::new(keys))
            })
        });
        self.family("jwks_keys", "Members of a key set", None, samples)?;

        let samples = sets.iter().flat_map(|set| {
            set.counts.skipped.iter().map(|(reason, count)| {
                let labels = [issuer(set), ("reason", reason.name())];
                (labels, ConstCounter::new(*count))
            })
        });
        let help = "Members of key sets that were skipped";
        self.family("jwks_skipped", help, None, samples)
    }

    fn refused_misses(&mut self, sets: &[KeySetStatus]) -> fmt::Result {
        let samples = sets.iter().map(|set| {
            let count = ConstCounter::new(set.counts.refused_misses);
            ([issuer(set)], count)
        });
        let help = "Tokens of unknown keys for which nobody was asked";
        self.family("jwks_refused_miss", help, None, samples)
    }

    /// A family, unless it has no samples.
    fn family<'s, M: EncodeMetric, const N: usize>(
        &mut self,
        name: &str,
        help: &str,
        unit: Option<&Unit>,
        samples: impl Iterator<Item = ([(&'s str, &'s str); N], M)>,
    ) -> fmt::Result {
        let mut samples = samples.peekable();
        let Some((_, first)) = samples.peek() else {
            return Ok(());
        };
        let kind = first.metric_type();
        let mut family = self.0.encode_descriptor(name, help, unit, kind)?;
        for (labels, metric) in samples {
            metric.encode(family.encode_family(&labels)?)?;
        }
        Ok(())
    }
}

/// How often and for how long a set was fetched.
struct FetchTime<'a>(&'a KeySetStatus);

impl EncodeMetric for FetchTime<'_> {
    fn encode(&self, mut encoder: MetricEncoder<'_>) -> fmt::Result {
        let (count, time) = self.0.counts.fetch_time;
        let buckets = [(f64::MAX, count)];
        let exemplars = None::<&HashMap<usize, Exemplar<[(&str, &str); 0], f64>>>;
        encoder.encode_histogram(time.as_secs_f64(), count, &buckets, exemplars)
    }

    fn metric_type(&self) -> MetricType {
        MetricType::Histogram
    }
}

fn issuer(set: &KeySetStatus) -> (&'static str, &str) {
    ("issuer", &set.issuer)
}

/// A label's value as OpenMetrics has it, which the registry leaves to whoever tells it: an issuer may
/// be called anything.
fn escaped(text: &str) -> String {
    let text = text.replace('\\', r"\\").replace('"', r#"\""#);
    text.replace('\n', r"\n")
}
