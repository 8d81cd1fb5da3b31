use std::borrow::Cow;

use crate::base64url;
use crate::claims::{Claims, string};
use crate::error::{CryptoError, TokenError};
use crate::keys::{SigningKey, VerifyingKey};
use crate::object::Object;

/// A JWS in compact serialization (RFC 7515 7.1), taken apart, its signature not yet verified.
///
/// Nothing in it may be believed. Only a `Verifier` makes a token that may.
pub struct Unverified<'a> {
    header: Header,
    /// Header and payload as they stand in the token: what was signed.
    signing_input: &'a str,
    payload: &'a str,
    signature: &'a str,
}

impl<'a> Unverified<'a> {
    /// Takes a token apart: its size, its three segments, its header.
    pub fn parse(token: &'a str) -> Result<Self, TokenError> {
        if token.len() > MAX_BYTES {
            return Err(TokenError::TooLong);
        }

        let (signing_input, signature) = token.rsplit_once('.').ok_or(TokenError::Malformed)?;
        let (header, payload) = signing_input.split_once('.').ok_or(TokenError::Malformed)?;
        if payload.contains('.') {
            return Err(TokenError::Malformed);
        }

        Ok(Self {
            header: Header::parse(header)?,
            signing_input,
            payload,
            signature,
        })
    }

    /// The header.
    #[must_use]
    pub fn header(&self) -> &Header {
        &self.header
    }

    /// The claims as whoever wrote the token would have them. For looking at, not for deciding.
    pub fn claims_unverified(&self) -> Result<Claims, TokenError> {
        Claims::parse(decode(self.payload)?)
    }

    /// Verifies header and signature with a key, and nothing of the payload: a JWS, not a JWT.
    pub fn check_signature(&self, key: &VerifyingKey) -> Result<(), TokenError> {
        self.header.check()?;
        let expected = key.algorithm();
        // RFC 8725 3.1: the key says which algorithm it is; the token may only agree.
        if !self.header.has_algorithm(expected.name()) {
            return Err(TokenError::AlgorithmMismatch { expected });
        }
        if key.kid().is_some_and(|kid| !self.header.may_have_kid(kid)) {
            return Err(TokenError::UnknownKey);
        }
        let signature = decode(self.signature)?;
        if !key.verifies(self.signing_input.as_bytes(), &signature) {
            return Err(TokenError::BadSignature);
        }
        Ok(())
    }
}

/// A JOSE header (RFC 7515 4).
pub struct Header {
    object: Object,
}

impl Header {
    fn parse(segment: &str) -> Result<Self, TokenError> {
        let object = Object::parse(decode(segment)?).ok_or(TokenError::Malformed)?;
        Ok(Self { object })
    }

    /// The header as one JSON object, as it came.
    #[must_use]
    pub fn json(&self) -> &str {
        self.object.json()
    }

    /// The name of the key that signed, where the header has one.
    #[must_use]
    pub fn kid(&self) -> Option<Cow<'_, str>> {
        self.object.get("kid").and_then(string)
    }

    /// Refuses what we would have to understand and do not.
    pub(crate) fn check(&self) -> Result<(), TokenError> {
        let refuse = |reason| Err(TokenError::HeaderRefused { reason });

        // RFC 7515 4.1.11: an extension that must be understood, and we understand none.
        if self.object.get("crit").is_some() {
            return refuse("`crit` asks for an extension");
        }
        // RFC 7797 3 and RFC 8725 3.6: other ways to read the payload.
        if self.object.get("b64").is_some() || self.object.get("zip").is_some() {
            return refuse("`b64` and `zip` are not supported");
        }
        if self
            .object
            .get("kid")
            .is_some_and(|kid| string(kid).is_none())
        {
            return refuse("`kid` is not a string");
        }
        Ok(())
    }

    /// Refuses tokens of another purpose, logout tokens and their like (RFC 8725 3.11).
    pub(crate) fn check_typ(&self) -> Result<(), TokenError> {
        if self.object.get("typ").is_some_and(|typ| !is_known_typ(typ)) {
            let reason = "`typ` is neither JWT nor at+jwt";
            return Err(TokenError::HeaderRefused { reason });
        }
        Ok(())
    }

    /// Whether `alg` is this name, byte for byte.
    pub(crate) fn has_algorithm(&self, name: &str) -> bool {
        self.object
            .get("alg")
            .and_then(string)
            .is_some_and(|alg| alg == name)
    }

    /// Whether `kid` is absent or this very one.
    pub(crate) fn may_have_kid(&self, kid: &str) -> bool {
        self.kid().is_none_or(|found| found == kid)
    }
}

/// Signs claims into a token.
pub(crate) fn sign(key: &SigningKey, claims: &[u8]) -> Result<String, CryptoError> {
    let mut token = String::with_capacity(key.header().len() + claims.len() * 4 / 3 + 96);
    token.push_str(key.header());
    token.push('.');
    base64url::encode_into(&mut token, claims);

    let signature = key.sign(token.as_bytes())?;

    token.push('.');
    base64url::encode_into(&mut token, &signature);
    Ok(token)
}

fn decode(segment: &str) -> Result<Vec<u8>, TokenError> {
    base64url::decode(segment).ok_or(TokenError::Malformed)
}

/// `JWT` (RFC 7519 5.1) or `at+jwt` (RFC 9068 2.1), in any case, with or without the prefix that
/// RFC 7515 4.1.9 lets one leave out.
fn is_known_typ(json: &str) -> bool {
    let Some(typ) = string(json) else {
        return false;
    };
    let typ = typ.to_ascii_lowercase();
    matches!(
        typ.strip_prefix("application/").unwrap_or(&typ),
        "jwt" | "at+jwt"
    )
}

/// Far above what a header list of a web server lets through.
const MAX_BYTES: usize = 16 * 1024;
