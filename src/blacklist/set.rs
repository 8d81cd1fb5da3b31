use std::hash::{BuildHasher, RandomState};
use std::sync::atomic::{AtomicU32, Ordering};

use chrono::{DateTime, Utc};
use dashmap::DashMap;
use tegata_jwt::Jti;

/// The blacklisted tokens in memory.
#[derive(Default)]
pub(super) struct Set {
    entries: DashMap<Key, Entry>,
    /// Two secret keys, for nobody must find two identifiers that fall together.
    hashers: [RandomState; 2],
    round: AtomicU32,
}

/// A keyed hash of an identifier, of 128 bits.
type Key = [u64; 2];

struct Entry {
    /// When the token can be of no more use, in seconds since 1970.
    until: i64,
    /// The round it was last seen in.
    round: u32,
}

impl Set {
    pub(super) fn contains(&self, jti: &Jti) -> bool {
        self.entries.contains_key(&self.key(jti))
    }

    pub(super) fn len(&self) -> usize {
        self.entries.len()
    }

    pub(super) fn add(&self, jti: &Jti, until: DateTime<Utc>) {
        let entry = Entry {
            until: until.timestamp(),
            round: self.round.load(Ordering::SeqCst),
        };
        self.entries.insert(self.key(jti), entry);
    }

    /// Begins to add whatever there is.
    pub(super) fn begin_round(&self) {
        self.round.fetch_add(1, Ordering::SeqCst);
    }

    /// Forgets what was not added since the round began.
    pub(super) fn end_round(&self) {
        let round = self.round.load(Ordering::SeqCst);
        self.entries.retain(|_, entry| entry.round == round);
    }

    /// Forgets what can be of no more use.
    pub(super) fn sweep(&self, now: DateTime<Utc>) {
        let now = now.timestamp();
        self.entries.retain(|_, entry| entry.until > now);
    }

    fn key(&self, jti: &Jti) -> Key {
        let [one, other] = &self.hashers;
        [one.hash_one(jti), other.hash_one(jti)]
    }
}
