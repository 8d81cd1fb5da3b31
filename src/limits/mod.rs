//! How many passwords may be guessed: buckets of tokens, for addresses and for accounts.

mod bucket;
#[cfg(test)]
mod tests;

use std::hash::{BuildHasher, Hash, RandomState};
use std::net::{IpAddr, Ipv6Addr};
use std::sync::Arc;

use moka::ops::compute::Op;
use moka::policy::EvictionPolicy;
use moka::sync::Cache;
use tegata_jwt::Clock;
use tokio::sync::OwnedSemaphorePermit;
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

/// A guess that may be made. Until it ends it counts as a wrong one; where it never does, because
/// its client went away, nobody has learnt anything by it, and it is not counted.
pub struct Attempt<'a> {
    clock: &'a Clock,
    taken: Vec<Taken<'a>>,
    /// Whether it is decided if it counts.
    is_settled: bool,
}

/// A bucket that a guess was taken from.
struct Taken<'a> {
    limit: &'a Buckets,
    key: u64,
    bucket: Arc<Bucket>,
    /// Held as long as the guess is under way.
    _turn: OwnedSemaphorePermit,
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

    /// Begins a guess at an account's password, unless there were too many wrong ones. Waits while
    /// there are as many guesses under way as could be wrong ones: each may prove right.
    pub async fn begin(&self, client: IpAddr, username: &str) -> Result<Attempt<'_>, TooMany> {
        let mut attempt = Attempt {
            clock: &self.clock,
            taken: Vec::new(),
            is_settled: false,
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
        for (limit, key) in limits.iter().zip(keys) {
            let bucket = limit
                .by_key
                .get_with(key, || Arc::new(Bucket::new(limit.rate)));
            let turn = bucket.turn().await;
            let taken = bucket.take(micros(&self.clock));
            let place = Taken {
                limit,
                key,
                bucket,
                _turn: turn,
            };
            if let Err(empty) = taken {
                attempt.settle(false);
                attempt.taken.push(place);
                return Err(TooMany {
                    retry_after: whole_seconds(empty.next_in),
                    is_news: empty.is_news,
                    quotas: attempt.quotas(),
                });
            }
            attempt.taken.push(place);
        }
        Ok(attempt)
    }
}

impl Attempt<'_> {
    /// Ends the guess, and answers what is left of each limit that clients know of. One that was
    /// right, or nobody looked at, is not counted.
    #[must_use]
    pub fn end(mut self, is_wrong: bool) -> Vec<Quota> {
        self.settle(is_wrong);
        self.quotas()
    }

    fn settle(&mut self, is_wrong: bool) {
        let was_settled = std::mem::replace(&mut self.is_settled, true);
        if !was_settled && !is_wrong {
            let now = micros(self.clock);
            self.taken.iter().for_each(|taken| taken.give_back(now));
        }
    }

    fn quotas(&self) -> Vec<Quota> {
        let now = micros(self.clock);
        let quota = |Taken { limit, bucket, .. }: &Taken<'_>| {
            let level = bucket.level(now);
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

impl Drop for Attempt<'_> {
    fn drop(&mut self) {
        self.settle(false);
    }
}

impl Taken<'_> {
    /// A full bucket is as good as none. Kept, those of names that nobody looked at would push out
    /// the ones that count. One that another guess waits for must stay the one that counts.
    fn give_back(&self, now: i64) {
        self.bucket.give_back();
        if self.bucket.level(now).full_in > 0 {
            return;
        }
        let place = self.limit.by_key.entry(self.key);
        place.and_compute_with(|kept| match kept {
            Some(kept) if self.is_ours_alone(kept.value()) => Op::Remove,
            _ => Op::Nop,
        });
    }

    /// Whether this is the bucket that the cache keeps, and no other guess is under way or waits.
    fn is_ours_alone(&self, kept: &Arc<Bucket>) -> bool {
        Arc::ptr_eq(kept, &self.bucket) && self.bucket.turns_taken() == 1
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

fn micros(clock: &Clock) -> i64 {
    clock.now().timestamp_micros()
}

fn whole_seconds(micros: i64) -> u64 {
    u64::try_from(micros)
        .unwrap_or_default()
        .div_ceil(1_000_000)
}

const MAX_BUCKETS: u64 = 100_000;
