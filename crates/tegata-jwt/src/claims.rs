use std::borrow::Cow;
use std::cell::RefCell;
use std::fmt;
use std::mem;

use aws_lc_rs::rand;
use chrono::{DateTime, Datelike, Utc};
use serde::{Serialize, Serializer};
use uuid::Uuid;

use crate::error::{CryptoError, TokenError};
use crate::names::Named;
use crate::object::Object;

/// The claims of a token (RFC 7519 4), in their order, each as the JSON text it came in.
#[derive(Clone, Debug)]
pub struct Claims(Box<Object<'static>>);

impl Claims {
    pub(crate) fn parse(json: Vec<u8>) -> Result<Self, TokenError> {
        // They change hands a few times on their way to whoever asked.
        let object = Object::parse(json).ok_or(TokenError::Malformed)?;
        Ok(Self(Box::new(object)))
    }

    /// The JSON text of one claim, quotes and all.
    #[must_use]
    pub fn raw(&self, name: &str) -> Option<&str> {
        self.0.get(name)
    }

    /// The text of a claim that is a string.
    #[must_use]
    pub fn text(&self, name: &str) -> Option<Cow<'_, str>> {
        self.raw(name).and_then(string)
    }

    /// The names and JSON texts of all claims.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter()
    }

    /// The claims as one JSON object, as they came.
    #[must_use]
    pub fn json(&self) -> &str {
        self.0.json()
    }

    /// A claim that, where it is present, must be a string.
    pub(crate) fn string(&self, claim: &Named<'_>) -> Result<Option<Cow<'_, str>>, TokenError> {
        let Some(json) = self.raw(claim.name) else {
            return Ok(None);
        };
        string(json).map(Some).ok_or(claim.malformed())
    }

    /// A claim that, where it is present, must be a `NumericDate` (RFC 7519 2): a JSON number of
    /// seconds since 1970, fractions allowed, here within the years 1 to 9999.
    pub(crate) fn date(&self, claim: &Named<'_>) -> Result<Option<DateTime<Utc>>, TokenError> {
        let Some(json) = self.raw(claim.name) else {
            return Ok(None);
        };
        let date = numeric_date(json).filter(|date| (1..=9999).contains(&date.year()));
        date.map(Some).ok_or(claim.malformed())
    }
}

/// The claims that mean something to an issuer or a verifier.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Claim {
    /// Whom it is for (RFC 7519 4.1.3).
    Aud,
    /// When the token expires (RFC 7519 4.1.4).
    Exp,
    /// When it was issued (RFC 7519 4.1.6).
    Iat,
    /// Who issued it (RFC 7519 4.1.1).
    Iss,
    /// Its identifier (RFC 7519 4.1.7).
    Jti,
    /// When it begins to be valid (RFC 7519 4.1.5).
    Nbf,
    /// Until when a sliding token can be refreshed (Simple JWT).
    RefreshExp,
    /// Its subject (RFC 7519 4.1.2).
    Sub,
    /// What it may be used for (Simple JWT).
    TokenType,
    /// Whose it is (Simple JWT).
    UserId,
}

impl Claim {
    /// The claim under the name it has unless settings rename it.
    pub(crate) const fn usual(self) -> Named<'static> {
        Named {
            claim: self,
            name: self.usual_name(),
        }
    }

    const fn usual_name(self) -> &'static str {
        match self {
            Self::Aud => "aud",
            Self::Exp => "exp",
            Self::Iat => "iat",
            Self::Iss => "iss",
            Self::Jti => "jti",
            Self::Nbf => "nbf",
            Self::RefreshExp => "refresh_exp",
            Self::Sub => "sub",
            Self::TokenType => "token_type",
            Self::UserId => "user_id",
        }
    }
}

impl fmt::Display for Claim {
    /// Its usual name.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.usual_name())
    }
}

/// What a token may be used for: the claim `token_type` of Simple JWT.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TokenType {
    /// Opens protected resources, for minutes.
    Access,
    /// Obtains access tokens, for days.
    Refresh,
    /// Opens protected resources for minutes, and obtains its own successor for days.
    Sliding,
}

impl TokenType {
    /// The claim's value.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Access => "access",
            Self::Refresh => "refresh",
            Self::Sliding => "sliding",
        }
    }
}

/// A token's identifier (RFC 7519 4.1.7): what a blacklist knows it by.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Jti(String);

impl Jti {
    /// 128 random bits from the system's generator as 32 lower-case hex digits.
    ///
    /// Simple JWT's look, without the six bits that UUID version 4 would fix.
    pub(crate) fn random() -> Result<Self, CryptoError> {
        let id = Uuid::from_bytes(Drawn::next()?).simple();
        Ok(Self(id.encode_lower(&mut Uuid::encode_buffer()).to_owned()))
    }

