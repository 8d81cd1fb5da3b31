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
        // The place is locked before the round is read. Else a round could begin, find the token in
        // the database and add it, and this entry of the round before would take its place, and be
        // forgotten at the end.
        let place = self.entries.entry(self.key(jti));
        place.insert(Entry {
            until: until.timestamp(),
            round: self.round.load(Ordering::SeqCst),
        });
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

#[cfg(test)]
mod tests {
    use std::sync::Mutex;
    use std::sync::atomic::AtomicBool;
    use std::thread;

    use super::*;

    /// Blacklists tokens, in the database first, until it is told to stop.
    fn blacklist_without_end(set: &Set, database: &Mutex<Vec<Jti>>, is_over: &AtomicBool) {
        for number in 0_usize.. {
            if is_over.load(Ordering::Relaxed) {
                return;
            }
            let jti = Jti::new(format!("{:?} {number}", thread::current().id()));
            {
                let mut rows = database.lock().unwrap();
                if rows.len() > 1_000 {
                    rows.clear();
                }
                rows.push(jti.clone());
            }
            set.add(&jti, DateTime::<Utc>::MAX_UTC);
        }
    }

    #[test]
    fn what_is_blacklisted_while_all_rows_are_read_stays() {
        let (set, database) = (Set::default(), Mutex::default());
        let is_over = AtomicBool::new(false);

        let lost = thread::scope(|scope| {
            for _ in 0..3 {
                scope.spawn(|| blacklist_without_end(&set, &database, &is_over));
            }
            while database.lock().unwrap().is_empty() {
                thread::yield_now();
            }
            let read_all = || {
                set.begin_round();
                let rows = database.lock().unwrap().clone();
                for jti in &rows {
                    set.add(jti, DateTime::<Utc>::MAX_UTC);
                }
                set.end_round();
                rows.iter().filter(|jti| !set.contains(jti)).count()
            };
            let lost = (0..2_000).map(|_| read_all()).find(|lost| *lost > 0);
            is_over.store(true, Ordering::Relaxed);
            lost
        });

        assert_eq!(lost, None);
    }
}
