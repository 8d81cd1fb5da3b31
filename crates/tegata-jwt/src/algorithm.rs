use std::fmt;
use std::str::FromStr;

use aws_lc_rs::{hmac, signature};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A signature algorithm, by its `alg` name (RFC 7518 3.1, RFC 8037 3.1, RFC 9964 3).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Algorithm {
    /// HMAC with SHA-256: one secret both signs and verifies.
    HS256,
    /// HMAC with SHA-384.
    HS384,
    /// HMAC with SHA-512.
    HS512,
    /// RSASSA-PKCS1-v1_5 with SHA-256: a private key signs, its public key verifies.
    RS256,
    /// RSASSA-PKCS1-v1_5 with SHA-384.
    RS384,
    /// RSASSA-PKCS1-v1_5 with SHA-512.
    RS512,
    /// RSASSA-PSS with SHA-256.
    PS256,
    /// RSASSA-PSS with SHA-384.
    PS384,
    /// RSASSA-PSS with SHA-512.
    PS512,
    /// ECDSA on the curve P-256 with SHA-256.
    ES256,
    /// ECDSA on the curve P-384 with SHA-384.
    ES384,
    /// ECDSA on the curve P-521 with SHA-512.
    ES512,
    /// `EdDSA` on the curve Ed25519.
    EdDSA,
    /// ML-DSA-44, whose signatures a quantum computer does not forge and take 2,420 bytes.
    MlDsa44,
    /// ML-DSA-65, of 3,309 bytes.
    MlDsa65,
    /// ML-DSA-87, of 4,627 bytes.
    MlDsa87,
}

impl Algorithm {
    /// Every algorithm, in the order of the table, which gives their number.
    pub const ALL: [Self; TABLE.len()] = [
        Self::HS256,
        Self::HS384,
        Self::HS512,
        Self::RS256,
        Self::RS384,
        Self::RS512,
        Self::PS256,
        Self::PS384,
        Self::PS512,
        Self::ES256,
        Self::ES384,
        Self::ES512,
        Self::EdDSA,
        Self::MlDsa44,
        Self::MlDsa65,
        Self::MlDsa87,
    ];

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

    /// The length of its hash in bytes, where its key is a secret, which should not be shorter
    /// (RFC 7518 3.2).
    #[must_use]
    pub fn secret_bytes(self) -> Option<usize> {
        match self.family() {
            Family::Hmac(hash) => Some(hash.digest_algorithm().output_len()),
            _ => None,
        }
    }

    /// What its keys are called.
    #[must_use]
    pub fn key_kind(self) -> &'static str {
        match self.family() {
            Family::Ecdsa(curve) => curve.name,
            Family::Ed25519 => "Ed25519",
            Family::Hmac(_) => "secret",
            Family::MlDsa(set) => set.name,
            Family::Rsa { .. } => "RSA",
        }
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

impl Serialize for Algorithm {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.name())
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
    Ecdsa(Curve),
    Ed25519,
    Hmac(hmac::Algorithm),
    MlDsa(ParameterSet),
    Rsa {
        sign: &'static signature::RsaSignatureEncoding,
        verify: &'static signature::RsaParameters,
    },
}

/// One curve goes with one hash only (RFC 7518 3.4).
pub(crate) struct Curve {
    /// Its name in a JWK (RFC 7518 6.2.1.1).
    pub(crate) name: &'static str,
    pub(crate) jwk: jsonwebtoken::jwk::EllipticCurve,
    /// The length of a coordinate, in bytes.
    pub(crate) bytes: usize,
    pub(crate) sign: &'static signature::EcdsaSigningAlgorithm,
    pub(crate) verify: &'static signature::EcdsaVerificationAlgorithm,
}

/// A parameter set of ML-DSA, whose name is the algorithm's (FIPS 204 4).
pub(crate) struct ParameterSet {
    pub(crate) name: &'static str,
    /// The length of a public key, in bytes.
    pub(crate) public_bytes: usize,
    pub(crate) sign: &'static signature::PqdsaSigningAlgorithm,
    pub(crate) verify: &'static signature::PqdsaVerificationAlgorithm,
}

struct Row {
    algorithm: Algorithm,
    name: &'static str,
    family: Family,
}

impl Row {
    const fn new(algorithm: Algorithm, name: &'static str, family: Family) -> Self {
        Self {
            algorithm,
            name,
            family,
        }
    }
}

