use super::argon2::Argon2;
use super::bcrypt::{Bcrypt, Input};
use super::md5::Md5;
use super::pbkdf2::{Digest, Pbkdf2};
use super::scrypt::Scrypt;
use crate::error::Unavailable;
use crate::settings::{PasswordHasher, Users};

/// A stored hash, taken apart.
pub(super) enum Stored<'a> {
    Argon2(Argon2),
    Bcrypt(Bcrypt<'a>),
    Md5(Md5<'a>),
    Pbkdf2(Pbkdf2<'a>),
    Scrypt(Scrypt<'a>),
}

impl<'a> Stored<'a> {
    /// What follows the name of the algorithm; `None` where it is damaged, which includes work that
    /// no hasher would have been set to.
    pub(super) fn parse(hasher: PasswordHasher, stored: &'a str) -> Option<Self> {
        match hasher {
            PasswordHasher::Pbkdf2Sha256 => Pbkdf2::parse(Digest::Sha256, stored).map(Self::Pbkdf2),
            PasswordHasher::Pbkdf2Sha1 => Pbkdf2::parse(Digest::Sha1, stored).map(Self::Pbkdf2),
            PasswordHasher::Argon2 => Argon2::parse(stored).map(Self::Argon2),
            PasswordHasher::BcryptSha256 => Bcrypt::parse(Input::Sha256, stored).map(Self::Bcrypt),
            PasswordHasher::Bcrypt => Bcrypt::parse(Input::Password, stored).map(Self::Bcrypt),
            PasswordHasher::Scrypt => Scrypt::parse(stored).map(Self::Scrypt),
            PasswordHasher::Md5 => Md5::parse(stored).map(Self::Md5),
        }
    }

    /// Whether it is the hash of this password, compared in constant time.
    pub(super) fn verify(&self, password: &str) -> Result<bool, Unavailable> {
        match self {
            Self::Argon2(stored) => stored.verify(password),
            Self::Bcrypt(stored) => stored.verify(password),
            Self::Md5(stored) => Ok(stored.verify(password)),
            Self::Pbkdf2(stored) => Ok(stored.verify(password)),
            Self::Scrypt(stored) => stored.verify(password),
        }
    }

    /// Whether the same hasher would take this work and salt now.
    pub(super) fn is_current(&self, work: &Users) -> bool {
        match self {
            Self::Argon2(stored) => stored.is_current(work.argon2_cost()),
            Self::Bcrypt(stored) => stored.is_current(work.bcrypt_rounds),
            Self::Md5(stored) => stored.is_current(),
            Self::Pbkdf2(stored) => stored.is_current(work.pbkdf2_iterations),
            Self::Scrypt(stored) => stored.is_current(work.scrypt_cost()),
        }
    }

    /// Takes as long as what its check took less than that of a new hash, where as in Django this
    /// can be made up for.
    pub(super) fn burn_difference(&self, password: &str, work: &Users) -> Result<(), Unavailable> {
        match self {
            Self::Bcrypt(stored) => stored.burn_up_to(work.bcrypt_rounds, password)?,
            Self::Pbkdf2(stored) => stored.burn_up_to(work.pbkdf2_iterations, password),
            Self::Argon2(_) | Self::Md5(_) | Self::Scrypt(_) => {}
        }
        Ok(())
    }
}
