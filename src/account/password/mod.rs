//! Passwords in Django's format: `pbkdf2_sha256$ITERATIONS$SALT$HASH`.

use std::num::NonZeroU32;

use aws_lc_rs::{pbkdf2, rand};
use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use tegata_jwt::CryptoError;
use zeroize::Zeroizing;

/// Whether the password fits the stored hash of an active user, if there is one that can be
/// checked.
///
/// A refusal takes as long as a check of `iterations` rounds, whatever the reason, so that the
/// time does not tell an unknown or inactive user from a wrong password. An old hash of more
/// rounds takes its own time.
pub(super) fn check(
    stored: Option<&str>,
    is_active: bool,
    password: &str,
    iterations: u32,
) -> bool {
    let Some(stored) = stored.and_then(Pbkdf2::parse) else {
        burn(password, iterations);
        return false;
    };

    let is_accepted = stored.verify(password) && is_active;
    if !is_accepted {
        burn(password, iterations.saturating_sub(stored.iterations.get()));
    }
    is_accepted
}

/// A new hash, with a salt of its own.
pub(super) fn hash(password: &str, iterations: u32) -> Result<String, CryptoError> {
    let salt = salt()?;
    let iterations = NonZeroU32::new(iterations).unwrap_or(NonZeroU32::MIN);
    let hash = STANDARD.encode(derive(password, &salt, iterations));
    Ok(format!("{NAME}${iterations}${salt}${hash}"))
}

/// A password nobody knows yet: 120 random bits in 20 characters that need no quoting.
pub fn random() -> Result<Zeroizing<String>, CryptoError> {
    let mut bits = [0; 15];
    rand::fill(&mut bits).map_err(|_| CryptoError)?;
    Ok(Zeroizing::new(URL_SAFE_NO_PAD.encode(bits)))
}

/// A stored hash, taken apart.
struct Pbkdf2<'a> {
    iterations: NonZeroU32,
    salt: &'a str,
    hash: Vec<u8>,
}

impl<'a> Pbkdf2<'a> {
    /// `None` for an unusable password (`!…`), another algorithm, or a damaged hash.
    fn parse(stored: &'a str) -> Option<Self> {
        let mut parts = stored.split('$');
        let [name, iterations, salt, hash] =
            [parts.next()?, parts.next()?, parts.next()?, parts.next()?];
        if name != NAME || parts.next().is_some() {
            return None;
        }
        let iterations = iterations.parse().ok()?;
        let hash = STANDARD
            .decode(hash)
            .ok()
            .filter(|hash| hash.len() == HASH_BYTES)?;
        Some(Self {
            iterations,
            salt,
            hash,
        })
    }

    /// Compares in constant time.
    fn verify(&self, password: &str) -> bool {
        let (salt, password) = (self.salt.as_bytes(), password.as_bytes());
        pbkdf2::verify(ALGORITHM, self.iterations, salt, password, &self.hash).is_ok()
    }
}

fn derive(password: &str, salt: &str, iterations: NonZeroU32) -> [u8; HASH_BYTES] {
    let mut hash = [0; HASH_BYTES];
    pbkdf2::derive(
        ALGORITHM,
        iterations,
        salt.as_bytes(),
        password.as_bytes(),
        &mut hash,
    );
    hash
}

fn burn(password: &str, iterations: u32) {
    if let Some(iterations) = NonZeroU32::new(iterations) {
        derive(password, "burnt", iterations);
    }
}

/// As Django's: 22 letters and digits, 128 bits and more.
fn salt() -> Result<String, CryptoError> {
    let mut salt = String::with_capacity(SALT_CHARACTERS);
    while salt.len() < SALT_CHARACTERS {
        let mut bytes = [0; 32];
        rand::fill(&mut bytes).map_err(|_| CryptoError)?;
        // The bytes that stand for no letter or digit are passed over: no character is likelier.
        let characters = bytes
            .iter()
            .filter_map(|byte| ALPHABET.get(usize::from(byte >> 2)));
        salt.extend(
            characters
                .take(SALT_CHARACTERS - salt.len())
                .map(|byte| char::from(*byte)),
        );
    }
    Ok(salt)
}

static ALGORITHM: pbkdf2::Algorithm = pbkdf2::PBKDF2_HMAC_SHA256;
const NAME: &str = "pbkdf2_sha256";
const HASH_BYTES: usize = 32;
const SALT_CHARACTERS: usize = 22;
const ALPHABET: &[u8; 62] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";

#[cfg(test)]
mod tests {
    use super::*;

    /// Made by Django 5.2: `make_password("alice-pw", "saltsaltsaltsaltsaltsa")`, 1,000 rounds.
    const DJANGO: &str =
        "pbkdf2_sha256$1000$saltsaltsaltsaltsaltsa$CsNxP7taFR4nvMzukOKC/ht67+r0GVDFxtK8qy09kq0=";

    #[test]
    fn a_hash_made_by_django_is_verified() {
        assert!(check(Some(DJANGO), true, "alice-pw", 1));
        assert!(!check(Some(DJANGO), true, "alice-PW", 1));
        assert!(!check(Some(DJANGO), false, "alice-pw", 1));
    }

    #[test]
    fn a_new_hash_fits_its_password_only() {
        let stored = hash("pa$$ wörd", 2).unwrap();

        assert!(stored.starts_with("pbkdf2_sha256$2$"), "{stored}");
        assert!(check(Some(&stored), true, "pa$$ wörd", 1));
        assert!(!check(Some(&stored), true, "pa$$ w\u{f6}rd ", 1));
        assert_ne!(stored, hash("pa$$ wörd", 2).unwrap());
    }

    #[test]
    fn a_stored_hash_is_not_its_own_password() {
        assert!(!check(Some(DJANGO), true, DJANGO, 1));
    }

    #[test]
    fn an_unusable_or_damaged_hash_fits_nothing() {
        let damaged = [
            "",
            "!",
            "!4kA7mXo2",
            "alice-pw",
            "pbkdf2_sha256$$salt$",
            "pbkdf2_sha256$0$salt$AAAA",
            "pbkdf2_sha256$many$salt$AAAA",
            "pbkdf2_sha256$1000$salt",
            "md5$salt$5d41402abc4b2a76b9719d911017c592",
        ];

        assert!(
            damaged
                .iter()
                .all(|stored| !check(Some(stored), true, "alice-pw", 1))
        );
        assert!(!check(None, true, "", 1));
    }
}
