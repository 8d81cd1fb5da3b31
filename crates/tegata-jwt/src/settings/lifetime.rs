use std::fmt;
use std::str::FromStr;

use chrono::TimeDelta;
use serde::de::{Error, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A span of time in a setting: a number of seconds, or a text such as `"5m"`, `"1 day"`, `"PT5M"`
/// (ISO 8601) or `"timedelta(minutes=5)"`.
///
/// May be negative, as in Simple JWT. At most 1,000 years, to the microsecond.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Lifetime(TimeDelta);

impl Lifetime {
    /// A span of this many days, or 1,000 years where that is less.
    #[must_use]
    pub const fn days(days: i32) -> Self {
        Self::within(days as i64 * 86_400)
    }

    /// A span of this many minutes, or 1,000 years where that is less.
    #[must_use]
    pub const fn minutes(minutes: i32) -> Self {
        Self::within(minutes as i64 * 60)
    }

    /// A span of this many seconds.
    #[must_use]
    pub const fn seconds(seconds: i32) -> Self {
        Self::within(seconds as i64)
    }

    /// Cuts off what would lead beyond the calendar.
    const fn within(seconds: i64) -> Self {
        if seconds > MAX_SECONDS {
            return Self(TimeDelta::seconds(MAX_SECONDS));
        }
        if seconds < -MAX_SECONDS {
            return Self(TimeDelta::seconds(-MAX_SECONDS));
        }
        Self(TimeDelta::seconds(seconds))
    }

    /// The span itself.
    #[must_use]
    pub fn span(self) -> TimeDelta {
        self.0
    }

    fn from_seconds(seconds: f64) -> Result<Self, String> {
        // A comparison that is false for what is not a number.
        #[expect(clippy::cast_precision_loss, reason = "far below 2^52")]
        if seconds.abs() <= MAX_SECONDS as f64 {
            #[expect(clippy::cast_possible_truncation, reason = "bounded just above")]
            let micros = (seconds * 1e6).round() as i64;
            return Ok(Self(TimeDelta::microseconds(micros)));
        }
        Err(TOO_LONG.to_owned())
    }
}

impl fmt::Debug for Lifetime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")
    }
}

impl fmt::Display for Lifetime {
    /// In units where it is more than zero, else in seconds.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0.to_std() {
            Ok(span) if !span.is_zero() => {
                let text = humantime::format_duration(span).to_string();
                f.write_str(&text.replace("day", " day"))
            }
            _ => write!(f, "{}", self.0.as_seconds_f64()),
        }
    }
}

impl FromStr for Lifetime {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let text = text.trim();
        if let Ok(seconds) = text.parse() {
            return Self::from_seconds(seconds);
        }
        // The crate's capital M is a month, which nobody who writes "5M" means.
        if let Ok(span) = humantime::parse_duration(text)
            && !text.contains('M')
        {
            return Self::from_seconds(span.as_secs_f64());
        }
        if let Some(span) = timedelta(text) {
            return Self::from_seconds(span);
        }
        // ISO 8601, and what Python prints of a timedelta: the forms pydantic reads.
        let span = speedate::Duration::parse_str(text)
            .map_err(|_| format!("`{text}` is not {EXPECTED}"))?;
        let seconds = TimeDelta::seconds(span.signed_total_seconds());
        let micros = TimeDelta::microseconds(span.signed_microseconds().into());
        Self::from_seconds((seconds + micros).as_seconds_f64())
    }
}

impl Serialize for Lifetime {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
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

    fn visit_f64<E: Error>(self, seconds: f64) -> Result<Self::Value, E> {
        Lifetime::from_seconds(seconds).map_err(E::custom)
    }

    fn visit_i64<E: Error>(self, seconds: i64) -> Result<Self::Value, E> {
        let seconds = i32::try_from(seconds).map(f64::from);
        self.visit_f64(seconds.unwrap_or(f64::INFINITY))
    }

