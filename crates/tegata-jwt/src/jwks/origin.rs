use std::sync::Arc;
use std::time::Duration;

use reqwest::{Client, Url};

use super::error::{Failure, SourceError};
use super::fetch::{self, Answer, Document, Validators};
use super::status::FetchOutcome;
use super::{HttpClient, KeySetRules, KeySetSource, address, discovery};
use crate::algorithm::Algorithm;
use crate::clock::Clock;
use crate::keys::{KeySet, PrivateKeys};

/// Where an issuer's keys come from, and how they are asked for.
pub(super) struct Origin {
    pub(super) algorithms: Vec<Algorithm>,
    pub(super) clock: Clock,
    pub(super) http: HttpClient,
    pub(super) place: Place,
    pub(super) rules: KeySetRules,
}

/// A source that keys may come from.
pub(super) enum Place {
    KeySet(Url),
    Metadata { issuer: String, url: Url },
}

/// What is known from one attempt to the next.
#[derive(Clone, Default)]
pub(super) struct Memory {
    /// What the metadata say, and when they were read.
    found: Option<(Found, Duration)>,
    /// What the last good set is recognized by, and where it came from.
    validators: Option<(Url, Validators)>,
    /// How long the last good set said it was fresh.
    fresh_for: Option<Duration>,
}

/// What an issuer's metadata say.
#[derive(Clone)]
struct Found {
    url: Url,
    /// Whether they came from a network of our own.
    is_private: bool,
}

/// A good answer.
pub(super) enum Fetched {
    New {
        keys: KeySet,
        text: String,
        fresh_for: Duration,
    },
    Same {
        fresh_for: Duration,
    },
}

impl Place {
    pub(super) fn parse(source: KeySetSource, allow_http: bool) -> Result<Self, SourceError> {
        let parse = |text: &str| {
            address::parse(text, allow_http).map_err(|reason| SourceError::Url {
                url: address::shown(text),
                reason,
            })
        };
        match source {
            KeySetSource::Jwks(url) => Ok(Self::KeySet(parse(&url)?)),
            KeySetSource::Discovery { issuer } => {
                let url = parse(&issuer)?;
                // RFC 8414 2.
                if url.query().is_some() {
                    return Err(SourceError::Url {
                        url: address::shown(&issuer),
                        reason: "it has a query",
                    });
                }
                Ok(Self::Metadata { issuer, url })
            }
        }
    }

    /// What a snapshot is of.
    pub(super) fn name(&self) -> String {
        match self {
            Self::KeySet(url) => format!("jwks {url}"),
            Self::Metadata { issuer, .. } => format!("discovery {issuer}"),
        }
    }
}

impl Origin {
    /// One attempt, from the first byte to the last, within its time.
    pub(super) async fn attempt(
        self: Arc<Self>,
        mut memory: Memory,
    ) -> (Memory, Result<Fetched, Failure>) {
        let end = self.clock.elapsed() + self.rules.fetch_timeout;
        let result = tokio::select! {
            result = self.fetch(&mut memory) => result,
            () = self.clock.wait_until(end) => {
                let text = format!("no answer within {:?}", self.rules.fetch_timeout);
                Err(Failure::new(FetchOutcome::Timeout, text))
            }
        };
        (memory, result)
    }

    async fn fetch(&self, memory: &mut Memory) -> Result<Fetched, Failure> {
        let (issuer, url) = match &self.place {
            Place::KeySet(url) => return self.key_set(self.http.open(), url, memory).await,
            Place::Metadata { issuer, url } => (issuer, url),
        };
        if let Some((found, read)) = self.remembered(memory) {
            let fetched = self.found_key_set(url, &found, memory).await;
            if fetched.is_ok() {
                memory.found = Some((found, read));
            }
            if !fetched.as_ref().is_err_and(Failure::is_gone) {
                return fetched;
            }
        }
        let found = self.discover(issuer, url).await?;
        memory.found = Some((found.clone(), self.clock.elapsed()));
        self.found_key_set(url, &found, memory).await
    }

    /// Where the metadata said the set is, if they were read not long ago, and when. It is forgotten
    /// unless the set is there still: an issuer may have moved it, and its old host be gone.
    fn remembered(&self, memory: &mut Memory) -> Option<(Found, Duration)> {
        let now = self.clock.elapsed();
        let found = memory.found.take();
        found.filter(|(_, read)| now < *read + METADATA_FRESH)
    }

