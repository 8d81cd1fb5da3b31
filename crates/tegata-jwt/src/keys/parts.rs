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
    /// As FIPS 204 7.2 writes it.
    MlDsa(Vec<u8>),
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
            (Self::Ed25519(point), Family::Ed25519) if point.len() == 32 => {
                let low_order = is_low_order(point);
                (!low_order).then_some(()).ok_or(KeyError::LowOrder)
            }
            (Self::MlDsa(key), Family::MlDsa(set)) if key.len() == set.public_bytes => Ok(()),
            (Self::Rsa { modulus, exponent }, Family::Rsa { .. }) => {
                let bits = bits(modulus);
                if !(2048..=8192).contains(&bits) {
                    return Err(KeyError::RsaSize { bits });
                }
                let is_odd = exponent.last().is_some_and(|last| last % 2 == 1);
                if !is_odd || exponent == &[1] || !(1..=MAX_EXPONENT).contains(&exponent.len()) {
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
            (Self::MlDsa(key), Family::MlDsa(set)) => ParsedPublicKey::new(set.verify, key).ok(),
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

/// Whether a point of Ed25519 has an order of at most 8: then its signatures do not depend on the
/// message, and anyone can make one.
fn is_low_order(point: &[u8]) -> bool {
    let Some((last, first)) = point.split_last() else {
        return false;
    };
    // The highest bit is the sign of x.
    let is_y = |y: &[u8; 32]| y[..31] == *first && y[31] == last & 0x7f;
    Y_OF_ZERO_OR_ONE.iter().any(is_y) || Y_OF_ORDER_8.iter().any(is_y)
}

/// -1, 0 and 1 modulo 2^255 - 19, in both spellings where there are two.
const Y_OF_ZERO_OR_ONE: [[u8; 32]; 5] = [
    little_endian(0x00, 0x00),
    little_endian(0x01, 0x00),
    little_endian(0xec, 0xff),
    little_endian(0xed, 0xff),
    little_endian(0xee, 0xff),
];

const fn little_endian(first: u8, further: u8) -> [u8; 32] {
    let mut number = [further; 32];
    number[0] = first;
    number[31] &= 0x7f;
    number
}

const Y_OF_ORDER_8: [[u8; 32]; 2] = [
    [
        0x26, 0xe8, 0x95, 0x8f, 0xc2, 0xb2, 0x27, 0xb0, 0x45, 0xc3, 0xf4, 0x89, 0xf2, 0xef, 0x98,
        0xf0, 0xd5, 0xdf, 0xac, 0x05, 0xd3, 0xc6, 0x33, 0x39, 0xb1, 0x38, 0x02, 0x88, 0x6d, 0x53,
        0xfc, 0x05,
    ],
    [
        0xc7, 0x17, 0x6a, 0x70, 0x3d, 0x4d, 0xd8, 0x4f, 0xba, 0x3c, 0x0b, 0x76, 0x0d, 0x10, 0x67,
        0x0f, 0x2a, 0x20, 0x53, 0xfa, 0x2c, 0x39, 0xcc, 0xc6, 0x4e, 0xc7, 0xfd, 0x77, 0x92, 0xac,
        0x03, 0x7a,
    ],
];

/// 32 bits, as much as other verifiers take.
const MAX_EXPONENT: usize = 4;
