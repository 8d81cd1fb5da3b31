//! What the log learns: of an issuer's trouble the beginning and the end, and each change of its
//! keys. Names of issuers come from the configuration; whatever else is shown is escaped and cut.

use std::collections::BTreeSet;

use super::error::Failure;
use crate::keys::{KeySet, UnusableKey, UnusableReason};

/// An attempt failed. Loud the first time, for what follows says nothing new.
pub(super) fn failed(issuer: &str, failure: &Failure, failures: u32) {
    let (error, outcome) = (&*failure.text, failure.outcome.name());
    if failures == 1 {
        tracing::error!(
            issuer,
            outcome,
            error,
            "the keys of an issuer cannot be fetched"
        );
    } else {
        tracing::debug!(
            issuer,
            outcome,
            error,
            failures,
            "the keys of an issuer cannot be fetched"
        );
    }
}

/// An attempt succeeded after others had failed.
pub(super) fn recovered(issuer: &str, failures: u32) {
    tracing::warn!(
        issuer,
        failures,
        "the keys of an issuer can be fetched again"
    );
}

/// The issuer has other keys than before.
pub(super) fn changed(issuer: &str, before: Option<&KeySet>, now: &KeySet) {
    let before = before.map(kids).unwrap_or_default();
    let now = kids(now);
    let added: Vec<_> = now.difference(&before).collect();
    let removed: Vec<_> = before.difference(&now).collect();
    tracing::info!(
        issuer,
        ?added,
        ?removed,
        "the keys of an issuer have changed"
    );
}

/// Members of a set that verify nothing. A private key among them was given away.
pub(super) fn unusable(issuer: &str, unusable: &[UnusableKey], ignored: usize) {
    for key in unusable {
        let (position, error) = (key.position, &key.error);
        match key.reason {
            UnusableReason::Private | UnusableReason::Secret => tracing::error!(
                issuer,
                position,
                reason = key.reason.name(),
                "security: an issuer publishes a private key; whoever has read it can sign tokens"
            ),
            // Issuers that encrypt, too, publish keys for that: nothing is wrong with those.
            UnusableReason::Purpose => tracing::debug!(
                issuer,
                position,
                %error,
                "a key of an issuer is not for signatures"
            ),
            reason => tracing::warn!(
                issuer,
                position,
                reason = reason.name(),
                %error,
                "a key of an issuer is of no use"
            ),
        }
    }
    if ignored > 0 {
        tracing::warn!(issuer, ignored, "an issuer has more keys than are read");
    }
}

/// A snapshot could not be written. Said once, for the next will not fare better.
pub(super) fn snapshot_not_written(issuer: &str, error: &std::io::Error) {
    tracing::warn!(issuer, %error, "the snapshot of an issuer's keys cannot be written");
}

/// A snapshot is there and of no use.
pub(super) fn snapshot_refused(issuer: &str, reason: &str) {
    tracing::warn!(
        issuer,
        reason,
        "the snapshot of an issuer's keys is not used"
    );
}

/// The keeper of a key set failed where nothing should.
pub(super) fn panicked(issuer: &str) {
    tracing::error!(issuer, "an attempt to fetch the keys of an issuer panicked");
}

/// What somebody else wrote, made harmless and short.
pub(super) fn shown(text: &str) -> String {
    text.escape_debug().take(MAX_SHOWN).collect()
}

fn kids(set: &KeySet) -> BTreeSet<String> {
    let kid = |kid: Option<&str>| kid.map_or_else(String::new, cut);
    set.keys().iter().map(|key| kid(key.kid())).collect()
}

fn cut(kid: &str) -> String {
    kid.escape_default().take(MAX_KID).collect()
}

const MAX_KID: usize = 64;
const MAX_SHOWN: usize = 200;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_kid_is_shown_escaped_and_cut() {
        assert_eq!(cut("a\n\u{1b}\u{202e}"), r"a\n\u{1b}\u{202e}");
        assert_eq!(cut(&"k".repeat(1000)), "k".repeat(64));
    }
}
