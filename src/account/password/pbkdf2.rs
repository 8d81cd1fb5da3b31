//! `pbkdf2_sha256$ITERATIONS$SALT$HASH`, and `pbkdf2_sha1` likewise.

use std::num::NonZeroU32;

use aws_lc_rs::pbkdf2::{self, Algorithm};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::number;
use super::salt::{SALT_CHARACTERS, salt};
use crate::error::Unavailable;
use crate::settings::work_factors::PBKDF2_ITERATIONS;

/// The digest that PBKDF2 repeats.
#[derive(Clone, Copy)]
pub(super) enum Digest {
    Sha1,
    Sha256,
}

impl Digest {
    fn algorithm(self) -> Algorithm {
        match self {
            Self::Sha1 => pbkdf2::PBKDF2_HMAC_SHA1,
            Self::Sha256 => pbkdf2::PBKDF2_HMAC_SHA256,
        }
    }

    fn length(self) -> usize {
        match self {
            Self::Sha1 => 20,
            Self::Sha256 => 32,
        }
    }
}

/// A stored hash, taken apart.
pub(super) struct Pbkdf2<'a> {
    digest: Digest,
    iterations: NonZeroU32,
    salt: &'a str,
    hash: Vec<u8>,
}

impl<'a> Pbkdf2<'a> {
    pub(super) fn parse(digest: Digest, stored: &'a str) -> Option<Self> {
        let parts: Vec<_> = stored.split('$').collect();
        let [iterations, salt, hash] = parts[..] else {
            return None;
        };
        let iterations = number(iterations).filter(|number| PBKDF2_ITERATIONS.contains(number))?;
        let hash = STANDARD.decode(hash).ok()?;
        let is_whole = !salt.is_empty() && hash.len() == digest.length();
        is_whole.then_some(Self {
            digest,
            iterations: NonZeroU32::new(iterations)?,
            salt,
            hash,
        })
    }

    /// Compares in constant time.
    pub(super) fn verify(&self, password: &str) -> bool {
        let (salt, password) = (self.salt.as_bytes(), password.as_bytes());
        let algorithm = self.digest.algorithm();
        pbkdf2::verify(algorithm, self.iterations, salt, password, &self.hash).is_ok()
    }

    pub(super) fn is_current(&self, iterations: u32) -> bool {
        self.iterations.get() == iterations && self.salt.chars().count() >= SALT_CHARACTERS
    }

    /// Takes as long as what is missing to so many rounds.
    pub(super) fn burn_up_to(&self, iterations: u32, password: &str) {
        let missing = iterations.saturating_sub(self.iterations.get());
        if let Some(missing) = NonZeroU32::new(missing) {
            derive(self.digest, password, self.salt, missing);
        }
    }
}

/// What follows the name of the algorithm in a new hash.
pub(super) fn hash(digest: Digest, password: &str, iterations: u32) -> Result<String, Unavailable> {
    let salt = salt()?;
    let iterations = NonZeroU32::new(iterations).unwrap_or(NonZeroU32::MIN);
    let hash = STANDARD.encode(derive(digest, password, &salt, iterations));
    Ok(format!("{iterations}${salt}${hash}"))
}

fn derive(digest: Digest, password: &str, salt: &str, iterations: NonZeroU32) -> Vec<u8> {
    let mut hash = vec![0; digest.length()];
    let (salt, password) = (salt.as_bytes(), password.as_bytes());
    pbkdf2::derive(digest.algorithm(), iterations, salt, password, &mut hash);
    hash
}
