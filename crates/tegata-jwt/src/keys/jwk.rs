//! Keys as JSON Web Keys (RFC 7517, RFC 7518 6, RFC 8037 2).

use std::borrow::Cow;

use aws_lc_rs::signature::{EcdsaKeyPair, Ed25519KeyPair};
use jsonwebtoken::jwk::{
    self, AlgorithmParameters, CommonParameters, EllipticCurve, EllipticCurveKeyParameters,
    EllipticCurveKeyType, OctetKeyPairParameters, OctetKeyPairType, PublicKeyUse, RSAKeyParameters,
    RSAKeyType, ThumbprintHash,
};
use serde_json::value::RawValue;
use zeroize::Zeroizing;

use super::der;
use super::parts::PublicParts;
use super::{SigningKey, VerifyingKey};
use crate::algorithm::{Algorithm, Family};
use crate::base64url;
use crate::claims::string;
use crate::error::KeyError;
use crate::object::Object;

/// Keys from outside to verify with: one JWK, or a set of them (RFC 7517 5).
pub struct JwkSet(Vec<Jwk>);

impl JwkSet {
    /// Reads one JWK or a set. Refused are sets that mix secrets with public keys, or have two
    /// keys of one `kid`.
    pub fn parse(json: &str) -> Result<Self, KeyError> {
        let object = Object::parse(json.as_bytes().to_vec()).ok_or(malformed("no JSON object"))?;
        let Some(keys) = object.get("keys") else {
            return Ok(Self(vec![Jwk(object)]));
        };
        let keys: Vec<&RawValue> =
            serde_json::from_str(keys).map_err(|_| malformed("`keys` is no list"))?;
        let keys = keys.into_iter().map(|key| Jwk::parse(key.get()));
        let keys = keys.collect::<Result<Vec<_>, _>>()?;

        for (at, key) in keys.iter().enumerate() {
            let kid = key.text("kid")?;
            for other in &keys[..at] {
                if kid.is_some() && other.text("kid")? == kid {
                    return Err(malformed("two keys have one `kid`"));
                }
                if key.is_secret()? != other.is_secret()? {
                    return Err(malformed("secrets and public keys stand side by side"));
                }
            }
        }
        Ok(Self(keys))
    }

    /// The key that a token's `kid` names, or the only one there is. Its algorithm is the one
    /// given, or else the one it can only be for.
    pub fn verifying_key(
        &self,
        kid: Option<&str>,
        algorithm: Option<Algorithm>,
    ) -> Result<VerifyingKey, KeyError> {
        let key = match (self.0.as_slice(), kid) {
            ([only], _) => only,
            (keys, Some(kid)) => {
                let named =
                    |key: &&Jwk| key.text("kid").is_ok_and(|own| own.as_deref() == Some(kid));
                keys.iter()
                    .find(named)
                    .ok_or(malformed("no key has the token's `kid`"))?
            }
            _ => return Err(malformed("the token names none of several keys")),
        };
        let algorithm = match algorithm {
            Some(algorithm) => algorithm,
            None => key.algorithm()?,
        };
        key.verifying_key(algorithm)
    }
}

/// One JWK, its members not yet looked at.
pub(super) struct Jwk(Object);

impl Jwk {
    pub(super) fn parse(json: &str) -> Result<Self, KeyError> {
        let object = Object::parse(json.as_bytes().to_vec());
        object.map(Self).ok_or(malformed("no JSON object"))
    }

    /// The public key, whether or not the private one stands beside it.
    pub(super) fn public_key(&self, algorithm: Algorithm) -> Result<PublicParts, KeyError> {
        self.check(algorithm, "verify")?;
        self.public_parts(algorithm)
    }

    fn public_parts(&self, algorithm: Algorithm) -> Result<PublicParts, KeyError> {
        match algorithm.family() {
            Family::Ecdsa(curve) => {
                self.require(algorithm, "EC", Some(curve.name))?;
                let (x, y) = (self.bytes("x")?, self.bytes("y")?);
                // RFC 7518 6.2.1.2: the full length, zeros and all.
                if x.len() != curve.bytes || y.len() != curve.bytes {
                    return Err(malformed("a coordinate has the wrong length"));
                }
                Ok(PublicParts::Ecdsa([&[4], x.as_slice(), &y].concat()))
            }
            Family::Ed25519 => {
                self.require(algorithm, "OKP", Some("Ed25519"))?;
                Ok(PublicParts::Ed25519(self.bytes("x")?.to_vec()))
            }
            Family::Hmac(_) => Err(KeyError::Unfit { algorithm }),
            Family::Rsa { .. } => {
                self.require(algorithm, "RSA", None)?;
                let (modulus, exponent) = (self.number("n")?, self.number("e")?);
                Ok(PublicParts::Rsa { modulus, exponent })
            }
        }
    }

    /// The private key as PKCS#8 in DER.
    pub(super) fn private_key(&self, algorithm: Algorithm) -> Result<Zeroizing<Vec<u8>>, KeyError> {
        self.check(algorithm, "sign")?;
        if self.0.get("d").is_none() {
            return Err(KeyError::NotPrivate);
        }
        let private = self.bytes("d")?;
        let pkcs8 = match (algorithm.family(), self.public_parts(algorithm)?) {
            (Family::Ecdsa(curve), PublicParts::Ecdsa(point)) => {
                EcdsaKeyPair::from_private_key_and_public_key(curve.sign, &private, &point)
                    .and_then(|pair| Ok(pair.to_pkcs8v1()?.as_ref().to_vec()))
                    .ok()
                    .map(Zeroizing::new)
            }
            (_, PublicParts::Ed25519(point)) => {
                Ed25519KeyPair::from_seed_and_public_key(&private, &point)
                    .and_then(|pair| Ok(pair.to_pkcs8v1()?.as_ref().to_vec()))
                    .ok()
                    .map(Zeroizing::new)
            }
            (_, PublicParts::Rsa { modulus, exponent }) => {
                let primes = match self.0.get("p") {
                    Some(_) => vec![self.bytes("p")?, self.bytes("q")?],
                    None => Vec::new(),
                };
                der::rsa_numbers_to_pkcs8([&modulus, &exponent, &private], &primes)
            }
            _ => None,
        };
        pkcs8.ok_or(KeyError::Unfit { algorithm })
    }

