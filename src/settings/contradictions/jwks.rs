use std::net::IpAddr;

use chrono::TimeDelta;
use http::Uri;

use super::{Contradiction, jwt_keys};
use crate::settings::{Jwks, Settings};

/// How key sets are fetched, and whether they can be fetched from where they are said to be.
pub(super) fn jwks(settings: &Settings) -> Vec<Contradiction> {
    let mut found = spans(&settings.jwks);
    let url = settings.jwt.jwk_url.as_deref();
    if let Some(reason) = url.and_then(|url| unfit(url, settings.jwks.allow_http)) {
        found.push(jwt_keys(&["jwk_url"], reason));
    }
    found
}

/// Why keys cannot come from there. A stranger who is on the way of plain http could put in his own
/// (OWASP SSRF, CVE-2020-10770).
pub(super) fn unfit(url: &str, allow_http: bool) -> Option<&'static str> {
    let uri = url.parse::<Uri>().ok();
    let (scheme, host) = uri
        .as_ref()
        .map_or((None, None), |uri| (uri.scheme_str(), uri.host()));
    match (scheme, host) {
        _ if url.contains(['@', '#']) => Some("expected a URL without a name, a password or a `#`"),
        (Some("https"), Some(_)) => None,
        (Some("http"), Some(host)) if allow_http || is_loopback(host) => None,
        (Some("http"), Some(_)) => Some(
            "expected https, for whoever is on the way of http can put in keys of his own: \
             [jwks] allow_http = true lets it through",
        ),
        _ => Some("expected a URL such as \"https://id.example/jwks.json\""),
    }
}

fn is_loopback(host: &str) -> bool {
    let address = host.trim_matches(['[', ']']).parse::<IpAddr>();
    host == "localhost" || address.is_ok_and(|address| address.is_loopback())
}

fn spans(jwks: &Jwks) -> Vec<Contradiction> {
    let ranges = [
        (
            "fresh_for",
            jwks.fresh_for,
            TimeDelta::minutes(1)..=TimeDelta::days(1),
            "expected a minute to a day",
        ),
        (
            "outage_tolerance",
            jwks.outage_tolerance,
            TimeDelta::zero()..=TimeDelta::days(7),
            "expected nothing to a week: for so long a key that was withdrawn may verify",
        ),
        (
            "cooldown",
            jwks.cooldown,
            TimeDelta::seconds(5)..=TimeDelta::hours(1),
            "expected 5 seconds to an hour: tokens of unknown keys would have the issuer flooded",
        ),
        (
            "fetch_wait",
            jwks.fetch_wait,
            TimeDelta::zero()..=TimeDelta::seconds(30),
            "expected nothing to 30 seconds",
        ),
        (
            "fetch_timeout",
            jwks.fetch_timeout,
            TimeDelta::milliseconds(100)..=TimeDelta::seconds(30),
            "expected 100 milliseconds to 30 seconds",
        ),
    ];
    let wrong = ranges
        .into_iter()
        .filter(|(_, time, range, _)| !range.contains(&time.span()));
    wrong
        .map(|(key, _, _, reason)| Contradiction {
            keys: vec![("jwks", key)],
            reason: reason.to_owned(),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_come_by_https_or_from_this_host() {
        let is_fit = |url: &str| unfit(url, false).is_none();

        assert!(is_fit("https://id.example/jwks.json?version=1"));
        assert!(is_fit("http://localhost:8000/jwks"));
        assert!(is_fit("http://127.0.0.1:8000/jwks"));
        assert!(is_fit("http://[::1]:8000/jwks"));
        assert!(!is_fit("http://id.example/jwks.json"));
        assert!(!is_fit("http://localhost.example/jwks.json"));
        assert!(!is_fit("file:///etc/passwd"));
        assert!(!is_fit("data:application/json,{}"));
        assert!(!is_fit("id.example/jwks.json"));
        assert!(!is_fit("https://"));
    }

    #[test]
    fn plain_http_is_let_through_where_it_is_asked_for_and_nothing_else() {
        assert_eq!(unfit("http://id.example/jwks.json", true), None);
        assert!(unfit("ftp://id.example/jwks.json", true).is_some());
    }

    #[test]
    fn a_password_in_a_url_is_refused() {
        assert!(unfit("https://tegata:hunter2@id.example/jwks", false).is_some());
    }
}
