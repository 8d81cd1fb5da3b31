//! Public keys as they are published (RFC 7517, RFC 7518 6, RFC 8037 2, RFC 9964 3).

use aws_lc_rs::digest;
use jsonwebtoken::jwk::{
    AlgorithmParameters, CommonParameters, EllipticCurve, EllipticCurveKeyParameters,
    EllipticCurveKeyType, Jwk, OctetKeyPairParameters, OctetKeyPairType, PublicKeyUse,
    RSAKeyParameters, RSAKeyType, ThumbprintHash,
};
use serde::Serialize;

use super::parts::PublicParts;
use crate::algorithm::{Algorithm, Family};
use crate::base64url;

/// A public key as JWK in JSON, with all it is for.
pub(super) fn json(algorithm: Algorithm, parts: &PublicParts, kid: Option<&str>) -> Option<String> {
    if let PublicParts::MlDsa(key) = parts {
        return serde_json::to_string(&Akp {
            kid,
            purpose: Some("sig"),
            ..Akp::new(algorithm, key)
        })
        .ok();
    }
    let mut jwk = jwk(algorithm, parts)?;
    jwk.common.public_key_use = Some(PublicKeyUse::Signature);
    jwk.common.key_id = kid.map(str::to_owned);
    serde_json::to_string(&Published {
        alg: algorithm,
        jwk,
    })
    .ok()
}

/// The library's JWK and its algorithm, of which the library knows not all.
#[derive(Serialize)]
struct Published {
    alg: Algorithm,
    #[serde(flatten)]
    jwk: Jwk,
}

/// A key pair of an algorithm of its own (RFC 9964 3), a kind that the library does not know. Without
/// `kid` and `use` it is, to the letter, what the thumbprint is taken of.
#[derive(Serialize)]
struct Akp<'a> {
    alg: Algorithm,
    #[serde(skip_serializing_if = "Option::is_none")]
    kid: Option<&'a str>,
    kty: &'static str,
    #[serde(rename = "pub")]
    public: String,
    #[serde(rename = "use", skip_serializing_if = "Option::is_none")]
    purpose: Option<&'static str>,
}

impl Akp<'_> {
    fn new(algorithm: Algorithm, key: &[u8]) -> Self {
        Self {
            alg: algorithm,
            kid: None,
            kty: "AKP",
            public: base64url::encode(key),
            purpose: None,
        }
    }
}

/// RFC 7638, over SHA-256.
pub(super) fn thumbprint(algorithm: Algorithm, parts: &PublicParts) -> Option<String> {
    if let PublicParts::MlDsa(key) = parts {
        let members = serde_json::to_vec(&Akp::new(algorithm, key)).ok()?;
        let digest = digest::digest(&digest::SHA256, &members);
        return Some(base64url::encode(digest.as_ref()));
    }
    // The library would choose its back end by itself, and panic where a dependency brings two.
    let _ = jsonwebtoken::crypto::aws_lc::DEFAULT_PROVIDER.install_default();
    jwk(algorithm, parts)?
        .thumbprint(ThumbprintHash::SHA256)
        .ok()
}

fn jwk(algorithm: Algorithm, parts: &PublicParts) -> Option<Jwk> {
    let algorithm = match (parts, algorithm.family()) {
        (PublicParts::Ecdsa(point), Family::Ecdsa(curve)) => {
            let (x, y) = point.get(1..)?.split_at_checked(curve.bytes)?;
            AlgorithmParameters::EllipticCurve(EllipticCurveKeyParameters {
                key_type: EllipticCurveKeyType::EC,
                curve: curve.jwk.clone(),
                x: base64url::encode(x),
                y: base64url::encode(y),
            })
        }
        (PublicParts::Ed25519(point), Family::Ed25519) => {
            AlgorithmParameters::OctetKeyPair(OctetKeyPairParameters {
                key_type: OctetKeyPairType::OctetKeyPair,
                curve: EllipticCurve::Ed25519,
                x: base64url::encode(point),
            })
        }
        (PublicParts::Rsa { modulus, exponent }, Family::Rsa { .. }) => {
            AlgorithmParameters::RSA(RSAKeyParameters {
                key_type: RSAKeyType::RSA,
                n: base64url::encode(modulus),
                e: base64url::encode(exponent),
            })
        }
        _ => return None,
    };
    let common = CommonParameters::default();
    Some(Jwk { common, algorithm })
}