    fn verifying_key(&self, algorithm: Algorithm) -> Result<VerifyingKey, KeyError> {
        let mut key = if algorithm.is_symmetric() {
            self.check(algorithm, "verify")?;
            self.require(algorithm, "oct", None)?;
            SigningKey::from_secret(algorithm, &self.bytes("k")?)?.verifying_key()
        } else {
            VerifyingKey::from_parts(algorithm, self.public_key(algorithm)?)?
        };
        key.kid = self.text("kid")?.map(Cow::into_owned);
        Ok(key)
    }

    /// The algorithm the key says, or the only one its curve goes with.
    fn algorithm(&self) -> Result<Algorithm, KeyError> {
        if let Some(name) = self.text("alg")? {
            let unknown = malformed("`alg` is none we know");
            return name.parse().map_err(|_| unknown);
        }
        let curve = self.text("crv")?;
        let goes_with = |algorithm: &Algorithm| match algorithm.family() {
            Family::Ecdsa(own) => curve.as_deref() == Some(own.name),
            Family::Ed25519 => curve.as_deref() == Some("Ed25519"),
            Family::Hmac(_) | Family::Rsa { .. } => false,
        };
        let found = Algorithm::ALL.into_iter().find(goes_with);
        found.ok_or(malformed("neither the key nor you say which algorithm"))
    }

    fn is_secret(&self) -> Result<bool, KeyError> {
        Ok(self.text("kty")?.as_deref() == Some("oct"))
    }

    /// RFC 7517 4.2 to 4.4: what the key says it is for.
    fn check(&self, algorithm: Algorithm, operation: &'static str) -> Result<(), KeyError> {
        if self.text("use")?.is_some_and(|purpose| purpose != "sig") {
            return Err(malformed("`use` is not `sig`"));
        }
        if self.text("alg")?.is_some_and(|alg| alg != algorithm.name()) {
            return Err(malformed("`alg` is another algorithm"));
        }
        if let Some(operations) = self.0.get("key_ops") {
            let operations: Vec<String> =
                serde_json::from_str(operations).map_err(|_| malformed("`key_ops` is no list"))?;
            if !operations.iter().any(|allowed| allowed == operation) {
                return Err(malformed("`key_ops` does not allow this"));
            }
        }
        Ok(())
    }

    fn require(&self, algorithm: Algorithm, kty: &str, crv: Option<&str>) -> Result<(), KeyError> {
        if self.text("kty")?.as_deref() != Some(kty)
            || crv.is_some() && self.text("crv")?.as_deref() != crv
        {
            return Err(KeyError::Unfit { algorithm });
        }
        Ok(())
    }

    fn text(&self, member: &'static str) -> Result<Option<Cow<'_, str>>, KeyError> {
        let Some(json) = self.0.get(member) else {
            return Ok(None);
        };
        string(json)
            .map(Some)
            .ok_or(malformed("a member is no text"))
    }

    fn bytes(&self, member: &'static str) -> Result<Zeroizing<Vec<u8>>, KeyError> {
        let text = self.text(member)?.ok_or(malformed("a member is missing"))?;
        let bytes = base64url::decode(&text).ok_or(malformed("a member is not base64url"))?;
        Ok(Zeroizing::new(bytes))
    }

    /// RFC 7518 2: a number has no zeros before it.
    fn number(&self, member: &'static str) -> Result<Vec<u8>, KeyError> {
        let bytes = self.bytes(member)?;
        if bytes.first().is_none_or(|first| *first == 0) {
            return Err(malformed("a number begins with zero"));
        }
        Ok(bytes.to_vec())
    }
}

/// A public key as JWK in JSON, with all it is for.
pub(super) fn json(algorithm: Algorithm, parts: &PublicParts, kid: Option<&str>) -> Option<String> {
    let mut jwk = jwk(algorithm, parts)?;
    jwk.common.public_key_use = Some(PublicKeyUse::Signature);
    jwk.common.key_id = kid.map(str::to_owned);
    let mut json = serde_json::to_string(&jwk).ok()?;
    // Not a field of the library's, which knows no ES512.
    json.insert_str(1, &format!(r#""alg":"{algorithm}","#));
    Some(json)
}

/// RFC 7638, over SHA-256.
pub(super) fn thumbprint(algorithm: Algorithm, parts: &PublicParts) -> Option<String> {
    // The library would choose its back end by itself, and panic where a dependency brings two.
    let _ = jsonwebtoken::crypto::aws_lc::DEFAULT_PROVIDER.install_default();
    jwk(algorithm, parts)?
        .thumbprint(ThumbprintHash::SHA256)
        .ok()
}

fn jwk(algorithm: Algorithm, parts: &PublicParts) -> Option<jwk::Jwk> {
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
    Some(jwk::Jwk { common, algorithm })
}

const fn malformed(reason: &'static str) -> KeyError {
    KeyError::Jwk { reason }
}
