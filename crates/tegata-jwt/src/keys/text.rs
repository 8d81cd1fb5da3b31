//! Keys as texts: PEM (RFC 7468) and JWK (RFC 7517), told apart by how they begin.

use aws_lc_rs::signature::EcdsaKeyPair;
use pem::{EncodeConfig, LineEnding, Pem};
use zeroize::Zeroizing;

use super::parts::PublicParts;
use super::{der, jwk};
use crate::algorithm::{Algorithm, Family};
use crate::error::KeyError;

/// A private key as PKCS#8 in DER.
pub(super) fn private_key(
    algorithm: Algorithm,
    text: &str,
) -> Result<Zeroizing<Vec<u8>>, KeyError> {
    if is_json(text) {
        return jwk::Jwk::parse(text)?.private_key(algorithm);
    }
    let unfit = || KeyError::Unfit { algorithm };
    let pem = parse(text).ok_or_else(unfit)?;
    let contents = || Zeroizing::new(pem.contents().to_vec());
    match pem.tag() {
        "PRIVATE KEY" => Ok(contents()),
        "EC PRIVATE KEY" => sec1_to_pkcs8(algorithm, pem.contents()).ok_or_else(unfit),
        "RSA PRIVATE KEY" if pem.headers().get("Proc-Type").is_some() => Err(KeyError::Encrypted),
        "RSA PRIVATE KEY" => der::rsa_pkcs1_to_pkcs8(pem.contents()).ok_or_else(unfit),
        "ENCRYPTED PRIVATE KEY" => Err(KeyError::Encrypted),
        "PUBLIC KEY" | "RSA PUBLIC KEY" | "CERTIFICATE" => Err(KeyError::NotPrivate),
        _ => Err(unfit()),
    }
}

/// A public key.
pub(super) fn public_key(algorithm: Algorithm, text: &str) -> Result<PublicParts, KeyError> {
    if is_json(text) {
        return jwk::Jwk::parse(text)?.public_key(algorithm);
    }
    let unfit = || KeyError::Unfit { algorithm };
    let pem = parse(text).ok_or_else(unfit)?;
    let parts = match pem.tag() {
        "PUBLIC KEY" => der::public(pem.contents()),
        "RSA PUBLIC KEY" => der::rsa_public(pem.contents()),
        "CERTIFICATE" => der::public_of_certificate(pem.contents()),
        tag if tag.ends_with("PRIVATE KEY") => return Err(KeyError::NotPublic),
        _ => None,
    };
    parts.ok_or_else(unfit)
}

/// A key in DER as PEM.
pub(super) fn pem(tag: &str, der: &[u8]) -> Zeroizing<String> {
    let config = EncodeConfig::new().set_line_ending(LineEnding::LF);
    Zeroizing::new(pem::encode_config(&Pem::new(tag, der), config))
}

pub(super) fn is_json(text: &str) -> bool {
    text.trim_start().starts_with('{')
}

/// The key among the PEM blocks of a text: OpenSSL writes a curve's parameters before it.
fn parse(text: &str) -> Option<Pem> {
    let blocks = pem::parse_many(text).ok()?;
    blocks
        .into_iter()
        .find(|block| block.tag() != "EC PARAMETERS")
}

fn sec1_to_pkcs8(algorithm: Algorithm, sec1: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
    let Family::Ecdsa(curve) = algorithm.family() else {
        return None;
    };
    let pair = EcdsaKeyPair::from_private_key_der(curve.sign, sec1).ok()?;
    Some(Zeroizing::new(pair.to_pkcs8v1().ok()?.as_ref().to_vec()))
}
