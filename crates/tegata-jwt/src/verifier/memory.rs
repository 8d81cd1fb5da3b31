use std::hash::{BuildHasherDefault, Hasher};

use aws_lc_rs::digest;
use chrono::{DateTime, Utc};
use moka::sync::Cache;

use crate::verified::Verified;

/// Tokens that were verified, by their digests: their signatures need not be checked again.
///
/// What was refused is not remembered, for whoever forges tokens would fill it.
pub(super) struct Memory<C: Send + Sync + 'static>(
    Cache<Digest, Remembered<C>, BuildHasherDefault<First>>,
);

/// SHA-256 of the token, all of it: two signatures of one token are two tokens here.
pub(super) type Digest = [u8; 32];

/// What was concluded, and from what.
pub(super) struct Remembered<C> {
    pub(super) verified: Verified<C>,
    /// The place of its issuer.
    pub(super) issuer: usize,
    /// Of the key set that was there.
    pub(super) generation: u64,
    /// From when on it has expired.
    pub(super) end: DateTime<Utc>,
}

impl<C: Send + Sync + 'static> Memory<C> {
    pub(super) fn new(entries: u64) -> Self {
        let cache = Cache::builder().max_capacity(entries);
        Self(cache.build_with_hasher(BuildHasherDefault::default()))
    }

    pub(super) fn digest(token: &str) -> Digest {
        let mut found = Digest::default();
        found.copy_from_slice(digest::digest(&digest::SHA256, token.as_bytes()).as_ref());
        found
    }

    pub(super) fn get(&self, token: &Digest) -> Option<Remembered<C>> {
        self.0.get(token)
    }

    pub(super) fn insert(&self, token: Digest, what: Remembered<C>) {
        self.0.insert(token, what);
    }

    #[cfg(test)]
    pub(super) fn entries(&self) -> usize {
        self.0.run_pending_tasks();
        self.0.iter().count()
    }

    pub(super) fn forget(&self, token: &Digest) {
        self.0.invalidate(token);
    }
}

impl<C> Clone for Remembered<C> {
    fn clone(&self) -> Self {
        Self {
            verified: self.verified.clone(),
            ..*self
        }
    }
}

/// The first bytes of a digest, which are as good as any hash of it. Nobody gains by choosing them:
/// only what is verified is ever in the table.
#[derive(Default)]
pub(super) struct First(u64);

impl Hasher for First {
    fn write(&mut self, bytes: &[u8]) {
        // An array's length comes before its bytes, by a call of its own.
        if let Some(first) = bytes.first_chunk() {
            self.0 = u64::from_ne_bytes(*first);
        }
    }

    fn write_usize(&mut self, _length: usize) {}

    fn finish(&self) -> u64 {
        self.0
    }
}
