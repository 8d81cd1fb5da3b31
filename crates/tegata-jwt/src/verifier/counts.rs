use std::sync::atomic::{AtomicU64, Ordering};

use crate::error::VerifyError;

/// How often verifications ended in one way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Count<'a> {
    /// The issuer, as it is configured; `None` where the token was of no issuer that is trusted, or
    /// none could be read of it.
    pub issuer: Option<&'a str>,
    /// `"verified"`, or the [code](VerifyError::code) of the refusal.
    pub outcome: &'static str,
    /// How often, since the verifier was built.
    pub count: u64,
}

/// What is counted of one issuer: nothing in it grows with what strangers write.
pub(super) struct Tally {
    verified: AtomicU64,
    /// By their places among the codes.
    refused: [AtomicU64; CODES.len()],
}

impl Tally {
    pub(super) fn new() -> Self {
        Self {
            verified: AtomicU64::new(0),
            refused: [const { AtomicU64::new(0) }; CODES.len()],
        }
    }

    pub(super) fn count<T>(&self, outcome: &Result<T, VerifyError>) {
        let counter = match outcome {
            Ok(_) => Some(&self.verified),
            Err(error) => {
                let place = CODES.binary_search(&error.code());
                place.ok().map(|place| &self.refused[place])
            }
        };
        if let Some(counter) = counter {
            counter.fetch_add(1, Ordering::Relaxed);
        }
    }

    pub(super) fn read<'a>(&self, issuer: Option<&'a str>) -> impl Iterator<Item = Count<'a>> {
        let refused = CODES.iter().copied().zip(&self.refused);
        [("verified", &self.verified)]
            .into_iter()
            .chain(refused)
            .map(move |(outcome, counter)| Count {
                issuer,
                outcome,
                count: counter.load(Ordering::Relaxed),
            })
    }
}

/// All codes of refusals, in their order.
pub(super) const CODES: [&str; 23] = [
    "algorithm-not-allowed",
    "bad-signature",
    "binding-missing",
    "claim-malformed",
    "claim-mismatch",
    "claim-missing",
    "claims-unfit",
    "expired",
    "header-refused",
    "insufficient-scope",
    "keys-unavailable",
    "lifetime-too-long",
    "malformed",
    "not-yet-valid",
    "refresh-exp-missing",
    "refresh-expired",
    "revoked",
    "too-long",
    "unknown-issuer",
    "unknown-key",
    "wrong-audience",
    "wrong-issuer",
    "wrong-type",
];
