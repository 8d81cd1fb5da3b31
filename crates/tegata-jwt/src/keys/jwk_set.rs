use std::collections::HashSet;

use serde_json::value::RawValue;
use zeroize::Zeroizing;

use super::jwk::{Jwk, malformed};
use super::text;
use super::verifying::VerifyingKey;
use crate::algorithm::Algorithm;
use crate::error::KeyError;
use crate::object::Object;

/// Keys from outside to verify with: one JWK, or a set of them (RFC 7517 5).
pub struct JwkSet(Keys);

enum Keys {
    One(Box<Jwk>),
    Set(Vec<Jwk>),
}

impl JwkSet {
    /// Reads one JWK or a set. Refused are sets that mix secrets with public keys, or have two
    /// keys of one `kid`, and texts longer than 256 KiB.
    pub fn parse(json: &str) -> Result<Self, KeyError> {
        let json = text::readable(json, MAX_BYTES)?;
        let object = Object::parse(json.as_bytes().to_vec()).ok_or(malformed("no JSON object"))?;
        let object = Zeroizing::new(object);
        let Some(keys) = object.get("keys") else {
            return Ok(Self(Keys::One(Box::new(Jwk::new(object)))));
        };
        let keys: Vec<&RawValue> =
            serde_json::from_str(keys).map_err(|_| malformed("`keys` is no list"))?;
        let keys = keys.into_iter().map(|key| Jwk::parse(key.get()));
        let keys = keys.collect::<Result<Vec<_>, _>>()?;

        let mut kids = HashSet::new();
        let mut has_secrets = None;
        for key in &keys {
            if key.kid()?.is_some_and(|kid| !kids.insert(kid)) {
                return Err(malformed("two keys have one `kid`"));
            }
            let is_secret = key.is_secret()?;
            if *has_secrets.get_or_insert(is_secret) != is_secret {
                return Err(malformed("secrets and public keys stand side by side"));
            }
        }
        Ok(Self(Keys::Set(keys)))
    }

    /// The key that a token's `kid` names, or the only one there is. Its algorithm is the one
    /// given, or else the one it can only be for.
    ///
    /// Of one JWK the public part is taken. In a set, which others hand out, a private key is
    /// refused: its owner has lost it.
    pub fn verifying_key(
        &self,
        kid: Option<&str>,
        algorithm: Option<Algorithm>,
    ) -> Result<VerifyingKey, KeyError> {
        let key = match &self.0 {
            Keys::One(key) => key,
            Keys::Set(keys) => {
                let key = choose(keys, kid)?;
                if key.is_private() && !key.is_secret()? {
                    return Err(malformed("a private key stands in the set, open to all"));
                }
                key
            }
        };
        let algorithm = match algorithm {
            Some(algorithm) => algorithm,
            None => key.algorithm()?,
        };
        key.verifying_key(algorithm)
    }
}

fn choose<'a>(keys: &'a [Jwk], kid: Option<&str>) -> Result<&'a Jwk, KeyError> {
    match (keys, kid) {
        ([], _) => Err(malformed("the set is empty")),
        ([only], _) => Ok(only),
        (_, None) => Err(malformed("the token names none of several keys")),
        (keys, Some(kid)) => {
            let named = |key: &&Jwk| key.kid().is_ok_and(|own| own.as_deref() == Some(kid));
            let found = keys.iter().find(named);
            found.ok_or(malformed("no key has the token's `kid`"))
        }
    }
}

/// Far above what issuers publish.
const MAX_BYTES: usize = 256 * 1024;
