use std::collections::HashSet;

use tegata_jwt::IssuerSettings;

use super::jwks::unfit;
use super::{Contradiction, jwt_keys, unique_fields};
use crate::settings::Settings;

/// What is wrong with the tables `[[jwt.issuers]]`, each by its number.
pub(super) fn issuers(settings: &Settings) -> Vec<Contradiction> {
    let mut found = Vec::new();
    let mut before = HashSet::new();
    for (number, issuer) in (1..).zip(&settings.jwt.issuers) {
        let mut refuse = |key: &str, reason: &str| {
            let reason = format!("number {number}, {key}: {reason}");
            found.push(jwt_keys(&["issuers"], reason));
        };
        if !before.insert(&issuer.issuer) {
            refuse("issuer", "an earlier one has the same");
        }
        if settings.jwt.issuer.as_ref() == Some(&issuer.issuer) {
            refuse(
                "issuer",
                "it is [jwt] issuer, and nobody else issues as that",
            );
        }
        for (key, reason) in faults(issuer, settings) {
            refuse(key, &reason);
        }
    }
    found
}

/// The keys of a table whose values are wrong, and why.
fn faults(issuer: &IssuerSettings, settings: &Settings) -> Vec<(&'static str, String)> {
    let mut found = Vec::new();
    let mut refuse = |key, reason: &str| found.push((key, reason.to_owned()));
    let allow_http = settings.jwks.allow_http;
    match &issuer.jwks_url {
        Some(url) => {
            if let Some(reason) = unfit(url, allow_http) {
                refuse("jwks_url", reason);
            }
        }
        None if issuer.issuer.contains('?') => {
            refuse(
                "issuer",
                "its keys cannot be found below a `?`: set jwks_url",
            );
        }
        None => {
            if let Some(reason) = unfit(&issuer.issuer, allow_http) {
                refuse("issuer", &format!("{reason}; or set jwks_url beside it"));
            }
        }
    }
    match (&issuer.audience, issuer.any_audience) {
        (None, false) => refuse("audience", NO_AUDIENCE),
        (Some(_), true) => refuse("any_audience", "leave it out where there is an audience"),
        _ => {}
    }
    if issuer.algorithms.is_empty() {
        refuse("algorithms", "expected at least one such as \"ES256\"");
    }
    if issuer.typ.iter().any(String::is_empty) {
        refuse("typ", "expected types such as \"at+jwt\"");
    }
    if issuer.required_claims.iter().any(|claim| !is_claim(claim)) {
        let reason = "expected claims with their values such as \"typ=Bearer\"";
        refuse("required_claims", reason);
    }
    if issuer.required_scopes.iter().any(|scope| !is_scope(scope)) {
        let reason = "expected words such as \"orders:read\", one text for each";
        refuse("required_scopes", reason);
    }
    if !(0..=MAX_LEEWAY).contains(&issuer.leeway.span().num_seconds()) {
        refuse("leeway", "expected nothing to five minutes");
    }
    found.extend(mapping(issuer, settings));
    found
}

/// Who decides who a user is, must say by which claim and by which column.
fn mapping(issuer: &IssuerSettings, settings: &Settings) -> Option<(&'static str, String)> {
    match (&issuer.user_id_claim, &issuer.user_id_field) {
        (None, Some(_)) => {
            let reason = "name the claim that stands for it, or leave user_id_field out";
            Some(("user_id_claim", reason.to_owned()))
        }
        (Some(_), None) => {
            let reason = "name the column that the claim stands for, or leave user_id_claim out";
            Some(("user_id_field", reason.to_owned()))
        }
        (Some(_), Some(field)) => {
            let unique = unique_fields(settings);
            let reason = format!(
                "`{field}` is not one of {}: other columns may hold one value twice",
                unique.join(", ")
            );
            (!unique.contains(&field.as_str())).then_some(("user_id_field", reason))
        }
        (None, None) => None,
    }
}

fn is_claim(claim: &str) -> bool {
    claim
        .split_once('=')
        .is_some_and(|(name, _)| !name.is_empty())
}

/// RFC 6749 3.3.
fn is_scope(scope: &str) -> bool {
    let is_allowed = |c: char| c.is_ascii_graphic() && c != '"' && c != '\\';
    !scope.is_empty() && scope.chars().all(is_allowed)
}

const MAX_LEEWAY: i64 = 300;
const NO_AUDIENCE: &str = "say whom its tokens must be for: without it, what it issued for another \
                           service would be accepted here, which any_audience = true lets through";
