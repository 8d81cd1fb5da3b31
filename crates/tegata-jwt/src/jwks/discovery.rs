//! What an issuer's metadata say about its key set (OpenID Connect Discovery 1.0 4, RFC 8414 3).

use reqwest::Url;

use super::address;
use super::error::Failure;
use super::events::shown;
use super::rules::KeySetRules;
use super::status::FetchOutcome;
use crate::claims::string;
use crate::keys::is_deeper;
use crate::object::Object;

/// Where an issuer's metadata may stand, in the order they are looked for.
pub(super) fn places(issuer: &Url) -> [Url; 2] {
    let path = issuer.path().trim_end_matches('/');
    let at = |path: String| {
        let mut url = issuer.clone();
        url.set_path(&path);
        url
    };
    [
        at(format!("{path}/.well-known/openid-configuration")),
        // RFC 8414 3.1.
        at(format!("/.well-known/oauth-authorization-server{path}")),
    ]
}

/// The URL of the key set in an issuer's metadata.
pub(super) fn key_set_url(metadata: &str, issuer: &str, allow_http: bool) -> Result<Url, Failure> {
    let malformed = |text: &str| Failure::new(FetchOutcome::Malformed, text);
    let refused = |text: String| Failure::new(FetchOutcome::Refused, text);

    if is_deeper(metadata, MAX_DEPTH) {
        return Err(malformed("the metadata are nested too deep"));
    }
    let metadata = Object::parse(metadata.as_bytes())
        .ok_or_else(|| malformed("the metadata are no JSON object"))?;
    // RFC 8414 3.3: to the letter, or somebody could pass another's keys off as the issuer's.
    let named = metadata.get("issuer").and_then(string);
    if named.as_deref() != Some(issuer) {
        // To the letter, too: it may be no more than a slash.
        let named = shown(&named.unwrap_or_default());
        return Err(refused(format!("the metadata are of the issuer `{named}`")));
    }
    let url = metadata.get("jwks_uri").and_then(string);
    let url = url.ok_or_else(|| malformed("the metadata name no `jwks_uri`"))?;
    address::parse(&url, allow_http).map_err(|reason| refused(format!("`jwks_uri`: {reason}")))
}

/// Whether the key set of an issuer may stand there, by what the configuration says of hosts.
pub(super) fn check(url: &Url, issuer: &Url, rules: &KeySetRules) -> Result<(), Failure> {
    let refused = |text| Err(Failure::new(FetchOutcome::Refused, text));
    if rules.same_origin && url.origin() != issuer.origin() {
        return refused("`jwks_uri` is of another origin than the issuer");
    }
    if !rules.hosts.is_empty() && !is_named(url, issuer, rules) {
        return refused("`jwks_uri` is of a host that is not allowed");
    }
    Ok(())
}

/// Whether the configuration itself names the URL's host, and not the metadata alone.
pub(super) fn is_named(url: &Url, issuer: &Url, rules: &KeySetRules) -> bool {
    let host = url.host_str();
    host == issuer.host_str() || rules.hosts.iter().any(|named| Some(named.as_str()) == host)
}

const MAX_DEPTH: usize = 16;

#[cfg(test)]
mod tests {
    use super::*;

    const ISSUER: &str = "https://id.example/realms/a";

    fn url(metadata: &str) -> Result<String, FetchOutcome> {
        let url = key_set_url(metadata, ISSUER, false);
        url.map(Into::into).map_err(|failure| failure.outcome)
    }

    #[test]
    fn metadata_stand_behind_the_issuer_or_before_its_path() {
        let places = |issuer| places(&Url::parse(issuer).unwrap()).map(String::from);

        assert_eq!(
            places(ISSUER),
            [
                "https://id.example/realms/a/.well-known/openid-configuration",
                "https://id.example/.well-known/oauth-authorization-server/realms/a",
            ]
        );
        assert_eq!(
            places("https://id.example/"),
            [
                "https://id.example/.well-known/openid-configuration",
                "https://id.example/.well-known/oauth-authorization-server",
            ]
        );
    }

    #[test]
    fn metadata_name_the_key_set() {
        let metadata = r#"{"issuer": "https://id.example/realms/a", "x": [1],
                           "jwks_uri": "https:\/\/keys.example/a?b"}"#;

        assert_eq!(url(metadata).unwrap(), "https://keys.example/a?b");
    }

    #[test]
    fn metadata_of_another_issuer_are_refused() {
        let of = |issuer: &str| {
            url(&format!(
                r#"{{"issuer": {issuer}, "jwks_uri": "https://a/"}}"#
            ))
        };
        let refused = Err(FetchOutcome::Refused);

        assert_eq!(of(r#""https://id.example/realms/b""#), refused);
        assert_eq!(of(r#""https://id.example/realms/a/""#), refused);
        assert_eq!(of(r#""HTTPS://id.example/realms/a""#), refused);
        assert_eq!(of(r#"["https://id.example/realms/a"]"#), refused);
    }

    #[test]
    fn metadata_that_send_us_to_a_file_are_refused() {
        let to = |url_: &str| {
            url(&format!(
                r#"{{"issuer": "{ISSUER}", "jwks_uri": "{url_}"}}"#
            ))
        };
        let refused = Err(FetchOutcome::Refused);

        assert_eq!(to("file:///etc/passwd"), refused);
        assert_eq!(to("http://keys.example/"), refused);
        assert_eq!(to("https://me:pw@keys.example/"), refused);
    }

    #[test]
    fn metadata_that_cannot_be_read_are_malformed() {
        let nested = format!(r#"{{"a": {}{}}}"#, "[".repeat(16), "]".repeat(16));
        let twice = format!(r#"{{"issuer": "{ISSUER}", "issuer": "{ISSUER}"}}"#);
        let malformed = Err(FetchOutcome::Malformed);

        assert_eq!(url("<html>"), malformed);
        assert_eq!(url(&nested), malformed);
        assert_eq!(url(&twice), malformed);
        assert_eq!(url(&format!(r#"{{"issuer": "{ISSUER}"}}"#)), malformed);
    }

    #[test]
    fn a_key_set_must_come_from_where_the_rules_allow() {
        let issuer = Url::parse(ISSUER).unwrap();
        let allowed =
            |url, rules: &KeySetRules| check(&Url::parse(url).unwrap(), &issuer, rules).is_ok();
        let same_origin = KeySetRules {
            same_origin: true,
            ..KeySetRules::default()
        };
        let hosts = KeySetRules {
            hosts: vec!["keys.example".to_owned()],
            ..KeySetRules::default()
        };

        assert!(allowed("https://id.example/jwks", &same_origin));
        assert!(!allowed("https://id.example:8443/jwks", &same_origin));
        assert!(!allowed("https://keys.example/jwks", &same_origin));
        assert!(allowed("https://keys.example/jwks", &hosts));
        assert!(allowed("https://id.example/jwks", &hosts));
        assert!(!allowed("https://other.example/jwks", &hosts));
    }
}
