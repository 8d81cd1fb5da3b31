use std::fmt;
use std::str::FromStr;

use aws_lc_rs::{hmac, signature};
use serde::{Deserialize, Deserializer};

/// A signature algorithm, by its `alg` name (RFC 7518 3.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Algorithm {
    /// HMAC with SHA-256: one secret both signs and verifies.
    HS256,
    /// ECDSA on the curve P-256 with SHA-256: a private key signs, its public key verifies.
    ES256,
}

impl Algorithm {
    /// Every algorithm, in the order of the table, which gives their number.
    pub const ALL: [Self; TABLE.len()] = [Self::HS256, Self::ES256];

    /// The `alg` name.
    #[must_use]
    pub fn name(self) -> &'static str {
        self.row().name
    }

    /// Whether one secret both signs and verifies, so that verifying cannot be handed out.
    #[must_use]
    pub fn is_symmetric(self) -> bool {
        matches!(self.family(), Family::Hmac(_))
    }

    pub(crate) fn family(self) -> &'static Family {
        &self.row().family
    }

    fn row(self) -> &'static Row {
        &TABLE[self as usize]
    }
}

impl fmt::Display for Algorithm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Algorithm {
    type Err = String;

    /// Finds an algorithm by its exact name: `alg` names are case-sensitive (RFC 7515 4.1.1).
    fn from_str(name: &str) -> Result<Self, Self::Err> {
        let row = TABLE.iter().find(|row| row.name == name);
        row.map(|row| row.algorithm).ok_or_else(|| {
            let known: Vec<_> = TABLE.iter().map(|row| row.name).collect();
            format!("`{name}` is not one of {}", known.join(", "))
        })
    }
}

impl<'de> Deserialize<'de> for Algorithm {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?
            .parse()
            .map_err(serde::de::Error::custom)
    }
}

/// The primitives of an algorithm, and with them the kind of key it takes.
pub(crate) enum Family {
    Ecdsa {
        sign: &'static signature::EcdsaSigningAlgorithm,
        verify: &'static signature::EcdsaVerificationAlgorithm,
        jwk: jsonwebtoken::Algorithm,
    },
    Hmac(hmac::Algorithm),
}

struct Row {
    algorithm: Algorithm,
    name: &'static str,
    family: Family,
}

/// In the order of the enum's variants, which index it.
static TABLE: [Row; 2] = [
    Row {
        algorithm: Algorithm::HS256,
        name: "HS256",
        family: Family::Hmac(hmac::HMAC_SHA256),
    },
    Row {
        algorithm: Algorithm::ES256,
        name: "ES256",
        family: Family::Ecdsa {
            sign: &signature::ECDSA_P256_SHA256_FIXED_SIGNING,
            verify: &signature::ECDSA_P256_SHA256_FIXED,
            jwk: jsonwebtoken::Algorithm::ES256,
        },
    },
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_variant_finds_its_own_row() {
        let found = Algorithm::ALL.map(|algorithm| algorithm.row().algorithm);

        assert_eq!(found, Algorithm::ALL);
    }

    #[test]
    fn a_name_in_another_case_is_unknown() {
        assert_eq!(
            "hs256".parse::<Algorithm>().unwrap_err(),
            "`hs256` is not one of HS256, ES256"
        );
    }
}