    /// An identifier that was read somewhere.
    #[must_use]
    pub fn new(text: String) -> Self {
        Self(text)
    }

    /// The identifier's text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Random bits for the next identifiers of a thread. The generator takes about as long for many as
/// for few, and longer than an HMAC.
struct Drawn {
    bits: [[u8; 16]; 16],
    left: usize,
}

impl Drawn {
    fn next() -> Result<[u8; 16], CryptoError> {
        DRAWN.with_borrow_mut(|drawn| {
            if drawn.left == 0 {
                rand::fill(drawn.bits.as_flattened_mut()).map_err(|_| CryptoError)?;
                drawn.left = drawn.bits.len();
            }
            drawn.left -= 1;
            // What was handed out stays nowhere else.
            Ok(mem::take(&mut drawn.bits[drawn.left]))
        })
    }
}

thread_local! {
    static DRAWN: RefCell<Drawn> = const {
        RefCell::new(Drawn { bits: [[0; 16]; 16], left: 0 })
    };
}

impl fmt::Display for Jti {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A user's key, as the claim `user_id` holds it: a JSON number where it is one, else its text.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum UserId {
    /// An integer key.
    Number(i64),
    /// Any other key, a UUID say.
    Text(String),
}

impl UserId {
    pub(crate) fn from_json(json: &str) -> Option<Self> {
        let number = json.parse().ok().map(Self::Number);
        number.or_else(|| string(json).map(|text| Self::Text(text.into_owned())))
    }
}

impl fmt::Display for UserId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Number(number) => number.fmt(f),
            Self::Text(text) => text.fmt(f),
        }
    }
}

impl Serialize for UserId {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Number(number) => serializer.serialize_i64(*number),
            Self::Text(text) => serializer.serialize_str(text),
        }
    }
}

/// The value of a JSON string, borrowed where it holds no escapes.
pub(crate) fn string(json: &str) -> Option<Cow<'_, str>> {
    let inner = json.strip_prefix('"')?.strip_suffix('"')?;
    if inner.contains('\\') {
        return serde_json::from_str(json).ok().map(Cow::Owned);
    }
    Some(Cow::Borrowed(inner))
}

fn numeric_date(json: &str) -> Option<DateTime<Utc>> {
    if let Ok(seconds) = json.parse() {
        return DateTime::from_timestamp(seconds, 0);
    }
    let micros = serde_json::from_str::<f64>(json).ok()? * 1e6;
    #[expect(
        clippy::cast_possible_truncation,
        reason = "`as` stops at the ends, both refused"
    )]
    DateTime::from_timestamp_micros(micros.round() as i64)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn date(json: &str) -> Result<Option<DateTime<Utc>>, TokenError> {
        Claims::parse(format!("{{\"exp\":{json}}}").into_bytes())
            .unwrap()
            .date(&Claim::Exp.usual())
    }

    #[test]
    fn a_date_may_have_a_fraction() {
        let micros = |json| date(json).unwrap().unwrap().timestamp_micros();

        assert_eq!(micros("1795219293"), 1_795_219_293_000_000);
        assert_eq!(micros("1795219293.25"), 1_795_219_293_250_000);
        assert_eq!(micros("1.795219293e9"), 1_795_219_293_000_000);
        assert_eq!(micros("-1"), -1_000_000);
    }

    #[test]
    fn an_exp_of_another_type_is_malformed_and_never_absent() {
        for json in ["\"1795219293\"", "null", "true", "[1]", "{}"] {
            assert_eq!(
                date(json),
                Err(TokenError::ClaimMalformed(Claim::Exp)),
                "{json}"
            );
        }
    }

    #[test]
    fn an_exp_beyond_every_calendar_is_malformed() {
        for json in [
            "253402300800",
            "1e18",
            "9007199254740993",
            "18446744073709551616",
            "1e308",
        ] {
            assert_eq!(
                date(json),
                Err(TokenError::ClaimMalformed(Claim::Exp)),
                "{json}"
            );
            assert!(date(&format!("-{json}")).is_err(), "-{json}");
        }
    }

    #[test]
    fn a_jti_is_32_hex_digits_and_never_the_same() {
        let (one, other) = (Jti::random().unwrap(), Jti::random().unwrap());

        assert_ne!(one, other);
        assert_eq!(one.as_str().len(), 32);
        assert!(
            one.as_str()
                .bytes()
                .all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'))
        );
    }
}
