//! How many passwords may be guessed: buckets of tokens, for addresses and for accounts.

mod bucket;

use std::hash::{BuildHasher, Hash, RandomState};
use std::net::{IpAddr, Ipv6Addr};
use std::sync::Arc;

use moka::policy::EvictionPolicy;
use moka::sync::Cache;
use tegata_jwt::Clock;
use unicode_normalization::UnicodeNormalization;

use self::bucket::Bucket;
use crate::error::{Quota, TooMany};
use crate::settings::{self, Rate};

/// The limits of guesses. Whatever the number of clients, the memory they take is bounded: of each
/// limit the 100,000 buckets are kept that were used last.
pub struct Limits {
    clock: Clock,
    /// Nobody must find two names that share a bucket.
    hasher: RandomState,
    /// `None` where guesses are not limited.
    buckets: Option<[Buckets; 3]>,
}

/// The buckets of one limit.
struct Buckets {
    /// What clients know it by, where it is theirs to know.
    name: Option<&'static str>,
    rate: Rate,
    by_key: Cache<u64, Arc<Bucket>>,
}

/// A guess that may be made, and is counted as a wrong one until it ends.
pub struct Attempt<'a> {
    clock: &'a Clock,
    taken: Vec<Taken<'a>>,
}

/// A bucket that a guess was taken from.
struct Taken<'a> {
    limit: &'a Buckets,
    key: u64,
    bucket: Arc<Bucket>,
}

impl Limits {
    /// The limits of the settings, with nobody counted.
    #[must_use]
    pub fn new(settings: &settings::Limits, clock: Clock) -> Self {
        let buckets = || {
            [
                Buckets::new(Some("address"), settings.login_per_address),
                Buckets::new(Some("account"), settings.login_per_account_and_address),
                // What others do to an account is not a client's to know.
                Buckets::new(None, settings.login_per_account),
            ]
        };
        Self {
            clock,
            hasher: RandomState::new(),
            buckets: settings.enabled.then(buckets),
        }
    }

    /// Begins a guess at an account's password, unless there were too many wrong ones.
    pub fn begin(&self, client: IpAddr, username: &str) -> Result<Attempt<'_>, TooMany> {
        let mut attempt = Attempt {
            clock: &self.clock,
            taken: Vec::new(),
        };
        let Some(limits) = &self.buckets else {
            return Ok(attempt);
        };

        let (network, account) = (network(client), normalized(username));
        let keys = [
            self.hasher.hash_one(network),
            self.hasher.hash_one((&account, network)),
            self.hasher.hash_one(&account),
        ];
        let now = self.clock.now().timestamp_micros();
        for (limit, key) in limits.iter().zip(keys) {
            let bucket = limit.by_key.get_with(key, Arc::default);
            let taken = bucket.take(limit.rate, now);
            let place = Taken { limit, key, bucket };
            match taken {
                Ok(()) => attempt.taken.push(place),
                Err(empty) => {
                    attempt.give_back();
                    attempt.taken.push(place);
                    return Err(TooMany {
                        retry_after: whole_seconds(empty.next_in),
                        is_news: empty.is_news,
                        quotas: attempt.quotas(),
                    });
                }
            }
        }
        Ok(attempt)
    }
}

impl Attempt<'_> {
    /// Ends the guess. One that was right, or nobody looked at, is not counted. One that is never
    /// ended, because its client went away, is.
    #[must_use]
    pub fn end(self, is_wrong: bool) -> Vec<Quota> {
        if !is_wrong {
            self.give_back();
        }
        self.quotas()
    }

    fn give_back(&self) {
        let now = self.clock.now().timestamp_micros();
        for Taken { limit, key, bucket } in &self.taken {
            bucket.give_back(limit.rate);
            // A full bucket is as good as none. Kept, those of names that nobody looked at would
            // push out the ones that count.
            if bucket.level(limit.rate, now).full_in == 0 {
                limit.by_key.invalidate(key);
            }
        }
    }

    /// What is left of each limit that clients know of.
    fn quotas(&self) -> Vec<Quota> {
        let now = self.clock.now().timestamp_micros();
        let quota = |Taken { limit, bucket, .. }: &Taken<'_>| {
            let level = bucket.level(limit.rate, now);
            Some(Quota {
                name: limit.name?,
                limit: limit.rate.limit(),
                window: whole_seconds(limit.rate.period()),
                remaining: level.remaining,
                reset: whole_seconds(level.full_in),
            })
        };
        self.taken.iter().filter_map(quota).collect()
    }
}

impl Buckets {
    fn new(name: Option<&'static str>, rate: Rate) -> Self {
        // Least recently used, and not least often: a bucket must not be pushed out, and so filled
        // up, by others that are only used more often.
        let by_key = Cache::builder()
            .max_capacity(MAX_BUCKETS)
            .eviction_policy(EvictionPolicy::lru());
        Self {
            name,
            rate,
            by_key: by_key.build(),
        }
    }
}

/// What is one client: who has one address of an IPv6 network has them all.
fn network(client: IpAddr) -> impl Hash + Copy {
    match client.to_canonical() {
        IpAddr::V4(address) => IpAddr::V4(address),
        IpAddr::V6(address) => IpAddr::V6(Ipv6Addr::from_bits(address.to_bits() & !0 << 64)),
    }
}

/// An account by whatever form of its name: no variant of it is a fresh start.
fn normalized(username: &str) -> String {
    username.nfkc().flat_map(char::to_lowercase).collect()
}

fn whole_seconds(micros: i64) -> u64 {
    u64::try_from(micros)
        .unwrap_or_default()
        .div_ceil(1_000_000)
}

const MAX_BUCKETS: u64 = 100_000;

#[cfg(test)]
mod tests {
    use chrono::DateTime;

    use super::*;

    #[test]
    fn a_flood_of_logins_that_nobody_looks_at_does_not_lift_the_limit_of_an_account() {
        let clock = Clock::fixed(DateTime::UNIX_EPOCH);
        let limits = Limits::new(&settings::Limits::default(), clock);
        let guess = |address: u32, name: &str| limits.begin(IpAddr::V4(address.into()), name);
        for address in 0..100 {
            let _ = guess(address, "alice").unwrap().end(true);
        }
        assert!(guess(100, "alice").is_err());

        for name in 0..MAX_BUCKETS + 1000 {
            let _ = guess(101, &name.to_string()).unwrap().end(false);
        }

        assert!(guess(102, "alice").is_err());
    }
}
