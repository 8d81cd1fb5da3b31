//! Keys as texts: PEM (RFC 7468) and JWK (RFC 7517), told apart by how they begin.

use aws_lc_rs::signature::EcdsaKeyPair;
use pem::{EncodeConfig, LineEnding, Pem};
use zeroize::Zeroizing;

use super::parts::PublicParts;
use super::{der, jwk};
use crate::algorithm::{Algorithm, Family};
use crate::error::KeyError;

/// A private key as PKCS#8 in DER. Its certificate, say, may stand beside it.
pub(super) fn private_key(
    algorithm: Algorithm,
    text: &str,
) -> Result<Zeroizing<Vec<u8>>, KeyError> {
    let text = readable(text, MAX_BYTES)?;
    if is_json(text) {
        return jwk::Jwk::parse(text)?.private_key(algorithm);
    }
    let unfit = || KeyError::Unfit { algorithm };
    let (private, others) = blocks(text).ok_or_else(unfit)?;
    let key = match (only(private)?, others.as_slice()) {
        (Some(key), _) => key,
        (None, []) => return Err(unfit()),
        (None, _) => return Err(KeyError::NotPrivate),
    };
    if is_encrypted(&key) {
        return Err(KeyError::Encrypted);
    }
    let tag = key.tag().to_owned();
    let contents = Zeroizing::new(key.into_contents());
    match tag.as_str() {
        "PRIVATE KEY" => Ok(contents),
        "EC PRIVATE KEY" => sec1_to_pkcs8(algorithm, &contents).ok_or_else(unfit),
        "RSA PRIVATE KEY" => der::rsa_pkcs1_to_pkcs8(&contents).ok_or_else(unfit),
        _ => Err(unfit()),
    }
}

/// A public key. No private one may stand beside it.
pub(super) fn public_key(algorithm: Algorithm, text: &str) -> Result<PublicParts, KeyError> {
    let text = readable(text, MAX_BYTES)?;
    if is_json(text) {
        return jwk::Jwk::parse(text)?.public_key(algorithm);
    }
    let unfit = || KeyError::Unfit { algorithm };
    let (private, public) = blocks(text).ok_or_else(unfit)?;
    if !private.is_empty() {
        return Err(KeyError::NotPublic);
    }
    let key = only(public)?.ok_or_else(unfit)?;
    let parts = match key.tag() {
        "PUBLIC KEY" => der::public(key.contents()),
        "RSA PUBLIC KEY" => der::rsa_public(key.contents()),
        "CERTIFICATE" => der::public_of_certificate(key.contents()),
        _ => None,
    };
    parts.ok_or_else(unfit)
}

/// A text short enough to be keys, without the mark that some editors put before it.
pub(super) fn readable(text: &str, limit: usize) -> Result<&str, KeyError> {
    if text.len() > limit {
        return Err(KeyError::TooLong { limit });
    }
    Ok(text.trim_start_matches('\u{feff}'))
}

/// A key in DER as PEM.
pub(super) fn pem(tag: &str, der: &[u8]) -> Zeroizing<String> {
    let config = EncodeConfig::new().set_line_ending(LineEnding::LF);
    Zeroizing::new(pem::encode_config(&Pem::new(tag, der), config))
}

fn is_json(text: &str) -> bool {
    text.trim_start().starts_with('{')
}

/// The PEM blocks of a text: the private keys and the others, without the parameters that OpenSSL
/// writes before the key of a curve.
fn blocks(text: &str) -> Option<(Vec<Pem>, Vec<Pem>)> {
    let blocks = pem::parse_many(text).ok()?.into_iter();
    Some(
        blocks
            .filter(|block| block.tag() != "EC PARAMETERS")
            .partition(|block| block.tag().ends_with("PRIVATE KEY")),
    )
}

/// Which of several keys is meant, nobody knows.
fn only(mut keys: Vec<Pem>) -> Result<Option<Pem>, KeyError> {
    match keys.len() {
        0 | 1 => Ok(keys.pop()),
        _ => Err(KeyError::SeveralKeys),
    }
}

/// In the way of PKCS#8 or in OpenSSL's older one (RFC 1421 4.6.1.1).
fn is_encrypted(key: &Pem) -> bool {
    key.tag() == "ENCRYPTED PRIVATE KEY" || key.headers().get("Proc-Type").is_some()
}

fn sec1_to_pkcs8(algorithm: Algorithm, sec1: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
    let Family::Ecdsa(curve) = algorithm.family() else {
        return None;
    };
    let pair = EcdsaKeyPair::from_private_key_der(curve.sign, sec1).ok()?;
    Some(Zeroizing::new(pair.to_pkcs8v1().ok()?.as_ref().to_vec()))
}

/// An RSA key of 8192 bits has 6 KiB, a certificate rarely more.
const MAX_BYTES: usize = 64 * 1024;
