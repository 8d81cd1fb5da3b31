//! How long a set is fresh, and when it is asked for again: numbers from numbers.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use reqwest::header::{AGE, CACHE_CONTROL, DATE, EXPIRES, HeaderMap, HeaderName, RETRY_AFTER};

use super::rules::{LEAST_FRESH, MOST_FRESH};

/// For how long an answer is fresh by its own words (RFC 9111 4.2), within bounds. `None`: it says
/// nothing.
pub(super) fn fresh_for(headers: &HeaderMap, now: DateTime<Utc>) -> Option<Duration> {
    let said = match cache_control(headers) {
        Some(said) => said,
        None => expires(headers, now)?,
    };
    let age = text(headers, &AGE).and_then(seconds).unwrap_or_default();
    let left = said.saturating_sub(age);
    Some(left.clamp(LEAST_FRESH, MOST_FRESH))
}

/// RFC 9111 5.2.2. Where it says several things, the strictest counts.
fn cache_control(headers: &HeaderMap) -> Option<Duration> {
    let values = headers.get_all(CACHE_CONTROL).iter();
    let directives = values
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','));
    directives.filter_map(directive).min()
}

fn directive(text: &str) -> Option<Duration> {
    let (name, value) = text.split_once('=').unwrap_or((text, ""));
    match name.trim().to_ascii_lowercase().as_str() {
        "no-cache" | "no-store" => Some(Duration::ZERO),
        // RFC 9111 4.2.1: what cannot be read is not fresh.
        "max-age" => Some(seconds(value.trim().trim_matches('"')).unwrap_or_default()),
        _ => None,
    }
}

/// RFC 9111 5.3: by the server's own clock, where it says what that shows.
fn expires(headers: &HeaderMap, now: DateTime<Utc>) -> Option<Duration> {
    let said = headers.get(EXPIRES)?;
    let end = said.to_str().ok().and_then(date);
    let date = text(headers, &DATE).and_then(date).unwrap_or(now);
    Some(end.map_or(Duration::ZERO, |end| from_until(date, end)))
}

/// What a server that cannot answer says about asking again (RFC 9110 10.2.3), within bounds.
pub(super) fn retry_after(headers: &HeaderMap, now: DateTime<Utc>) -> Option<Duration> {
    let said = text(headers, &RETRY_AFTER)?;
    let until = |end| from_until(text(headers, &DATE).and_then(date).unwrap_or(now), end);
    let pause = seconds(said).or_else(|| date(said).map(until))?;
    Some(pause.min(MOST_RETRY_AFTER))
}

/// How long after a fetch the next one is due: before the set has to be waited for, and not for
/// all verifiers at the same moment. `random` is any number.
pub(super) fn refresh_after(fresh_for: Duration, random: u16) -> Duration {
    let jitter = f64::from(random) / f64::from(u16::MAX) * 2.0 - 1.0;
    fresh_for.mul_f64(REFRESH_AHEAD * (1.0 + JITTER * jitter))
}

/// How long to wait after so many failures one after the other.
pub(super) fn back_off(failures: u32) -> Duration {
    let doubled = 2_u32.saturating_pow(failures.saturating_sub(1));
    LEAST_BACK_OFF.saturating_mul(doubled).min(MOST_BACK_OFF)
}

fn text<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Option<&'a str> {
    headers.get(name)?.to_str().ok()
}

/// RFC 9111 1.2.2: digits. A number that is too large is a large one.
fn seconds(text: &str) -> Option<Duration> {
    let is_number = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    is_number.then(|| Duration::from_secs(text.parse().unwrap_or(u64::from(u32::MAX))))
}

/// RFC 9110 5.6.7, in the form that servers must send.
fn date(text: &str) -> Option<DateTime<Utc>> {
    Some(DateTime::parse_from_rfc2822(text).ok()?.to_utc())
}

/// Nothing where the end comes first.
fn from_until(start: DateTime<Utc>, end: DateTime<Utc>) -> Duration {
    let span: TimeDelta = end.signed_duration_since(start);
    span.to_std().unwrap_or_default()
}

