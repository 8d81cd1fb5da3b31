use std::time::Duration;

use crate::keys::{UnusableKey, UnusableReason};

/// What is known of an issuer's key set, for whoever watches over it. Nothing in it is secret.
#[derive(Clone, Debug)]
pub struct KeySetStatus {
    /// The issuer, as it is configured.
    pub issuer: String,
    /// How good it is.
    pub standing: Standing,
    /// How many keys of the last good set are of use. One that serves several algorithms counts
    /// once for each.
    pub keys: usize,
    /// Its other members.
    pub unusable: Vec<UnusableKey>,
    /// How often the usable keys have changed; 0 before there were any.
    pub generation: u64,
    /// How long ago the issuer gave or confirmed the set; `None` where it has not yet.
    pub age: Option<Duration>,
    /// Why the last attempt failed, if it did.
    pub last_error: Option<String>,
    /// In how long the next attempt is due, provided that tokens ask for keys until then.
    pub next_try: Duration,
    /// What happened since the start.
    pub counts: KeySetCounts,
}

/// How good a key set is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Standing {
    /// As its issuer has it, as far as its answers oblige.
    Fresh,
    /// Older than that, for the issuer cannot be reached.
    Stale {
        /// For how long it has been.
        since: Duration,
        /// For how much longer it is used.
        left: Duration,
    },
    /// There is none, or it is too old.
    Unavailable,
}

/// What happened to a key set since the start, as counters that only grow.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct KeySetCounts {
    /// Attempts that ended, by their outcome: all outcomes there are, in a fixed order.
    pub fetches: Vec<(FetchOutcome, u64)>,
    /// How many attempts ended, and how long they took in all.
    pub fetch_time: (u64, Duration),
    /// Members of fetched sets that were skipped, by the reason: all reasons there are, in a
    /// fixed order. A member that stays unusable counts with each set that differs from the one
    /// before.
    pub skipped: Vec<(UnusableReason, u64)>,
    /// Tokens of unknown keys for which nobody was asked, for somebody had been just before.
    pub refused_misses: u64,
}

/// What came of an attempt to fetch a key set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FetchOutcome {
    /// A set with keys of use.
    Ok,
    /// The set is still the one we have (RFC 9110 15.4.5).
    NotModified,
    /// No connection: no address, nobody there, or a certificate that is not trusted.
    Unreachable,
    /// Not done in time.
    Timeout,
    /// An answer that is neither 200 nor 304.
    Status,
    /// More bytes than any key set has.
    TooLarge,
    /// Not JSON, or not a key set, or not the issuer's metadata.
    Malformed,
    /// A set without a key of use.
    NoKeys,
    /// The metadata are another issuer's, or send us where we must not go.
    Refused,
    /// We failed ourselves.
    Internal,
}

impl FetchOutcome {
    /// All there are.
    pub const ALL: [Self; 10] = [
        Self::Ok,
        Self::NotModified,
        Self::Unreachable,
        Self::Timeout,
        Self::Status,
        Self::TooLarge,
        Self::Malformed,
        Self::NoKeys,
        Self::Refused,
        Self::Internal,
    ];

    /// Its stable name, as a label of a metric.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::NotModified => "not_modified",
            Self::Unreachable => "unreachable",
            Self::Timeout => "timeout",
            Self::Status => "status",
            Self::TooLarge => "too_large",
            Self::Malformed => "malformed",
            Self::NoKeys => "no_keys",
            Self::Refused => "refused",
            Self::Internal => "internal",
        }
    }
}
