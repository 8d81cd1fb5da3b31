use std::path::PathBuf;
use std::time::Duration;

/// How a key set is fetched and kept.
///
/// Further numbers stand as constants beside the code that goes by them: what nobody has a reason
/// to change.
#[derive(Clone, Debug, PartialEq)]
pub struct KeySetRules {
    /// For how long a set is fresh whose answer does not say (RFC 9111 4.2.2). Like what answers
    /// say, it counts as a minute at least and as a day at most.
    pub fresh_for: Duration,
    /// For how long after that the last good set is used while no newer can be had. Zero: not at
    /// all.
    pub outage_tolerance: Duration,
    /// The least time between two fetches that tokens of unknown keys cause, from the start of
    /// the last, whoever caused it and whatever came of it. Counts as 5 seconds at least.
    pub cooldown: Duration,
    /// How long a token waits for keys.
    pub fetch_wait: Duration,
    /// How long an attempt may take: connecting, the issuer's metadata, a second try, and the
    /// last byte of the set.
    pub fetch_timeout: Duration,
    /// How long the second try of an attempt waits for: an issuer that could not be reached, or
    /// that answered with a 5xx, is asked twice.
    pub retry_pause: Duration,
    /// Take the public part of a key that stands in the set with its private members, for an
    /// issuer that cannot be brought to keep them. Anyone may sign with such a key: by itself it
    /// is refused.
    pub accept_public_part: bool,
    /// The set of a discovered issuer must come from the issuer's own origin.
    pub same_origin: bool,
    /// The hosts that the set of a discovered issuer may come from, besides the issuer's own. A
    /// host that is named here may stand in a network of our own, too. Empty: any that is public,
    /// or any at all where the issuer itself is in a network of our own.
    pub hosts: Vec<String>,
    /// A folder in which each issuer has a file with its last good set, for a start while the
    /// issuer cannot be reached. Read only where nobody else can write the file, and as a set that
    /// is stale already; it counts no longer than the set itself would have.
    pub snapshots: Option<PathBuf>,
}

impl Default for KeySetRules {
    fn default() -> Self {
        Self {
            fresh_for: Duration::from_mins(10),
            outage_tolerance: Duration::from_hours(1),
            cooldown: Duration::from_secs(30),
            fetch_wait: Duration::from_secs(3),
            fetch_timeout: Duration::from_secs(5),
            retry_pause: Duration::from_millis(200),
            accept_public_part: false,
            same_origin: false,
            hosts: Vec::new(),
            snapshots: None,
        }
    }
}

impl KeySetRules {
    /// The same, with what lies out of bounds put on the bound.
    pub(super) fn bounded(mut self) -> Self {
        self.fresh_for = self.fresh_for.clamp(LEAST_FRESH, MOST_FRESH);
        self.cooldown = self.cooldown.max(LEAST_COOLDOWN);
        for span in [
            &mut self.outage_tolerance,
            &mut self.cooldown,
            &mut self.fetch_wait,
            &mut self.fetch_timeout,
            &mut self.retry_pause,
        ] {
            *span = (*span).min(LONGEST);
        }
        self
    }
}

/// Headers that say less would have us ask all the time.
pub(super) const LEAST_FRESH: Duration = Duration::from_mins(1);
/// A key that was withdrawn is trusted no longer than this.
pub(super) const MOST_FRESH: Duration = Duration::from_hours(24);
/// What is longer, [`Duration::MAX`] for one, means without end and could not be added to a time.
const LONGEST: Duration = Duration::from_hours(100 * 365 * 24);
/// Below it, tokens that anyone can make would be a load on the issuer.
const LEAST_COOLDOWN: Duration = Duration::from_secs(5);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_rule_makes_us_a_load_on_the_issuer() {
        let rules = KeySetRules {
            fresh_for: Duration::ZERO,
            cooldown: Duration::ZERO,
            ..KeySetRules::default()
        };

        let bounded = rules.bounded();

        assert_eq!(bounded.fresh_for, Duration::from_mins(1));
        assert_eq!(bounded.cooldown, Duration::from_secs(5));
    }

    #[test]
    fn no_rule_makes_a_set_fresh_for_longer_than_a_day() {
        let rules = KeySetRules {
            fresh_for: Duration::from_hours(100),
            ..KeySetRules::default()
        };

        assert_eq!(rules.bounded().fresh_for, Duration::from_hours(24));
    }
}