const fn rsa(
    sign: &'static signature::RsaSignatureEncoding,
    verify: &'static signature::RsaParameters,
) -> Family {
    Family::Rsa { sign, verify }
}

/// In the order of the enum's variants, which index it. A row is all that an algorithm is.
static TABLE: [Row; 16] = [
    Row::new(Algorithm::HS256, "HS256", Family::Hmac(hmac::HMAC_SHA256)),
    Row::new(Algorithm::HS384, "HS384", Family::Hmac(hmac::HMAC_SHA384)),
    Row::new(Algorithm::HS512, "HS512", Family::Hmac(hmac::HMAC_SHA512)),
    Row::new(
        Algorithm::RS256,
        "RS256",
        rsa(
            &signature::RSA_PKCS1_SHA256,
            &signature::RSA_PKCS1_2048_8192_SHA256,
        ),
    ),
    Row::new(
        Algorithm::RS384,
        "RS384",
        rsa(
            &signature::RSA_PKCS1_SHA384,
            &signature::RSA_PKCS1_2048_8192_SHA384,
        ),
    ),
    Row::new(
        Algorithm::RS512,
        "RS512",
        rsa(
            &signature::RSA_PKCS1_SHA512,
            &signature::RSA_PKCS1_2048_8192_SHA512,
        ),
    ),
    Row::new(
        Algorithm::PS256,
        "PS256",
        rsa(
            &signature::RSA_PSS_SHA256,
            &signature::RSA_PSS_2048_8192_SHA256,
        ),
    ),
    Row::new(
        Algorithm::PS384,
        "PS384",
        rsa(
            &signature::RSA_PSS_SHA384,
            &signature::RSA_PSS_2048_8192_SHA384,
        ),
    ),
    Row::new(
        Algorithm::PS512,
        "PS512",
        rsa(
            &signature::RSA_PSS_SHA512,
            &signature::RSA_PSS_2048_8192_SHA512,
        ),
    ),
    Row::new(
        Algorithm::ES256,
        "ES256",
        Family::Ecdsa(Curve {
            name: "P-256",
            jwk: jsonwebtoken::jwk::EllipticCurve::P256,
            bytes: 32,
            sign: &signature::ECDSA_P256_SHA256_FIXED_SIGNING,
            verify: &signature::ECDSA_P256_SHA256_FIXED,
        }),
    ),
    Row::new(
        Algorithm::ES384,
        "ES384",
        Family::Ecdsa(Curve {
            name: "P-384",
            jwk: jsonwebtoken::jwk::EllipticCurve::P384,
            bytes: 48,
            sign: &signature::ECDSA_P384_SHA384_FIXED_SIGNING,
            verify: &signature::ECDSA_P384_SHA384_FIXED,
        }),
    ),
    Row::new(
        Algorithm::ES512,
        "ES512",
        Family::Ecdsa(Curve {
            name: "P-521",
            jwk: jsonwebtoken::jwk::EllipticCurve::P521,
            bytes: 66,
            sign: &signature::ECDSA_P521_SHA512_FIXED_SIGNING,
            verify: &signature::ECDSA_P521_SHA512_FIXED,
        }),
    ),
    Row::new(Algorithm::EdDSA, "EdDSA", Family::Ed25519),
    Row::new(
        Algorithm::MlDsa44,
        "ML-DSA-44",
        Family::MlDsa(ParameterSet {
            name: "ML-DSA-44",
            public_bytes: 1312,
            sign: &signature::ML_DSA_44_SIGNING,
            verify: &signature::ML_DSA_44,
        }),
    ),
    Row::new(
        Algorithm::MlDsa65,
        "ML-DSA-65",
        Family::MlDsa(ParameterSet {
            name: "ML-DSA-65",
            public_bytes: 1952,
            sign: &signature::ML_DSA_65_SIGNING,
            verify: &signature::ML_DSA_65,
        }),
    ),
    Row::new(
        Algorithm::MlDsa87,
        "ML-DSA-87",
        Family::MlDsa(ParameterSet {
            name: "ML-DSA-87",
            public_bytes: 2592,
            sign: &signature::ML_DSA_87_SIGNING,
            verify: &signature::ML_DSA_87,
        }),
    ),
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
            "`hs256` is not one of HS256, HS384, HS512, RS256, RS384, RS512, PS256, PS384, PS512, \
             ES256, ES384, ES512, EdDSA, ML-DSA-44, ML-DSA-65, ML-DSA-87"
        );
    }
}
