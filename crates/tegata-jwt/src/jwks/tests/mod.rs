//! Key sets of an issuer on this machine that answers as the tests want it to.

mod answers;
mod cooldown;
mod discovery;
mod events;
mod freshness;
mod members;
mod outage;
mod snapshots;
mod sources;
mod transport;

#[path = "../../../tests/jwks/fake_issuer.rs"]
mod fake_issuer;

use chrono::{DateTime, TimeDelta};

use self::fake_issuer::{Answer, FakeIssuer};
use super::*;
use crate::fixtures;

/// Where the issuers of these tests have their keys.
const PATH: &str = "/jwks";

/// The keys of an issuer, and whatever they depend on.
struct Case {
    issuer: FakeIssuer,
    clock: Clock,
    keys: RemoteKeys,
}

impl Case {
    /// An issuer that answers so, one after the other.
    async fn of(answers: impl IntoIterator<Item = Answer>) -> Self {
        Self::with(rules(), answers).await
    }

    async fn with(rules: KeySetRules, answers: impl IntoIterator<Item = Answer>) -> Self {
        let (issuer, clock) = (FakeIssuer::start().await, clock());
        issuer.answer_in_turn(PATH, answers);
        let keys = keys(issuer.url(PATH), rules, &clock);
        Self {
            issuer,
            clock,
            keys,
        }
    }

    /// The names of the keys that may be used, waited for where that may help.
    async fn kids(&self) -> Option<Vec<String>> {
        self.keys.get().await.as_ref().map(kids)
    }

    fn advance(&self, seconds: i64) {
        self.clock.advance(TimeDelta::seconds(seconds));
    }

    /// Until so many attempts have ended.
    async fn ended(&self, attempts: u64) {
        let mut ended = self.keys.0.shared.ended.subscribe();
        ended.wait_for(|ended| *ended >= attempts).await.unwrap();
    }

    /// Whether no attempt follows on so many, however far the keeper gets without anything from
    /// outside.
    async fn is_quiet(&self, attempts: u64) -> bool {
        for _ in 0..20 {
            tokio::task::yield_now().await;
        }
        let ended = *self.keys.0.shared.ended.borrow();
        ended == attempts && !self.keys.0.shared.flight.is_under_way()
    }

    fn requests(&self) -> usize {
        self.issuer.requests().len()
    }

    fn error(&self) -> String {
        self.keys.status().last_error.unwrap_or_default()
    }

    /// How often an attempt ended so.
    fn fetches(&self, outcome: FetchOutcome) -> u64 {
        let fetches = self.keys.status().counts.fetches;
        let found = fetches.into_iter().find(|(known, _)| *known == outcome);
        found.unwrap().1
    }
}

fn keys(url: String, rules: KeySetRules, clock: &Clock) -> RemoteKeys {
    let source = KeySetSource::Jwks(url);
    let http = HttpClient::new().unwrap();
    RemoteKeys::new(
        "id.example",
        source,
        &ALGORITHMS,
        rules,
        &http,
        clock.clone(),
    )
    .unwrap()
}

fn rules() -> KeySetRules {
    KeySetRules {
        retry_pause: Duration::ZERO,
        ..KeySetRules::default()
    }
}

fn clock() -> Clock {
    Clock::fixed(DateTime::from_timestamp(1_790_000_000, 0).unwrap())
}

/// A set of keys with these names.
fn set(kids: &[&str]) -> String {
    let keys: Vec<_> = kids.iter().map(|kid| jwk(kid)).collect();
    set_of(&keys)
}

fn set_of(members: &[impl AsRef<str>]) -> String {
    let members: Vec<_> = members.iter().map(AsRef::as_ref).collect();
    format!(r#"{{"keys":[{}]}}"#, members.join(","))
}

fn jwk(kid: &str) -> String {
    let key = fixtures::key(Algorithm::ES256).verifying_key();
    key.jwk().unwrap().replace(key.kid().unwrap(), kid)
}

fn kids(kept: &Kept) -> Vec<String> {
    let keys = kept.keys.keys().iter();
    keys.filter_map(|key| Some(key.kid()?.to_owned())).collect()
}

/// What came of a miss, in a word.
fn word(missed: &Missed) -> &'static str {
    match missed {
        Missed::Known => "known",
        Missed::Renewed(_) => "renewed",
        Missed::Unknown => "unknown",
    }
}

fn names(kids: &[&str]) -> Vec<String> {
    kids.iter().map(ToString::to_string).collect()
}

const ALGORITHMS: [Algorithm; 3] = [Algorithm::ES256, Algorithm::RS256, Algorithm::EdDSA];