    fn visit_u64<E: Error>(self, seconds: u64) -> Result<Self::Value, E> {
        self.visit_i64(seconds.try_into().unwrap_or(i64::MAX))
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Self::Value, E> {
        text.parse().map_err(E::custom)
    }
}

/// The seconds of Python's `timedelta(…)`, `datetime.` before it or not, by keyword or by place.
fn timedelta(text: &str) -> Option<f64> {
    let text = text.strip_prefix("datetime.").unwrap_or(text);
    let arguments = text.strip_prefix("timedelta(")?.strip_suffix(')')?;
    let mut seconds = 0.0;
    let mut given = Vec::new();
    for (place, argument) in arguments.split(',').enumerate() {
        let (unit, number) = match argument.split_once('=') {
            Some((name, number)) => (UNITS.iter().find(|unit| unit.0 == name.trim())?, number),
            None if argument.trim().is_empty() => continue,
            None => (UNITS.get(place)?, argument),
        };
        if given.contains(&unit.0) {
            return None;
        }
        given.push(unit.0);
        seconds += number.trim().replace('_', "").parse::<f64>().ok()? * unit.1;
    }
    Some(seconds)
}

/// The arguments of `timedelta` in their order, and their seconds.
const UNITS: [(&str, f64); 7] = [
    ("days", 86_400.0),
    ("seconds", 1.0),
    ("microseconds", 1e-6),
    ("milliseconds", 1e-3),
    ("minutes", 60.0),
    ("hours", 3_600.0),
    ("weeks", 604_800.0),
];
const EXPECTED: &str = "a number of seconds or a text such as \"5m\", \"1 day\", \"PT5M\" or \
                        \"timedelta(minutes=5)\"";
const TOO_LONG: &str = "longer than 1,000 years";
const MAX_SECONDS: i64 = 1_000 * 366 * 86_400;

#[cfg(test)]
mod tests {
    use super::*;

    fn seconds(text: &str) -> Result<f64, String> {
        text.parse::<Lifetime>()
            .map(|lifetime| lifetime.span().as_seconds_f64())
    }

    #[test]
    fn a_lifetime_is_seconds_or_a_text_with_units() {
        assert_eq!(seconds("300"), Ok(300.0));
        assert_eq!(seconds("-5"), Ok(-5.0));
        assert_eq!(seconds("0.5"), Ok(0.5));
        assert_eq!(seconds("5m"), Ok(300.0));
        assert_eq!(seconds("1 day"), Ok(86_400.0));
        assert_eq!(seconds("1h 30m"), Ok(5_400.0));
        assert_eq!(seconds("900ms"), Ok(0.9));
        assert!(seconds("5M").is_err(), "minutes or months?");
    }

    #[test]
    fn a_lifetime_may_be_written_as_iso_8601_or_as_python_prints_it() {
        assert_eq!(seconds("PT5M"), Ok(300.0));
        assert_eq!(seconds("P1DT2H"), Ok(93_600.0));
        assert_eq!(seconds("-PT1.5S"), Ok(-1.5));
        assert_eq!(seconds("1 day, 00:00:01"), Ok(86_401.0));
        assert_eq!(seconds("00:05:00"), Ok(300.0));
    }

    #[test]
    fn a_lifetime_may_be_written_as_pythons_timedelta() {
        assert_eq!(seconds("timedelta(minutes=5)"), Ok(300.0));
        assert_eq!(
            seconds("datetime.timedelta(days=1, hours=-1)"),
            Ok(82_800.0)
        );
        assert_eq!(seconds("timedelta(0, 90)"), Ok(90.0));
        assert_eq!(seconds("timedelta()"), Ok(0.0));
        assert!(seconds("timedelta(years=1)").is_err());
        assert!(seconds("timedelta(minutes=5, minutes=5)").is_err());
        assert!(seconds("timedelta(minutes=5").is_err());
    }

    #[test]
    fn a_lifetime_that_is_neither_says_what_was_expected() {
        let refused = seconds("soon").unwrap_err();

        assert!(
            refused.starts_with("`soon` is not a number of seconds or"),
            "{refused}"
        );
        for text in ["2000 years", "9223372036854775807", "inf", "nan", "1e300"] {
            assert_eq!(seconds(text), Err(TOO_LONG.to_owned()), "{text}");
        }
    }

    #[test]
    fn a_lifetime_never_leads_beyond_the_calendar() {
        let millennium = TimeDelta::seconds(MAX_SECONDS);

        assert_eq!(Lifetime::days(i32::MAX).span(), millennium);
        assert_eq!(Lifetime::days(i32::MIN).span(), -millennium);
        assert_eq!(Lifetime::minutes(i32::MAX).span(), millennium);
        assert_eq!(Lifetime::seconds(i32::MIN).span().num_seconds(), -1 << 31);
    }

    #[test]
    fn a_lifetime_is_printed_as_it_can_be_read_back() {
        for text in [
            "5m",
            "1 day",
            "2 days 3h",
            "0",
            "-5",
            "1h 30m",
            "900ms",
            "-0.5",
        ] {
            assert_eq!(text.parse::<Lifetime>().unwrap().to_string(), text);
        }
    }
}
