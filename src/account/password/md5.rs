//! `md5$SALT$HEX`: for old databases, and for the tests of a Django project.

use aws_lc_rs::constant_time::verify_slices_are_equal;
use md5::{Digest, Md5 as Hasher};

use super::salt::{SALT_CHARACTERS, salt};
use crate::error::Unavailable;

/// A stored hash, taken apart.
pub(super) struct Md5<'a> {
    salt: &'a str,
    hash: &'a str,
}

impl<'a> Md5<'a> {
    pub(super) fn parse(stored: &'a str) -> Option<Self> {
        let (salt, hash) = stored.split_once('$')?;
        let is_hex = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
        let is_whole = !salt.is_empty() && hash.len() == HEX_DIGITS && hash.bytes().all(is_hex);
        is_whole.then_some(Self { salt, hash })
    }

    pub(super) fn verify(&self, password: &str) -> bool {
        let hash = derive(password, self.salt);
        verify_slices_are_equal(hash.as_bytes(), self.hash.as_bytes()).is_ok()
    }

    pub(super) fn is_current(&self) -> bool {
        self.salt.chars().count() >= SALT_CHARACTERS
    }
}

/// What follows the name of the algorithm in a new hash.
pub(super) fn hash(password: &str) -> Result<String, Unavailable> {
    let salt = salt()?;
    let hash = derive(password, &salt);
    Ok(format!("{salt}${hash}"))
}

fn derive(password: &str, salt: &str) -> String {
    let hasher = Hasher::new().chain_update(salt).chain_update(password);
    format!("{:x}", hasher.finalize())
}

const HEX_DIGITS: usize = 32;