    async fn discover(&self, issuer: &str, url: &Url) -> Result<Found, Failure> {
        let [first, second] = discovery::places(url);
        let known = Validators::default();
        let (place, answer) = match self.get(self.http.open(), &first, &known).await {
            Err(failure) if failure.status.is_some_and(|status| status / 100 == 4) => {
                let answer = self.get(self.http.open(), &second, &known).await;
                (second, answer.map_err(|last| last.after(&failure)))
            }
            other => (first, other),
        };
        let Answer::Document(metadata) = answer? else {
            return Err(Failure::new(
                FetchOutcome::Status,
                "the answer is 304, unasked",
            ));
        };
        let found = discovery::key_set_url(&metadata.text, issuer, self.http.allows_http());
        Ok(Found {
            url: found.map_err(|failure| failure.at(&place))?,
            is_private: self.http.is_private(url, metadata.from).await,
        })
    }

    /// The set that the metadata of `issuer` name. Where nothing but they name its host, it must
    /// not be in a network that the issuer itself is not in.
    async fn found_key_set(
        &self,
        issuer: &Url,
        Found { url, is_private }: &Found,
        memory: &mut Memory,
    ) -> Result<Fetched, Failure> {
        discovery::check(url, issuer, &self.rules)?;
        let is_named = discovery::is_named(url, issuer, &self.rules);
        if is_named || *is_private {
            return self.key_set(self.http.open(), url, memory).await;
        }
        if address::literal(url).is_some_and(|literal| !address::is_public(literal)) {
            let text = "`jwks_uri` leads to an address that is not public";
            return Err(Failure::new(FetchOutcome::Refused, text));
        }
        self.key_set(self.http.guarded(), url, memory).await
    }

    async fn key_set(
        &self,
        client: &Client,
        url: &Url,
        memory: &mut Memory,
    ) -> Result<Fetched, Failure> {
        let known = memory.validators.as_ref();
        let known = known.filter(|(of, _)| of == url);
        let known = known.map(|(_, known)| known.clone()).unwrap_or_default();
        match self.get(client, url, &known).await? {
            Answer::Document(document) => self.read(url, document, memory),
            Answer::NotModified { fresh_for } => {
                // RFC 9111 4.3.4: what a 304 does not say is as it was.
                memory.fresh_for = fresh_for.or(memory.fresh_for);
                Ok(Fetched::Same {
                    fresh_for: memory.fresh_for.unwrap_or(self.rules.fresh_for),
                })
            }
        }
    }

    fn read(&self, url: &Url, document: Document, memory: &mut Memory) -> Result<Fetched, Failure> {
        let keys = self.parse(&document.text);
        let keys = keys.map_err(|failure| failure.at(url))?;
        memory.validators = Some((url.clone(), document.validators));
        memory.fresh_for = document.fresh_for;
        Ok(Fetched::New {
            keys,
            text: document.text,
            fresh_for: document.fresh_for.unwrap_or(self.rules.fresh_for),
        })
    }

    /// A key set as the rules want it, with one key of use at least.
    pub(super) fn parse(&self, text: &str) -> Result<KeySet, Failure> {
        let keys = KeySet::read(text, &self.algorithms, self.private_keys()).map_err(|error| {
            Failure::new(FetchOutcome::Malformed, format!("no key set: {error}"))
        })?;
        if keys.keys().is_empty() {
            let text = match keys.unusable().first() {
                None => "the set is empty".to_owned(),
                Some(first) => format!("none of its keys is of use; the first: {}", first.error),
            };
            return Err(Failure {
                unusable: keys.unusable().to_vec(),
                ..Failure::new(FetchOutcome::NoKeys, text)
            });
        }
        Ok(keys)
    }

    pub(super) fn private_keys(&self) -> PrivateKeys {
        if self.rules.accept_public_part {
            PrivateKeys::TakePublicPart
        } else {
            PrivateKeys::Refuse
        }
    }

    /// Asks once more where that may help.
    async fn get(&self, client: &Client, url: &Url, known: &Validators) -> Result<Answer, Failure> {
        let mut answer = fetch::get(client, url, known, self.clock.now()).await;
        if answer.as_ref().is_err_and(Failure::is_worth_a_retry) {
            let pause = self.clock.elapsed() + self.rules.retry_pause;
            self.clock.wait_until(pause).await;
            answer = fetch::get(client, url, known, self.clock.now()).await;
        }
        answer.map_err(|failure| failure.at(url))
    }
}

/// An issuer that moves its key set leaves the old one for so long, or it fails there.
const METADATA_FRESH: Duration = Duration::from_hours(24);
