//! `bcrypt_sha256$$2b$ROUNDS$SALTHASH`, and `bcrypt` likewise: after the name of the algorithm
//! stands what bcrypt itself writes.

use std::fmt::Write;

use aws_lc_rs::constant_time::verify_slices_are_equal;
use aws_lc_rs::{digest, rand};
use bcrypt::{HashParts, Version};
use tegata_jwt::CryptoError;
use zeroize::Zeroizing;

use super::NotHashed;
use crate::error::Unavailable;
use crate::settings::work_factors::BCRYPT_ROUNDS;

/// What of a password bcrypt is given.
#[derive(Clone, Copy)]
pub(super) enum Input {
    /// The password, as far as bcrypt reads it.
    Password,
    /// The SHA-256 of it, in lower-case hexadecimal.
    Sha256,
}

impl Input {
    /// Whether bcrypt reads the whole password. It passes over all beyond 72 bytes
    /// (CVE-2025-22228), and repeats a short one with a NUL after it, so that `a` and `a\0a` would
    /// be the same.
    fn is_read_whole(self, password: &str) -> bool {
        match self {
            Self::Password => password.len() <= MAX_BYTES && !password.contains('\0'),
            Self::Sha256 => true,
        }
    }

    fn of(self, password: &str) -> Zeroizing<Vec<u8>> {
        match self {
            Self::Password => Zeroizing::new(password.as_bytes().to_vec()),
            Self::Sha256 => {
                let digest = digest::digest(&digest::SHA256, password.as_bytes());
                let mut hex = Zeroizing::new(String::with_capacity(2 * digest.as_ref().len()));
                for byte in digest.as_ref() {
                    write!(hex, "{byte:02x}").expect("a String takes all that is written");
                }
                Zeroizing::new(hex.as_bytes().to_vec())
            }
        }
    }
}

/// A stored hash, taken apart.
pub(super) struct Bcrypt<'a> {
    input: Input,
    version: Version,
    rounds: u32,
    salt: [u8; 16],
    stored: &'a str,
}

impl<'a> Bcrypt<'a> {
    pub(super) fn parse(input: Input, stored: &'a str) -> Option<Self> {
        let parts: HashParts = stored.parse().ok()?;
        let version = match stored.get(..4)? {
            "$2a$" => Version::TwoA,
            "$2b$" => Version::TwoB,
            "$2x$" => Version::TwoX,
            "$2y$" => Version::TwoY,
            _ => return None,
        };
        BCRYPT_ROUNDS.contains(&parts.get_cost()).then_some(Self {
            input,
            version,
            rounds: parts.get_cost(),
            salt: parts.get_salt_raw(),
            stored,
        })
    }

    /// A password that is not read whole is refused after the work, so that this refusal takes as
    /// long as any other.
    pub(super) fn verify(&self, password: &str) -> Result<bool, Unavailable> {
        let parts = derive(self.input, password, self.salt, self.rounds)?;
        let hash = parts.format_for_version(self.version.clone());
        let is_equal = verify_slices_are_equal(hash.as_bytes(), self.stored.as_bytes()).is_ok();
        Ok(is_equal && self.input.is_read_whole(password))
    }

    pub(super) fn is_current(&self, rounds: u32) -> bool {
        self.rounds == rounds
    }

    /// Takes as long as what is missing to so many rounds: each step is twice the one before.
    pub(super) fn burn_up_to(&self, rounds: u32, password: &str) -> Result<(), Unavailable> {
        for rounds in self.rounds..rounds {
            derive(self.input, password, self.salt, rounds)?;
        }
        Ok(())
    }
}

/// What follows the name of the algorithm in a new hash. A password that is not read whole is
/// refused after the work, so that an unknown user takes as long as one with such a hash.
pub(super) fn hash(input: Input, password: &str, rounds: u32) -> Result<String, NotHashed> {
    let mut salt = [0; 16];
    rand::fill(&mut salt).map_err(|_| Unavailable::Crypto(CryptoError))?;
    let parts = derive(input, password, salt, rounds)?;
    if !input.is_read_whole(password) {
        return Err(NotHashed::BeyondBcrypt);
    }
    Ok(parts.format_for_version(Version::TwoB))
}

fn derive(
    input: Input,
    password: &str,
    salt: [u8; 16],
    rounds: u32,
) -> Result<HashParts, Unavailable> {
    let hashed = bcrypt::hash_with_salt(&*input.of(password), rounds, salt);
    hashed.map_err(|_| Unavailable::HashingFailed)
}

const MAX_BYTES: usize = 72;
