use std::time::Duration;

use reqwest::Url;

use super::address;
use super::status::FetchOutcome;
use crate::keys::UnusableKey;

/// Why an attempt failed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Failure {
    pub(super) outcome: FetchOutcome,
    /// For the log and the status: holds no query, and nothing of the answer's body but the name of
    /// an issuer, escaped and cut.
    pub(super) text: String,
    /// What the answer says about asking again, capped.
    pub(super) retry_after: Option<Duration>,
    /// The status of an answer that was none we can use.
    pub(super) status: Option<u16>,
    /// The members of a set that has no other: there may be a private key among them.
    pub(super) unusable: Vec<UnusableKey>,
}

impl Failure {
    pub(super) fn new(outcome: FetchOutcome, text: impl Into<String>) -> Self {
        Self {
            outcome,
            text: text.into(),
            retry_after: None,
            status: None,
            unusable: Vec::new(),
        }
    }

    /// The same, with the URL it happened at.
    pub(super) fn at(self, url: &Url) -> Self {
        let text = format!("{}: {}", address::shown(url.as_str()), self.text);
        Self { text, ..self }
    }

    /// The same, where it was looked for elsewhere before.
    pub(super) fn after(self, before: &Self) -> Self {
        let text = format!("{}; {}", before.text, self.text);
        Self { text, ..self }
    }

    /// Whether asking once more may help: nobody was there, or the server was at fault and did
    /// not say when to come again.
    pub(super) fn is_worth_a_retry(&self) -> bool {
        let is_fault = self.status.is_some_and(|status| status >= 500);
        self.outcome == FetchOutcome::Unreachable || is_fault && self.retry_after.is_none()
    }

    /// Whether the document does not stand there (any more).
    pub(super) fn is_gone(&self) -> bool {
        matches!(self.status, Some(404 | 410))
    }
}

/// Why keys cannot be fetched from there, whoever is asked.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SourceError {
    /// No Tokio runtime, which the keys need to be fetched on.
    #[error("the keys of {issuer} can be kept within a Tokio runtime only")]
    NoRuntime {
        /// Whose keys.
        issuer: String,
    },
    /// Not a URL, or not one that keys may come from.
    #[error("`{url}` cannot be where keys come from: {reason}")]
    Url {
        /// The URL, without what may be secret in it.
        url: String,
        /// What is wrong with it.
        reason: &'static str,
    },
}

/// The HTTP client could not be made: there are no root certificates, or one given is none.
#[derive(Debug, thiserror::Error)]
#[error("the HTTP client for key sets cannot be made: {0}")]
pub struct HttpClientError(#[from] pub(super) reqwest::Error);
