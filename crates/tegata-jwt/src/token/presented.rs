use std::borrow::Cow;

use super::{Header, MAX_SHORT, Segments, short_typ};
use crate::algorithm::Algorithm;
use crate::base64url;
use crate::claims::{Claims, string};
use crate::error::TokenError;
use crate::keys::VerifyingKey;

/// A token in a form we understand, whoever signed it: what must be so before anybody looks for a
/// key.
pub(crate) struct Presented<'a> {
    segments: Segments<'a>,
    header: Header<'a>,
    signature: Cow<'a, [u8]>,
}

/// Where the header and the signature of a token are decoded, without further memory.
pub(crate) struct Room([[u8; MAX_SHORT]; 2]);

impl Room {
    pub(crate) fn new() -> Self {
        Self([[0; MAX_SHORT]; 2])
    }
}

impl<'a> Presented<'a> {
    pub(crate) fn read(token: &'a str, room: &'a mut Room) -> Result<Self, TokenError> {
        let Room([header_room, signature_room]) = room;
        let segments = Segments::of(token)?;
        let header = base64url::decode_in(segments.header, header_room);
        let header = Header::parse(header.ok_or(TokenError::Malformed)?)?;
        header.check_extensions()?;
        if header.kid().is_some_and(|kid| kid.len() > MAX_KID) {
            let reason = "`kid` is longer than 256 bytes";
            return Err(TokenError::HeaderRefused { reason });
        }
        let signature = base64url::decode_in(segments.signature, signature_room);
        Ok(Self {
            signature: signature.ok_or(TokenError::Malformed)?,
            header,
            segments,
        })
    }

    /// The algorithm, where it is one of these (RFC 8725 3.1).
    pub(crate) fn algorithm_of(&self, accepted: &[Algorithm]) -> Result<Algorithm, TokenError> {
        let mut accepted = accepted.iter().copied();
        let found = accepted.find(|algorithm| self.header.has_algorithm(algorithm.name()));
        found.ok_or(TokenError::AlgorithmNotAllowed)
    }

    /// Whether its `typ` is one of these, which have no prefix. An empty one stands for none at all.
    pub(crate) fn has_typ_of(&self, accepted: &[impl AsRef<str>]) -> bool {
        let mut accepted = accepted.iter().map(AsRef::as_ref);
        let Some(json) = self.header.object.get("typ") else {
            return accepted.any(str::is_empty);
        };
        let typ = string(json).unwrap_or_default();
        let typ = short_typ(&typ);
        !typ.is_empty() && accepted.any(|one| typ.eq_ignore_ascii_case(one))
    }

    pub(crate) fn kid(&self) -> Option<Cow<'_, str>> {
        self.header.kid()
    }

    /// The claims as whoever wrote the token would have them.
    pub(crate) fn claims_unverified(&self) -> Result<Claims, TokenError> {
        self.segments.claims()
    }

    pub(crate) fn is_signed_by(&self, key: &VerifyingKey) -> bool {
        key.verifies(self.segments.signing_input.as_bytes(), &self.signature)
    }
}

/// Names of keys are looked up, and written into logs.
const MAX_KID: usize = 256;
