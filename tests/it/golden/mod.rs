//! Recorded answers of django-ninja-jwt, replayed against the service.
//!
//! What no two runs share is a token's `jti` and with it the signature. So each live token gets
//! the recorded `jti`, is signed again with the recorded key, and must then be the recorded one to
//! the letter: header, order of claims, times, encoding. The clock is set to the recorded moment.
//!
//! A new recording goes into `<combo>.md` as it is, and its name into the combo's list below. Where
//! tegata means to answer otherwise, it also goes into `different.rs`, with the row of
//! `docs/reference/differences.md` that says so, and the answer into a snapshot.

#![expect(non_snake_case, reason = "the names are the recordings'")]

mod different;
mod recording;
mod replay;

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use tegata::settings::Settings;
use tegata_jwt::{Algorithm, Audience, Lifetime, TokenClass};

use self::recording::names;
use self::replay::replay;

/// Recordings made under the same settings.
struct Combo {
    name: &'static str,
    recordings: &'static str,
    settings: fn(&mut Settings),
    replayed: &'static [&'static str],
}

macro_rules! combos {
    ($($combo:ident: $settings:expr => $($recording:ident)+;)+) => {
        const COMBOS: &[Combo] = &[$(Combo {
            name: stringify!($combo),
            recordings: include_str!(concat!(stringify!($combo), ".md")),
            settings: $settings,
            replayed: &[$(stringify!($recording)),+],
        }),+];

        $(mod $combo {
            $(#[tokio::test]
            async fn $recording() {
                super::replay(stringify!($combo), stringify!($recording)).await;
            })+
        })+
    };
}

combos! {
    default: |_| {} =>
        pair_ok
        pair_wrong_password
        pair_inactive_user
        pair_non_ascii_user
        refresh_own
        refresh_with_access_token
        verify_both_tokens
        blacklist_then_use
        sliding_ok_refresh_verify
        sliding_refresh_with_pair_tokens
        sliding_refresh_expired_refresh_exp
        sliding_refresh_missing_refresh_exp
        refresh_copies_custom_claims
        refresh_without_user_id
        refresh_for_inactive_user
        body_pair_no_body
        body_pair_open_brace
        body_pair_array
        body_pair_empty_object
        body_pair_username_missing
        body_pair_password_missing
        body_pair_username_int
        body_pair_username_huge
        body_pair_password_surrogate
        body_refresh_no_body
        body_refresh_empty_object
        body_refresh_refresh_int
        body_verify_array
        body_verify_empty_object
        body_verify_token_int
        body_blacklist_empty_object
        body_sliding_refresh_empty_object
        tok_verify_exp_missing
        tok_verify_jti_missing
        tok_verify_expired
        tok_refresh_type_missing
        tok_refresh_jti_missing
        method_pair_GET
        trailing_slash_pair
        ctype_pair_text
        form_body_pair
        who_none
        who_access
        who_refresh
        who_no_uid
        who_uid_unknown
        who_uid_inactive;

    rotate: |s| s.jwt.rotate_refresh_tokens = true =>
        refresh_own;

    rotate_blacklist: |s| {
        s.jwt.rotate_refresh_tokens = true;
        s.jwt.blacklist_after_rotation = true;
    } =>
        refresh_same_token_twice
        verify_after_refresh;

    blacklist_flag_only: |s| s.jwt.blacklist_after_rotation = true =>
        blacklist_then_use;

    no_blacklist_app: |s| s.blacklist.enabled = false =>
        blacklist_then_use;

    rs256: |s| {
        s.jwt.algorithm = Algorithm::RS256;
        s.jwt.signing_key = Some(include_str!("../../keys/rs256.pem").into());
    } =>
        pair_ok;

    es256: |s| {
        s.jwt.algorithm = Algorithm::ES256;
        s.jwt.signing_key = Some(include_str!("../../keys/es256.pem").into());
    } =>
        pair_ok;

    aud_iss: |s| {
        s.jwt.audience = Some(Audience::One("aud-1".to_owned()));
        s.jwt.issuer = Some("https://iss.example/".to_owned());
    } =>
        pair_ok
        aud_verify_other
        iss_verify_missing;

    aud_list: |s| {
        let names = ["aud-1", "aud-2"].map(str::to_owned);
        s.jwt.audience = Some(Audience::Many(names.to_vec()));
    } =>
        pair_ok
        aud_verify_list_mixed;

    claim_names: |s| {
        s.jwt.token_type_claim = Some("typ2".to_owned());
        s.jwt.jti_claim = Some("tid".to_owned());
        s.jwt.user_id_claim = "uid".into();
        s.jwt.sliding_token_refresh_exp_claim = "rexp".into();
    } =>
        pair_ok
        sliding_ok_refresh_verify
        refresh_default_jti_claim_too;

    user_id_username: |s| s.jwt.user_id_field = "username".into() =>
        pair_ok;

    user_id_sub: |s| s.jwt.user_id_claim = "sub".into() =>
        pair_ok
        verify_both_tokens;

    no_type_claim: |s| s.jwt.token_type_claim = None =>
        none_type_claim_pair;

    sliding_and_access: |s| {
        s.jwt.auth_token_classes = vec![TokenClass::Access, TokenClass::Sliding];
    } =>
        who_refresh;

    // Issued half a second after a whole one, so that both `exp` fall on a whole one.
    lifetimes: |s| {
        s.jwt.access_token_lifetime = lifetime("60.5");
        s.jwt.refresh_token_lifetime = lifetime("3600.5");
    } =>
        pair_ok;
}

fn lifetime(seconds: &str) -> Lifetime {
    seconds.parse().unwrap()
}

#[test]
fn each_recording_is_replayed() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/golden");
    let recorded: BTreeSet<_> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "md"))
        .flat_map(|path| {
            let combo = path.file_stem().unwrap().display().to_string();
            let names = names(&fs::read_to_string(path).unwrap());
            names.into_iter().map(move |name| (combo.clone(), name))
        })
        .collect();

    let replayed: BTreeSet<_> = COMBOS
        .iter()
        .flat_map(|combo| combo.replayed.iter().map(|name| (combo.name, *name)))
        .map(|(combo, name)| (combo.to_owned(), name.to_owned()))
        .collect();

    assert_eq!(replayed, recorded);
}
