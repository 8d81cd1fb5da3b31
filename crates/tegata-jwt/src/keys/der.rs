//! Keys in DER: the containers PKCS#1, PKCS#8, SPKI and X.509. The one home of the crate `rsa`,
//! which reads, writes and generates keys here and never signs or decrypts (RUSTSEC-2023-0071).

use rsa::pkcs1;
use rsa::pkcs8::der::asn1::ObjectIdentifier;
use rsa::pkcs8::der::{Decode, Encode};
use rsa::pkcs8::spki::SubjectPublicKeyInfoRef;
use rsa::pkcs8::{EncodePrivateKey, PrivateKeyInfo};
use rsa::{BigUint, RsaPrivateKey};
use zeroize::Zeroizing;

use super::parts::PublicParts;

/// A new RSA key as PKCS#8.
pub(super) fn generate_rsa(bits: usize) -> Option<Zeroizing<Vec<u8>>> {
    let key = RsaPrivateKey::new(&mut rsa::rand_core::OsRng, bits).ok()?;
    pkcs8(&key)
}

/// An RSA private key from PKCS#1 in the envelope of PKCS#8, its numbers not yet looked at.
pub(super) fn rsa_pkcs1_to_pkcs8(pkcs1: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
    let key = PrivateKeyInfo::new(pkcs1::ALGORITHM_ID, pkcs1);
    key.to_der().ok().map(Zeroizing::new)
}

/// An RSA private key from its numbers (RFC 7518 6.3.2) as PKCS#8. The primes may be left out where
/// the public exponent is above 65536. No number may be zero: `rsa` panics.
pub(super) fn rsa_numbers_to_pkcs8(
    [modulus, exponent, private]: [&[u8]; 3],
    primes: &[Zeroizing<Vec<u8>>],
) -> Option<Zeroizing<Vec<u8>>> {
    let number = BigUint::from_bytes_be;
    let primes = primes.iter().map(|prime| number(prime)).collect();
    let key =
        RsaPrivateKey::from_components(number(modulus), number(exponent), number(private), primes);
    pkcs8(&key.ok()?)
}

/// The public numbers of an RSA private key in PKCS#8, and its private exponent. Whether they
/// belong together is not looked at.
pub(super) fn rsa_numbers(pkcs8: &[u8]) -> Option<(PublicParts, Zeroizing<Vec<u8>>)> {
    let key = PrivateKeyInfo::from_der(pkcs8).ok()?;
    if key.algorithm.oid != RSA {
        return None;
    }
    let key = pkcs1::RsaPrivateKey::from_der(key.private_key).ok()?;
    let parts = PublicParts::Rsa {
        modulus: key.modulus.as_bytes().to_vec(),
        exponent: key.public_exponent.as_bytes().to_vec(),
    };
    let private = Zeroizing::new(key.private_exponent.as_bytes().to_vec());
    Some((parts, private))
}

/// An RSA public key in PKCS#1.
pub(super) fn rsa_public(pkcs1: &[u8]) -> Option<PublicParts> {
    let key = pkcs1::RsaPublicKey::from_der(pkcs1).ok()?;
    Some(PublicParts::Rsa {
        modulus: key.modulus.as_bytes().to_vec(),
        exponent: key.public_exponent.as_bytes().to_vec(),
    })
}

/// A public key of any kind in SPKI.
pub(super) fn public(spki: &[u8]) -> Option<PublicParts> {
    let spki = SubjectPublicKeyInfoRef::from_der(spki).ok()?;
    let key = spki.subject_public_key.as_bytes()?;
    match spki.algorithm.oid {
        EC => Some(PublicParts::Ecdsa(key.to_vec())),
        ED25519 => Some(PublicParts::Ed25519(key.to_vec())),
        RSA => rsa_public(key),
        oid if ML_DSA.contains(&oid) => Some(PublicParts::MlDsa(key.to_vec())),
        _ => None,
    }
}

/// The public key of a certificate.
pub(super) fn public_of_certificate(certificate: &[u8]) -> Option<PublicParts> {
    let certificate = x509_cert::Certificate::from_der(certificate).ok()?;
    let spki = certificate.tbs_certificate.subject_public_key_info;
    public(&spki.to_der().ok()?)
}

fn pkcs8(key: &RsaPrivateKey) -> Option<Zeroizing<Vec<u8>>> {
    Some(key.to_pkcs8_der().ok()?.to_bytes())
}

/// RFC 5480 2.1.1, RFC 8410 3, RFC 9881 2 and RFC 3279 2.3.1.
const EC: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.2.1");
const ED25519: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.101.112");
const ML_DSA: [ObjectIdentifier; 3] = [
    ObjectIdentifier::new_unwrap("2.16.840.1.101.3.4.3.17"),
    ObjectIdentifier::new_unwrap("2.16.840.1.101.3.4.3.18"),
    ObjectIdentifier::new_unwrap("2.16.840.1.101.3.4.3.19"),
];
const RSA: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.1");
