use std::fmt;
use std::str::FromStr;

use documented::DocumentedFields;
use serde::{Deserialize, Serialize};

/// `[limits]`: how many passwords may be guessed.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, DocumentedFields, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct Limits {
    /// Whether wrong guesses of passwords are limited. Logins that succeed are not counted. A client
    /// over a limit gets 429 and is told when to come back.
    pub enabled: bool,
    /// Wrong guesses from one address, an IPv6 network of 64 bits counting as one: `"60/m"` is sixty
    /// at once, and one more each second. `s`, `m`, `h` and `d` are second, minute, hour and day.
    pub login_per_address: Rate,
    /// Wrong guesses at one account from one address.
    pub login_per_account_and_address: Rate,
    /// Wrong guesses at one account from all addresses together. Over it, the account's own user is
    /// kept from logging in, too, for as long as the guessing lasts; tokens go on.
    pub login_per_account: Rate,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            enabled: true,
            login_per_address: Rate::new(60, Period::Minute),
            login_per_account_and_address: Rate::new(20, Period::Minute),
            login_per_account: Rate::new(100, Period::Hour),
        }
    }
}

/// So many in a span of time, in the words of Django Ninja's throttles: `"100/h"`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(try_from = "String", into = "String")]
pub struct Rate {
    limit: u32,
    period: Period,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Period {
    Second,
    Minute,
    Hour,
    Day,
}

impl Rate {
    const fn new(limit: u32, period: Period) -> Self {
        Self { limit, period }
    }

    /// How many at once.
    #[must_use]
    pub fn limit(self) -> u32 {
        self.limit
    }

    /// In how many microseconds so many may be.
    #[must_use]
    pub fn period(self) -> i64 {
        self.period.seconds() * 1_000_000
    }

    /// After how many microseconds there is one more.
    #[must_use]
    pub fn interval(self) -> i64 {
        self.period() / i64::from(self.limit)
    }
}

impl Period {
    const fn seconds(self) -> i64 {
        match self {
            Self::Second => 1,
            Self::Minute => 60,
            Self::Hour => 60 * 60,
            Self::Day => 24 * 60 * 60,
        }
    }
}

impl FromStr for Rate {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let parse = || {
            let (limit, period) = text.split_once('/')?;
            let limit = limit.trim().parse().ok()?;
            let period = match period.trim() {
                "s" | "sec" | "second" => Period::Second,
                "m" | "min" | "minute" => Period::Minute,
                "h" | "hour" => Period::Hour,
                "d" | "day" => Period::Day,
                _ => return None,
            };
            (1..=MAX).contains(&limit).then(|| Self::new(limit, period))
        };
        parse().ok_or_else(|| format!("`{text}` is not a rate such as \"20/m\" or \"100/h\""))
    }
}

impl TryFrom<String> for Rate {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        text.parse()
    }
}

impl From<Rate> for String {
    fn from(rate: Rate) -> Self {
        rate.to_string()
    }
}

impl fmt::Display for Rate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let period = match self.period {
            Period::Second => 's',
            Period::Minute => 'm',
            Period::Hour => 'h',
            Period::Day => 'd',
        };
        write!(f, "{}/{period}", self.limit)
    }
}

/// An interval must be a microsecond at least.
const MAX: u32 = 1_000_000;
