//! What is random about passwords.

use aws_lc_rs::rand;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use tegata_jwt::CryptoError;
use zeroize::Zeroizing;

/// As Django's: 22 letters and digits, 128 bits and more.
pub(super) fn salt() -> Result<String, CryptoError> {
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

/// What Django keeps of a user who has no password: no hash, and like no other's.
pub(in crate::account) fn unusable() -> Result<String, CryptoError> {
    Ok(format!("!{}{}", salt()?, salt()?))
}

/// A password nobody knows yet: 120 random bits in 20 characters that need no quoting.
pub fn random() -> Result<Zeroizing<String>, CryptoError> {
    let mut bits = [0; 15];
    rand::fill(&mut bits).map_err(|_| CryptoError)?;
    Ok(Zeroizing::new(URL_SAFE_NO_PAD.encode(bits)))
}

/// One fewer would have under 128 bits, as Django counts: log2(62) for each.
pub(super) const SALT_CHARACTERS: usize = 22;
const ALPHABET: &[u8; 62] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
