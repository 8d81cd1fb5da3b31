use aws_lc_rs::rsa::PublicKeyComponents;
use aws_lc_rs::signature::{ED25519, ParsedPublicKey};

use crate::algorithm::{Algorithm, Family};
use crate::error::KeyError;

/// What a public key consists of.
#[derive(Clone, PartialEq, Eq)]
pub(super) enum PublicParts {
    /// A point, uncompressed: 4, x, y (SEC1 2.3.3).
    Ecdsa(Vec<u8>),
    /// A point as RFC 8032 5.1.2 writes it.
    Ed25519(Vec<u8>),
    /// Two numbers, big-endian, without zeros before them.
    Rsa { modulus: Vec<u8>, exponent: Vec<u8> },
}

impl PublicParts {
    /// Refuses parts of another kind or curve than the algorithm's, and RSA keys that are too weak
    /// (RFC 7518 3.3).
    pub(super) fn check(&self, algorithm: Algorithm) -> Result<(), KeyError> {
        match (self, algorithm.family()) {
            (Self::Ecdsa(point), Family::Ecdsa(curve)) if point.len() == 1 + 2 * curve.bytes => {
                Ok(())
            }
            (Self::Ed25519(point), Family::Ed25519) if point.len() == 32 => Ok(()),
            (Self::Rsa { modulus, exponent }, Family::Rsa { .. }) => {
                let bits = bits(modulus);
                if !(2048..=8192).contains(&bits) {
                    return Err(KeyError::RsaSize { bits });
                }
                let is_odd = exponent.last().is_some_and(|last| last % 2 == 1);
                if !is_odd || exponent == &[1] {
                    return Err(KeyError::RsaExponent);
                }
                Ok(())
            }
            _ => Err(KeyError::Unfit { algorithm }),
        }
    }

    /// The key, ready to verify; `None` where the point is not on the curve, say.
    pub(super) fn parse(&self, algorithm: Algorithm) -> Option<ParsedPublicKey> {
        match (self, algorithm.family()) {
            (Self::Ecdsa(point), Family::Ecdsa(curve)) => {
                ParsedPublicKey::new(curve.verify, point).ok()
            }
            (Self::Ed25519(point), Family::Ed25519) => ParsedPublicKey::new(&ED25519, point).ok(),
            (Self::Rsa { modulus, exponent }, Family::Rsa { verify, .. }) => {
                let components = PublicKeyComponents {
                    n: modulus,
                    e: exponent,
                };
                components.to_parsed_public_key(verify).ok()
            }
            _ => None,
        }
    }
}

fn bits(number: &[u8]) -> usize {
    let leading = number
        .first()
        .map_or(0, |first| first.leading_zeros() as usize);
    number.len() * 8 - leading
}
