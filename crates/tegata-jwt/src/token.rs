mod presented;

use std::borrow::Cow;

pub(crate) use self::presented::{Presented, Room};
use crate::base64url;
use crate::claims::{Claim, Claims, string};
use crate::error::{CryptoError, TokenError};
use crate::keys::{SigningKey, VerifyingKey};
use crate::object::Object;

/// A JWS in compact serialization (RFC 7515 7.1), taken apart, its signature not yet verified.
///
/// Nothing in it may be believed. Only a verifier makes a token that may.
pub struct Unverified<'a> {
    header: Header<'static>,
    segments: Segments<'a>,
}

impl<'a> Unverified<'a> {
    /// Takes a token apart: its size, its three segments, its header.
    pub fn parse(token: &'a str) -> Result<Self, TokenError> {
        let segments = Segments::of(token)?;
        let header = decode(segments.header)?;
        Ok(Self {
            header: Header::parse(header.into())?,
            segments,
        })
    }

    /// The header.
    #[must_use]
    pub fn header(&self) -> &Header<'_> {
        &self.header
    }

    /// The claims as whoever wrote the token would have them. For looking at, not for deciding.
    pub fn claims_unverified(&self) -> Result<Claims, TokenError> {
        self.segments.claims()
    }

    /// Verifies header and signature with a key, and nothing of the payload: a JWS, not a JWT.
    pub fn check_signature(&self, key: &VerifyingKey) -> Result<(), TokenError> {
        self.header.check(key)?;
        self.segments.check_signature(key)
    }
}

/// The claims of a JWT whose header and signature hold.
pub(crate) fn open(token: &str, key: &VerifyingKey) -> Result<Claims, TokenError> {
    let segments = Segments::of(token)?;
    // What the key's own header says is known, letter for letter. Any other is read, without a
    // byte of memory for it: whoever is refused here had nothing to show.
    if segments.header != key.header() {
        let mut room = [0; MAX_SHORT];
        let header = base64url::decode_in(segments.header, &mut room);
        let header = Header::parse(header.ok_or(TokenError::Malformed)?)?;
        header.check_typ()?;
        header.check(key)?;
    }
    segments.check_signature(key)?;
    segments.claims()
}

/// The claims of a token, as whoever wrote it would have them, whatever its header is.
pub(crate) fn claims_unverified(token: &str) -> Result<Claims, TokenError> {
    Segments::of(token)?.claims()
}

/// The claim `iss`, which must be there.
pub(crate) fn issuer_of(claims: &Claims) -> Result<Cow<'_, str>, TokenError> {
    let issuer = claims.string(&Claim::Iss.usual())?;
    issuer.ok_or(TokenError::ClaimMissing(Claim::Iss))
}

/// The parts of a token, still encoded.
struct Segments<'a> {
    header: &'a str,
    payload: &'a str,
    signature: &'a str,
    /// Header and payload as they stand in the token: what was signed.
    signing_input: &'a str,
}

impl<'a> Segments<'a> {
    fn of(token: &'a str) -> Result<Self, TokenError> {
        if token.len() > MAX_BYTES {
            return Err(TokenError::TooLong);
        }

        let (signing_input, signature) = token.rsplit_once('.').ok_or(TokenError::Malformed)?;
        let (header, payload) = signing_input.split_once('.').ok_or(TokenError::Malformed)?;
        if payload.contains('.') {
            return Err(TokenError::Malformed);
        }
        Ok(Self {
            header,
            payload,
            signature,
            signing_input,
        })
    }

    fn check_signature(&self, key: &VerifyingKey) -> Result<(), TokenError> {
        let mut room = [0; MAX_SHORT];
        let signature = base64url::decode_in(self.signature, &mut room);
        let signature = signature.ok_or(TokenError::Malformed)?;
        if !key.verifies(self.signing_input.as_bytes(), &signature) {
            return Err(TokenError::BadSignature);
        }
        Ok(())
    }

    fn claims(&self) -> Result<Claims, TokenError> {
        Claims::parse(decode(self.payload)?)
    }
}

/// A JOSE header (RFC 7515 4).
pub struct Header<'a> {
    object: Object<'a>,
}

impl<'a> Header<'a> {
    fn parse(json: Cow<'a, [u8]>) -> Result<Self, TokenError> {
        let object = Object::parse(json).ok_or(TokenError::Malformed)?;
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

    /// Whether a key may be asked about the signature at all.
    fn check(&self, key: &VerifyingKey) -> Result<(), TokenError> {
        self.check_extensions()?;
        let expected = key.algorithm();
        // RFC 8725 3.1: the key says which algorithm it is; the token may only agree.
        if !self.has_algorithm(expected.name()) {
            return Err(TokenError::AlgorithmMismatch { expected });
        }
        if key.kid().is_some_and(|kid| !self.may_have_kid(kid)) {
            return Err(TokenError::UnknownKey);
        }
        Ok(())
    }

    /// Refuses what we would have to understand and do not.
    fn check_extensions(&self) -> Result<(), TokenError> {
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
    fn check_typ(&self) -> Result<(), TokenError> {
        if self.object.get("typ").is_some_and(|typ| !is_known_typ(typ)) {
            let reason = "`typ` is neither JWT nor at+jwt";
            return Err(TokenError::HeaderRefused { reason });
        }
        Ok(())
    }

    /// Whether `alg` is this name, byte for byte.
    fn has_algorithm(&self, name: &str) -> bool {
        self.object
            .get("alg")
            .and_then(string)
            .is_some_and(|alg| alg == name)
    }

    /// Whether `kid` is absent or this very one.
    fn may_have_kid(&self, kid: &str) -> bool {
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
    let typ = short_typ(&typ);
    typ.eq_ignore_ascii_case("jwt") || typ.eq_ignore_ascii_case("at+jwt")
}

/// Without the prefix that RFC 7515 4.1.9 lets one leave out.
pub(crate) fn short_typ(typ: &str) -> &str {
    let prefix = "application/";
    match typ.split_at_checked(prefix.len()) {
        Some((start, rest)) if start.eq_ignore_ascii_case(prefix) => rest,
        _ => typ,
    }
}

/// Far above what a header list of a web server lets through.
pub(crate) const MAX_BYTES: usize = 16 * 1024;
/// What headers and signatures need, those of RSA keys of 4096 bits included.
const MAX_SHORT: usize = 520;
