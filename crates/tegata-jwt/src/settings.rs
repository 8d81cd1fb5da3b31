use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;

use chrono::TimeDelta;
use secrecy::SecretString;
use serde::de::{Error, Visitor};
use serde::{Deserialize, Deserializer};

use crate::algorithm::Algorithm;

/// The settings of Simple JWT and Ninja JWT, under their names in lower case.
#[derive(Clone, Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Settings {
    /// How long an access token is valid.
    pub access_token_lifetime: Lifetime,
    /// How long a refresh token is valid.
    pub refresh_token_lifetime: Lifetime,
    /// How far two clocks may be apart: a token is accepted this long after `exp`, and this long
    /// before `nbf` and `iat`. A negative leeway is stricter than the claims.
    pub leeway: Lifetime,
    /// The algorithm tokens are signed with and must be signed with.
    pub algorithm: Algorithm,
    /// What tokens are signed with. For HS256 the secret, as its UTF-8 bytes, of at least 32; for
    /// ES256 a private key in PKCS#8 PEM form. The other way to give it is `signing_key_file`.
    #[serde(deserialize_with = "empty_as_none")]
    pub signing_key: Option<SecretString>,
    /// A file that holds `signing_key`. A line break at its end is not part of a secret.
    #[serde(deserialize_with = "empty_as_none")]
    pub signing_key_file: Option<PathBuf>,
}

impl Default for Settings {
    /// The defaults of Simple JWT and Ninja JWT. There is no default for the signing key.
    fn default() -> Self {
        Self {
            access_token_lifetime: Lifetime(TimeDelta::minutes(5)),
            refresh_token_lifetime: Lifetime(TimeDelta::days(1)),
            leeway: Lifetime(TimeDelta::zero()),
            algorithm: Algorithm::HS256,
            signing_key: None,
            signing_key_file: None,
        }
    }
}

/// A span of time in a setting: a number of seconds, or a text such as `"5m"` or `"1 day"`.
///
/// May be negative, as in Simple JWT, where it is given as a number. At most 1,000 years.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Lifetime(TimeDelta);

impl Lifetime {
    /// A span of this many seconds; `None` beyond 1,000 years.
    #[must_use]
    pub fn from_seconds(seconds: i64) -> Option<Self> {
        (seconds.unsigned_abs() <= MAX_SECONDS).then(|| Self(TimeDelta::seconds(seconds)))
    }

    /// The span itself.
    #[must_use]
    pub fn span(self) -> TimeDelta {
        self.0
    }
}

impl fmt::Debug for Lifetime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} s", self.0.num_seconds())
    }
}

impl FromStr for Lifetime {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let seconds = match text.trim().parse() {
            Ok(seconds) => seconds,
            Err(_) => seconds_with_units(text)?,
        };
        Self::from_seconds(seconds).ok_or_else(|| format!("`{text}` is longer than 1,000 years"))
    }
}

impl<'de> Deserialize<'de> for Lifetime {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(LifetimeVisitor)
    }
}

struct LifetimeVisitor;

impl Visitor<'_> for LifetimeVisitor {
    type Value = Lifetime;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(EXPECTED)
    }

    fn visit_i64<E: Error>(self, seconds: i64) -> Result<Self::Value, E> {
        Lifetime::from_seconds(seconds)
            .ok_or_else(|| E::custom(format!("{seconds} seconds are longer than 1,000 years")))
    }

    fn visit_u64<E: Error>(self, seconds: u64) -> Result<Self::Value, E> {
        self.visit_i64(seconds.try_into().unwrap_or(i64::MAX))
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Self::Value, E> {
        text.parse().map_err(E::custom)
    }
}

fn seconds_with_units(text: &str) -> Result<i64, String> {
    let span = humantime::parse_duration(text)
        .map_err(|error| format!("`{text}` is not {EXPECTED}: {error}"))?;
    if span.subsec_nanos() != 0 {
        return Err(format!("`{text}` is not a whole number of seconds"));
    }
    Ok(span.as_secs().try_into().unwrap_or(i64::MAX))
}

/// TOML has no null: an empty text stands for Python's `None`.
fn empty_as_none<'de, T: From<String>, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<T>, D::Error> {
    let text = String::deserialize(deserializer)?;
    Ok((!text.is_empty()).then(|| text.into()))
}

const EXPECTED: &str = "a number of seconds or a text such as \"5m\" or \"1 day\"";
const MAX_SECONDS: u64 = 1_000 * 366 * 24 * 60 * 60;

#[cfg(test)]
mod tests {
    use super::*;

    fn seconds(text: &str) -> Result<i64, String> {
        text.parse::<Lifetime>()
            .map(|lifetime| lifetime.span().num_seconds())
    }

    #[test]
    fn a_lifetime_is_seconds_or_a_text_with_units() {
        assert_eq!(seconds("300"), Ok(300));
        assert_eq!(seconds("-5"), Ok(-5));
        assert_eq!(seconds("5m"), Ok(300));
        assert_eq!(seconds("1 day"), Ok(86_400));
        assert_eq!(seconds("1h 30m"), Ok(5_400));
    }

    #[test]
    fn a_lifetime_that_is_neither_says_what_was_expected() {
        assert!(
            seconds("soon")
                .unwrap_err()
                .starts_with("`soon` is not a number of seconds or")
        );
        assert_eq!(
            seconds("2000 years"),
            Err("`2000 years` is longer than 1,000 years".into())
        );
        assert!(seconds("9223372036854775807").is_err());
        assert_eq!(
            seconds("900ms"),
            Err("`900ms` is not a whole number of seconds".into())
        );
    }
}
