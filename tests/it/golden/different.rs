//! The recordings that tegata answers otherwise, and why it may.

use super::COMBOS;

/// A combo, a recording of it, and the case in `docs/reference/differences.md`. What tegata answers
/// instead stands in `snapshots/`.
const DIFFERENT: [(&str, &str, &str); 12] = [
    (
        "default",
        "refresh_own",
        "`iat` of an access token obtained by refresh",
    ),
    (
        "default",
        "refresh_copies_custom_claims",
        "`iat` of an access token obtained by refresh",
    ),
    (
        "default",
        "refresh_for_inactive_user",
        "refresh for a user disabled or deleted meanwhile",
    ),
    (
        "default",
        "refresh_without_user_id",
        "refresh of a token that names no user",
    ),
    (
        "default",
        "tok_refresh_jti_missing",
        "refresh of a token without `jti`, with the blacklist app",
    ),
    ("default", "trailing_slash_pair", "an unknown path"),
    (
        "no_blacklist_app",
        "blacklist_then_use",
        "`/token/blacklist` without the blacklist app",
    ),
    (
        "rs256",
        "pair_ok",
        "header with RS256, ES256 and their like",
    ),
    (
        "es256",
        "pair_ok",
        "header with RS256, ES256 and their like",
    ),
    (
        "user_id_sub",
        "pair_ok",
        "a user's number in the claim `sub`",
    ),
    (
        "user_id_sub",
        "verify_both_tokens",
        "a user's number in the claim `sub`",
    ),
    (
        "no_type_claim",
        "none_type_claim_pair",
        "`TOKEN_TYPE_CLAIM` or `JTI_CLAIM` as `None`",
    ),
];

/// Whether tegata means to answer a recording otherwise.
pub(super) fn is_different(combo: &str, name: &str) -> bool {
    let mut different = DIFFERENT.iter();
    different.any(|(of, recording, _)| (*of, *recording) == (combo, name))
}

#[test]
fn each_difference_is_documented() {
    let differences = include_str!("../../../docs/reference/differences.md");
    let is_documented = |case: &str| {
        let row = format!("| {case} |");
        differences.lines().any(|line| line.starts_with(&row))
    };

    let undocumented: Vec<_> = DIFFERENT
        .iter()
        .filter(|(_, _, case)| !is_documented(case))
        .collect();
    assert!(undocumented.is_empty(), "{undocumented:#?}");
}

#[test]
fn each_difference_is_from_a_recording() {
    let is_replayed = |of: &str, name: &str| {
        let combo = COMBOS.iter().find(|combo| combo.name == of);
        combo.is_some_and(|combo| combo.replayed.contains(&name))
    };

    let unknown: Vec<_> = DIFFERENT
        .iter()
        .filter(|(combo, name, _)| !is_replayed(combo, name))
        .collect();
    assert!(unknown.is_empty(), "{unknown:#?}");
}