/// This part of its freshness passes before a set is asked for again.
const REFRESH_AHEAD: f64 = 0.75;
/// By this part that moment moves, at random, to either side.
const JITTER: f64 = 0.1;
const LEAST_BACK_OFF: Duration = Duration::from_secs(1);
const MOST_BACK_OFF: Duration = Duration::from_mins(1);
/// Beyond it an answer would shut us out for longer than sets are good for.
const MOST_RETRY_AFTER: Duration = Duration::from_mins(10);

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: &str = "Wed, 21 Oct 2026 07:28:00 GMT";

    fn headers(lines: &[(&'static str, &'static str)]) -> HeaderMap {
        let line = |&(name, value): &(&'static str, &'static str)| {
            (HeaderName::from_static(name), value.parse().unwrap())
        };
        let mut headers = HeaderMap::new();
        for (name, value) in lines.iter().map(line) {
            headers.append(name, value);
        }
        headers
    }

    fn minutes(lines: &[(&'static str, &'static str)]) -> Option<u64> {
        let fresh = fresh_for(&headers(lines), date(NOW).unwrap())?;
        Some(fresh.as_secs() / 60)
    }

    #[test]
    fn max_age_counts_less_the_age() {
        assert_eq!(
            minutes(&[("cache-control", "public, Max-Age=600")]),
            Some(10)
        );
        assert_eq!(
            minutes(&[("cache-control", "max-age=600"), ("age", "120")]),
            Some(8)
        );
        assert_eq!(minutes(&[("cache-control", "max-age=\"600\"")]), Some(10));
    }

    #[test]
    fn freshness_stays_within_a_minute_and_a_day() {
        assert_eq!(minutes(&[("cache-control", "max-age=0")]), Some(1));
        assert_eq!(
            minutes(&[("cache-control", "max-age=600"), ("age", "9999")]),
            Some(1)
        );
        assert_eq!(
            minutes(&[("cache-control", "max-age=31536000")]),
            Some(24 * 60)
        );
        assert_eq!(
            minutes(&[("cache-control", "max-age=99999999999999999999999")]),
            Some(24 * 60)
        );
    }

    #[test]
    fn an_answer_that_must_not_be_kept_is_fresh_for_a_minute() {
        assert_eq!(minutes(&[("cache-control", "no-store")]), Some(1));
        assert_eq!(
            minutes(&[("cache-control", "max-age=600, no-cache")]),
            Some(1)
        );
        assert_eq!(
            minutes(&[
                ("cache-control", "max-age=600"),
                ("cache-control", "NO-STORE")
            ]),
            Some(1)
        );
    }

    #[test]
    fn a_max_age_that_cannot_be_read_is_none() {
        assert_eq!(minutes(&[("cache-control", "max-age=-5")]), Some(1));
        assert_eq!(minutes(&[("cache-control", "max-age=+600")]), Some(1));
        assert_eq!(minutes(&[("cache-control", "max-age")]), Some(1));
    }

    #[test]
    fn expires_counts_from_the_date_of_the_answer() {
        let expires = ("expires", "Wed, 21 Oct 2026 07:58:00 GMT");

        assert_eq!(minutes(&[expires]), Some(30));
        assert_eq!(
            minutes(&[expires, ("date", "Wed, 21 Oct 2026 07:38:00 GMT")]),
            Some(20)
        );
        assert_eq!(minutes(&[expires, ("age", "300")]), Some(25));
        assert_eq!(
            minutes(&[expires, ("cache-control", "max-age=120")]),
            Some(2)
        );
        assert_eq!(minutes(&[("expires", "0")]), Some(1));
        assert_eq!(
            minutes(&[("expires", "Wed, 21 Oct 2020 07:28:00 GMT")]),
            Some(1)
        );
    }

    #[test]
    fn an_answer_may_say_nothing() {
        assert_eq!(minutes(&[]), None);
        assert_eq!(
            minutes(&[("cache-control", "public, s-maxage=600"), ("age", "5")]),
            None
        );
    }

    #[test]
    fn retry_after_is_seconds_or_a_date_and_ten_minutes_at_most() {
        let pause = |value| {
            let pause = retry_after(&headers(&[("retry-after", value)]), date(NOW).unwrap());
            pause.map(|pause| pause.as_secs())
        };

        assert_eq!(pause("120"), Some(120));
        assert_eq!(pause("86400"), Some(600));
        assert_eq!(pause("Wed, 21 Oct 2026 07:29:00 GMT"), Some(60));
        assert_eq!(pause("Wed, 21 Oct 2020 07:29:00 GMT"), Some(0));
        assert_eq!(pause("soon"), None);
    }

    #[test]
    fn the_next_fetch_is_due_at_three_quarters_give_or_take_a_tenth() {
        let after = |random| refresh_after(Duration::from_secs(1000), random).as_secs_f64();

        assert!((after(0) - 675.0).abs() < 0.001);
        assert!((after(u16::MAX) - 825.0).abs() < 0.001);
        assert!((after(u16::MAX / 2) - 750.0).abs() < 0.01);
    }

    #[test]
    fn pauses_double_from_a_second_to_a_minute() {
        let pauses = [1, 2, 3, 6, 7, 8, 40, u32::MAX].map(|failures| back_off(failures).as_secs());

        assert_eq!(pauses, [1, 2, 4, 32, 60, 60, 60, 60]);
    }
}
