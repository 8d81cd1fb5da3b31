//! Passwords in Django's format: `algorithm$…`.

mod argon2;
mod bcrypt;
mod md5;
mod pbkdf2;
mod salt;
mod scrypt;
mod stored;

use self::bcrypt::Input;
use self::pbkdf2::Digest;
use self::stored::Stored;
use crate::error::Unavailable;
use crate::settings::{PasswordHasher, Users};

pub(super) use self::argon2::forget_memory;
pub use self::salt::random;
pub(super) use self::salt::unusable;

/// Django's `PASSWORD_HASHERS`, and the work that a new hash of each takes.
pub(super) struct Hashers {
    settings: Users,
}

/// What came of a password. No `Debug`: a hash does not belong in logs.
pub(super) enum Verdict {
    /// It does not fit, or nobody may log in with it.
    Refused,
    /// It fits. There is a hash to be kept in the place of the old one where that is not as the
    /// preferred hasher would make it now.
    Accepted { upgrade: Option<String> },
}

/// Why there is no hash of a password.
#[derive(Debug, thiserror::Error)]
pub enum NotHashed {
    /// Bcrypt would pass over a part of it (CVE-2025-22228).
    #[error(
        "bcrypt takes no password of more than 72 bytes or with a NUL: choose another password, or \
         put \"bcrypt_sha256\" before \"bcrypt\" in [users] password_hashers"
    )]
    BeyondBcrypt,
    /// It cannot be hashed now.
    #[error(transparent)]
    Unavailable(#[from] Unavailable),
}

impl Hashers {
    pub(super) fn new(settings: &Users) -> Self {
        Self {
            settings: settings.clone(),
        }
    }

    /// Whether the password fits the stored hash of an active user, if there is one that can be
    /// checked.
    ///
    /// A refusal takes as long as a check by the preferred hasher, whatever the reason, so that the
    /// time does not tell an unknown or inactive user from a wrong password. An old hash of another
    /// algorithm or of more work takes its own time.
    ///
    /// Nor must a client that hangs up, and so is not counted, learn anything by the time: the
    /// password that fits takes no less, and no more where nobody waits (`is_awaited`).
    pub(super) fn check(
        &self,
        stored: Option<&str>,
        is_active: bool,
        password: &str,
        is_awaited: impl FnOnce() -> bool,
    ) -> Result<Verdict, Unavailable> {
        let Some((hasher, stored)) = stored.and_then(|stored| self.parse(stored)) else {
            return self.burn(password);
        };

        let is_preferred = hasher == self.preferred();
        let fits = stored.verify(password)?;
        if is_preferred {
            stored.burn_difference(password, &self.settings)?;
        } else if hasher == PasswordHasher::Md5 {
            // It takes next to nothing, which would tell from afar that the user exists.
            self.burn(password)?;
        }
        if !fits || !is_active || !is_awaited() {
            return Ok(Verdict::Refused);
        }

        let is_current = is_preferred && stored.is_current(&self.settings);
        let wants_upgrade = self.settings.upgrade_password_hashes && !is_current;
        Ok(Verdict::Accepted {
            upgrade: wants_upgrade.then(|| self.upgrade(password)).flatten(),
        })
    }

    /// A new hash by the preferred hasher, with a salt of its own.
    pub(super) fn hash(&self, password: &str) -> Result<String, NotHashed> {
        let Users {
            pbkdf2_iterations,
            bcrypt_rounds,
            ..
        } = self.settings;
        let hash = match self.preferred() {
            PasswordHasher::Pbkdf2Sha256 => {
                pbkdf2::hash(Digest::Sha256, password, pbkdf2_iterations)?
            }
            PasswordHasher::Pbkdf2Sha1 => pbkdf2::hash(Digest::Sha1, password, pbkdf2_iterations)?,
            PasswordHasher::Argon2 => argon2::hash(password, self.settings.argon2_cost())?,
            PasswordHasher::BcryptSha256 => bcrypt::hash(Input::Sha256, password, bcrypt_rounds)?,
            PasswordHasher::Bcrypt => bcrypt::hash(Input::Password, password, bcrypt_rounds)?,
            PasswordHasher::Scrypt => scrypt::hash(password, self.settings.scrypt_cost())?,
            PasswordHasher::Md5 => md5::hash(password)?,
        };
        Ok(format!("{}${hash}", self.preferred().algorithm()))
    }

    fn preferred(&self) -> PasswordHasher {
        self.settings.password_hashers.preferred()
    }

    /// `None` for an unusable password (`!…`), an algorithm that is not known, and a damaged hash.
    fn parse<'a>(&self, stored: &'a str) -> Option<(PasswordHasher, Stored<'a>)> {
        let (algorithm, rest) = stored.split_once('$')?;
        let mut known = self.settings.password_hashers.iter();
        let hasher = known.find(|hasher| hasher.algorithm() == algorithm)?;

        let parsed = Stored::parse(hasher, rest);
        if parsed.is_none() {
            tracing::warn!(algorithm, "a stored password hash is damaged");
        }
        Some((hasher, parsed?))
    }

    /// The refusal of somebody whose password cannot be checked.
    fn burn(&self, password: &str) -> Result<Verdict, Unavailable> {
        match self.hash(password) {
            Ok(_) | Err(NotHashed::BeyondBcrypt) => Ok(Verdict::Refused),
            Err(NotHashed::Unavailable(error)) => Err(error),
        }
    }

    /// An upgrade that cannot be made refuses nobody.
    fn upgrade(&self, password: &str) -> Option<String> {
        match self.hash(password) {
            Ok(hash) => Some(hash),
            Err(error) => {
                tracing::warn!(%error, "a password hash was not upgraded");
                None
            }
        }
    }
}

/// A number as Django writes it: digits, and no sign before them.
fn number(text: &str) -> Option<u32> {
    let is_digits = text.bytes().all(|byte| byte.is_ascii_digit());
    text.parse().ok().filter(|_| is_digits)
}

#[cfg(test)]
mod tests;
