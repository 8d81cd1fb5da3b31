//! Keys as JSON Web Keys (RFC 7517, RFC 7518 6, RFC 8037 2, RFC 9964 3).

use std::borrow::Cow;
use std::collections::HashSet;

use aws_lc_rs::signature::{EcdsaKeyPair, Ed25519KeyPair, KeyPair, PqdsaKeyPair};
use zeroize::Zeroizing;

use super::der;
use super::parts::PublicParts;
use super::signing::SigningKey;
use super::verifying::VerifyingKey;
use crate::algorithm::{Algorithm, Family};
use crate::base64url;
use crate::claims::string;
use crate::error::KeyError;
use crate::object::Object;

/// One JWK, its members not yet looked at. Its text, which may be private, is wiped in the end.
pub(super) struct Jwk(Zeroizing<Object<'static>>);

impl Jwk {
    pub(super) fn parse(json: &str) -> Result<Self, KeyError> {
        let object = Object::parse(json.as_bytes().to_vec()).ok_or(malformed("no JSON object"))?;
        Ok(Self::new(Zeroizing::new(object)))
    }

    pub(super) fn new(object: Zeroizing<Object<'static>>) -> Self {
        Self(object)
    }

    /// The public key, which must stand alone: where a public key belongs, a private one has
    /// been given away.
    pub(super) fn public_key(&self, algorithm: Algorithm) -> Result<PublicParts, KeyError> {
        if self.is_private() {
            return Err(KeyError::NotPublic);
        }
        self.check(algorithm, "verify")?;
        self.public_parts(algorithm)
    }

    /// The public key that an issuer publishes, under the name it has there. Whether private
    /// members stand beside it, the caller has looked.
    pub(super) fn published_key(&self, algorithm: Algorithm) -> Result<VerifyingKey, KeyError> {
        self.check(algorithm, "verify")?;
        let key = VerifyingKey::from_parts(algorithm, self.public_parts(algorithm)?)?;
        Ok(key.named(self.kid()?.map(Into::into)))
    }

    fn public_parts(&self, algorithm: Algorithm) -> Result<PublicParts, KeyError> {
        let parts = match algorithm.family() {
            Family::Ecdsa(curve) => {
                self.require(algorithm, "EC", Some(curve.name))?;
                // RFC 7518 6.2.1.2: the full length, zeros and all.
                let x = self.octets("x", curve.bytes)?;
                let y = self.octets("y", curve.bytes)?;
                PublicParts::Ecdsa([&[4], x.as_slice(), &y].concat())
            }
            Family::Ed25519 => {
                self.require(algorithm, "OKP", Some("Ed25519"))?;
                PublicParts::Ed25519(self.octets("x", 32)?.to_vec())
            }
            Family::Hmac(_) => return Err(KeyError::Unfit { algorithm }),
            Family::MlDsa(_) => {
                self.require(algorithm, "AKP", None)?;
                // RFC 9964 3: the algorithm is part of the key.
                if self.text("alg")?.is_none() {
                    return Err(malformed("`alg` is missing"));
                }
                PublicParts::MlDsa(self.bytes("pub")?.to_vec())
            }
            Family::Rsa { .. } => {
                self.require(algorithm, "RSA", None)?;
                let (modulus, exponent) = (self.number("n")?.to_vec(), self.number("e")?.to_vec());
                PublicParts::Rsa { modulus, exponent }
            }
        };
        parts.check(algorithm)?;
        Ok(parts)
    }

    /// The private key as PKCS#8 in DER.
    pub(super) fn private_key(&self, algorithm: Algorithm) -> Result<Zeroizing<Vec<u8>>, KeyError> {
        if self.0.get("keys").is_some() {
            return Err(malformed("a set of keys stands where one key belongs"));
        }
        self.check(algorithm, "sign")?;
        if !self.is_private() {
            return Err(KeyError::NotPrivate);
        }
        let inconsistent = || malformed("the private key is not that of the public one");
        let pkcs8 = match (algorithm.family(), self.public_parts(algorithm)?) {
            (Family::Ecdsa(curve), PublicParts::Ecdsa(point)) => {
                // RFC 7518 6.2.2.1: the full length, as of the coordinates.
                let private = self.octets("d", curve.bytes)?;
                EcdsaKeyPair::from_private_key_and_public_key(curve.sign, &private, &point)
                    .and_then(|pair| Ok(pair.to_pkcs8v1()?.as_ref().to_vec()))
                    .map(Zeroizing::new)
                    .ok()
            }
            (_, PublicParts::Ed25519(point)) => {
                let private = self.octets("d", 32)?;
                Ed25519KeyPair::from_seed_and_public_key(&private, &point)
                    .and_then(|pair| Ok(pair.to_pkcs8v1()?.as_ref().to_vec()))
                    .map(Zeroizing::new)
                    .ok()
            }
            (Family::MlDsa(set), PublicParts::MlDsa(public)) => {
                // RFC 9964 3: the seed, of which the rest follows.
                let seed = self.bytes("priv")?;
                PqdsaKeyPair::from_seed(set.sign, &seed)
                    .ok()
                    .filter(|pair| pair.public_key().as_ref() == public)
                    .and_then(|pair| Some(pair.to_pkcs8v1().ok()?.as_ref().to_vec()))
                    .map(Zeroizing::new)
            }
            (_, PublicParts::Rsa { modulus, exponent }) => {
                return self.rsa_private_key(&modulus, &exponent);
            }
            _ => return Err(KeyError::Unfit { algorithm }),
        };
        pkcs8.ok_or_else(inconsistent)
    }

    /// RFC 7518 6.3.2: the primes may be left out. More than two are of no use to anyone.
    fn rsa_private_key(
        &self,
        modulus: &[u8],
        exponent: &[u8],
    ) -> Result<Zeroizing<Vec<u8>>, KeyError> {
        if self.0.get("oth").is_some() {
            return Err(malformed(
                "an RSA key of more than two primes is not supported",
            ));
        }
        let private = self.number("d")?;
        let primes = match (self.0.get("p"), self.0.get("q")) {
            (None, None) => Vec::new(),
            _ => vec![self.number("p")?, self.number("q")?],
        };
        let mut numbers = primes.iter().chain([&private]);
        if numbers.any(|number| number.len() > modulus.len()) {
            return Err(malformed("a private number is longer than the modulus `n`"));
        }
        let pkcs8 = der::rsa_numbers_to_pkcs8([modulus, exponent, &private], &primes);
        pkcs8.ok_or(malformed(if primes.is_empty() {
            "`d` does not go with `n` and `e`, or the primes `p` and `q` are needed too"
        } else {
            "`d`, `p` and `q` do not go with `n` and `e`"
        }))
    }

    /// The key to verify with, which may be the public part of a private one.
    pub(super) fn verifying_key(&self, algorithm: Algorithm) -> Result<VerifyingKey, KeyError> {
        self.check(algorithm, "verify")?;
        let key = if algorithm.is_symmetric() {
            self.require(algorithm, "oct", None)?;
            SigningKey::from_secret(algorithm, &self.bytes("k")?)?.verifying_key()
        } else {
            VerifyingKey::from_parts(algorithm, self.public_parts(algorithm)?)?
        };
        Ok(key.named(self.kid()?.map(Into::into)))
    }

    /// The algorithm the key says, or the only one its curve goes with.
    pub(super) fn algorithm(&self) -> Result<Algorithm, KeyError> {
        if let Some(name) = self.text("alg")? {
            let unknown = malformed("`alg` is none we know");
            return name.parse().map_err(|_| unknown);
        }
        let curve = self.text("crv")?;
        let goes_with = |algorithm: &Algorithm| match algorithm.family() {
            Family::Ecdsa(own) => curve.as_deref() == Some(own.name),
            Family::Ed25519 => curve.as_deref() == Some("Ed25519"),
            Family::Hmac(_) | Family::MlDsa(_) | Family::Rsa { .. } => false,
        };
        let found = Algorithm::ALL.into_iter().find(goes_with);
        found.ok_or(malformed("neither the key nor you say which algorithm"))
    }

    pub(super) fn kid(&self) -> Result<Option<Cow<'_, str>>, KeyError> {
        self.text("kid")
    }

    pub(super) fn is_secret(&self) -> Result<bool, KeyError> {
        Ok(self.text("kty")?.as_deref() == Some("oct"))
    }

    /// Whether it has a member that no public key has (RFC 7518 6, RFC 8037 2).
    pub(super) fn is_private(&self) -> bool {
        PRIVATE_MEMBERS
            .iter()
            .any(|member| self.0.get(member).is_some())
    }

    /// Whether it says which algorithm it is for.
    pub(super) fn names_algorithm(&self) -> bool {
        self.0.get("alg").is_some()
    }

    /// Whether it says no other algorithm.
    pub(super) fn may_be_for(&self, algorithm: Algorithm) -> bool {
        let is_other = |json| string(json).is_none_or(|alg| alg != algorithm.name());
        !self.0.get("alg").is_some_and(is_other)
    }

    /// RFC 7517 4.2 to 4.4: what the key says it is for.
    fn check(&self, algorithm: Algorithm, operation: &'static str) -> Result<(), KeyError> {
        self.check_purpose(operation)?;
        if self.text("alg")?.is_some_and(|alg| alg != algorithm.name()) {
            return Err(malformed("`alg` is another algorithm"));
        }
        Ok(())
    }

    /// RFC 7517 4.2, 4.3: `use` and `key_ops`, which must agree where both are there.
    pub(super) fn check_purpose(&self, operation: &'static str) -> Result<(), KeyError> {
        let purpose = self.text("use")?;
        if purpose.as_ref().is_some_and(|purpose| purpose != "sig") {
            return Err(malformed("`use` is not `sig`"));
        }
        if let Some(operations) = self.0.get("key_ops") {
            let operations: Vec<String> =
                serde_json::from_str(operations).map_err(|_| malformed("`key_ops` is no list"))?;
            if !operations.iter().any(|allowed| allowed == operation) {
                return Err(malformed("`key_ops` does not allow this"));
            }
            let mut seen = HashSet::new();
            if !operations.iter().all(|allowed| seen.insert(allowed)) {
                return Err(malformed("`key_ops` names an operation twice"));
            }
            let is_of_signatures = |allowed: &String| allowed == "sign" || allowed == "verify";
            if purpose.is_some() && !operations.iter().all(is_of_signatures) {
                return Err(malformed("`use` and `key_ops` contradict each other"));
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
        let expected = "a string";
        let odd = KeyError::JwkMember { member, expected };
        string(json).map(Some).ok_or(odd)
    }

    fn bytes(&self, member: &'static str) -> Result<Zeroizing<Vec<u8>>, KeyError> {
        let odd = |expected| KeyError::JwkMember { member, expected };
        let text = self.text(member)?.ok_or(odd("there"))?;
        let bytes = base64url::decode(&text).ok_or(odd("base64url without padding"))?;
        Ok(Zeroizing::new(bytes))
    }

    fn octets(&self, member: &'static str, length: usize) -> Result<Zeroizing<Vec<u8>>, KeyError> {
        let expected = "as long as the curve's numbers";
        let bytes = self.bytes(member)?;
        if bytes.len() != length {
            return Err(KeyError::JwkMember { member, expected });
        }
        Ok(bytes)
    }

    /// RFC 7518 2: a number has no zeros before it.
    fn number(&self, member: &'static str) -> Result<Zeroizing<Vec<u8>>, KeyError> {
        let expected = "a number without zeros before it";
        let bytes = self.bytes(member)?;
        if bytes.first().is_none_or(|first| *first == 0) {
            return Err(KeyError::JwkMember { member, expected });
        }
        Ok(bytes)
    }
}

pub(super) const fn malformed(reason: &'static str) -> KeyError {
    KeyError::Jwk { reason }
}

const PRIVATE_MEMBERS: [&str; 9] = ["d", "dp", "dq", "k", "oth", "p", "priv", "q", "qi"];
