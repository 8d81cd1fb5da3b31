//! The attacks on a verifier of many issuers, and its rules.

mod attacks;
mod build;
mod claims;
mod header;
mod memory;
#[cfg(feature = "jwks")]
mod presets;
mod property;
mod times;
mod vectors;

use std::sync::LazyLock;
use std::time::Duration;

use chrono::DateTime;

use super::*;
use crate::claims::Claim;
use crate::fixtures::{asymmetric, key};
use crate::keys::{KeySet, SigningKey};
use crate::{UserId, base64url};

const NOW: i64 = 1_795_219_293;
const A: &str = "https://a.example/";
const B: &str = "https://b.example/";

/// The key of issuer B, of the same kind as that of A.
static OF_B: LazyLock<SigningKey> = LazyLock::new(|| {
    let pem = SigningKey::generate_pem(Algorithm::ES256).unwrap();
    SigningKey::parse(Algorithm::ES256, &pem).unwrap()
});

fn clock() -> Clock {
    Clock::fixed(DateTime::from_timestamp(NOW, 0).unwrap())
}

fn of_a() -> SigningKey {
    key(Algorithm::ES256)
}

fn keys_of(key: &SigningKey) -> KeySet {
    KeySet::of([key.verifying_key()])
}

/// Issuer A: its key is for ES256, its tokens are for `api`.
fn a() -> TrustedIssuer {
    let issuer = TrustedIssuer::keys(A, keys_of(&of_a()));
    issuer.audience(["api"]).algorithms([Algorithm::ES256])
}

fn b() -> TrustedIssuer {
    let issuer = TrustedIssuer::keys(B, keys_of(&OF_B));
    issuer.audience(["api"]).algorithms([Algorithm::ES256])
}

fn verifier(issuer: TrustedIssuer) -> Verifier {
    Verifier::builder()
        .issuer(issuer)
        .clock(clock())
        .build()
        .unwrap()
}

/// A trusts A, and B trusts B.
fn both() -> Verifier {
    let builder = Verifier::builder().issuer(a()).issuer(b()).clock(clock());
    builder.build().unwrap()
}

/// Claims of A's as they should be, with these members put in their places or behind them.
fn claims_with(members: &[(&str, &str)]) -> String {
    let (iss, exp, iat) = (format!("\"{A}\""), (NOW + 300).to_string(), NOW.to_string());
    let usual = [
        ("iss", &*iss),
        ("aud", r#""api""#),
        ("sub", r#""u-7""#),
        ("exp", &exp),
    ];
    let usual = usual
        .into_iter()
        .chain([("iat", &*iat), ("jti", r#""t-1""#)]);
    let replaced = |name: &str| members.iter().any(|(other, _)| *other == name);
    let usual = usual.filter(|(name, _)| !replaced(name));
    let all = usual.chain(members.iter().copied().filter(|(_, json)| !json.is_empty()));
    let all: Vec<_> = all
        .map(|(name, json)| format!("\"{name}\":{json}"))
        .collect();
    format!("{{{}}}", all.join(","))
}

/// A token of that header and those claims, signed by a key.
fn sign(key: &SigningKey, header: &str, claims: &str) -> String {
    let [header, claims] = [header, claims].map(|text| base64url::encode(text.as_bytes()));
    let input = format!("{header}.{claims}");
    let signature = key.sign(input.as_bytes()).unwrap();
    format!("{input}.{}", base64url::encode(&signature))
}

/// A header of A's that names the key and has these members, too.
fn header_with(members: &str) -> String {
    format!(
        r#"{{"alg":"ES256","kid":"{}"{members}}}"#,
        of_a().kid().unwrap()
    )
}

/// A token of A's with these claims in place of the usual.
fn token_with(members: &[(&str, &str)]) -> String {
    sign(&of_a(), &header_with(""), &claims_with(members))
}

fn refusal(outcome: Result<Verified, VerifyError>) -> VerifyError {
    outcome.expect_err("the token was to be refused")
}

/// Why a verifier refuses a token that is at fault.
fn fault(verifier: &Verifier, token: &str) -> TokenError {
    match refusal(verifier.verify_now(token)) {
        VerifyError::Token(error) => error,
        other => panic!("{other}"),
    }
}

#[test]
fn a_token_of_a_trusted_issuer_verifies() {
    let found = both().verify_now(&token_with(&[])).unwrap();

    assert_eq!(found.issuer(), Some(A));
    assert_eq!(found.kid(), of_a().kid());
    assert_eq!(found.jti().map(crate::Jti::as_str), Some("t-1"));
    assert_eq!(found.expires_at().timestamp(), NOW + 300);
    assert_eq!(found.user_id(), Ok(Some(UserId::Text("u-7".to_owned()))));
}

#[test]
fn each_algorithm_verifies_by_its_own_keys() {
    for algorithm in asymmetric() {
        let key = key(algorithm);
        let issuer = TrustedIssuer::keys(A, keys_of(&key)).any_audience();
        let header = format!(r#"{{"alg":"{algorithm}","kid":"{}"}}"#, key.kid().unwrap());

        let token = sign(&key, &header, &claims_with(&[]));
        let verifier = verifier(issuer.any_asymmetric_algorithm());

        assert!(verifier.verify_now(&token).is_ok(), "{algorithm}");
    }
}

#[test]
fn a_secret_that_is_shared_verifies_whatever_the_token_calls_it() {
    let secret = key(Algorithm::HS256);
    let issuer = TrustedIssuer::secret(A, secret.verifying_key()).audience(["api"]);
    let verifier = verifier(issuer.algorithms([Algorithm::HS256]));
    let holds = |header| {
        let token = sign(&secret, header, &claims_with(&[]));
        verifier.verify_now(&token).is_ok()
    };

    assert!(holds(r#"{"alg":"HS256"}"#));
    assert!(holds(r#"{"alg":"HS256","kid":"any"}"#));
    assert!(!holds(r#"{"alg":"HS512"}"#));
}

#[test]
fn claims_are_read_into_a_type_of_ones_own() {
    #[derive(serde::Deserialize)]
    struct Own {
        sub: String,
        level: u8,
    }
    let builder = Verifier::<Own>::builder().issuer(a()).clock(clock());
    let verifier = builder.build().unwrap();

    let found = verifier.verify_now(&token_with(&[("level", "3")])).unwrap();

    assert_eq!((&*found.claims().sub, found.claims().level), ("u-7", 3));
    let unfit = verifier.verify_now(&token_with(&[("level", "\"<script>\"")]));
    let text = unfit.err().unwrap().to_string();
    assert_eq!(text, "the claims do not fit the type they are read into");
}

#[test]
fn a_token_is_of_the_verifiers_business_by_its_issuer_alone() {
    let verifier = verifier(a());
    let expired = token_with(&[("exp", "1")]);

    assert!(verifier.trusts(&expired));
    assert!(!verifier.trusts(&token_with(&[("iss", "\"https://a.example\"")])));
    assert!(!verifier.trusts(&token_with(&[("iss", "")])));
    assert!(!verifier.trusts("no token"));
}

#[test]
fn outcomes_are_counted_for_their_issuer_and_for_none() {
    let verifier = both();
    let expired = token_with(&[("exp", "1")]);
    let stranger = token_with(&[("iss", "\"https://evil.example/\"")]);

    for token in [&*token_with(&[]), &expired, &expired, &stranger, "no token"] {
        drop(verifier.verify_now(token));
    }

    let counts = verifier.counts().filter(|one| one.count > 0);
    let counts: Vec<_> = counts
        .map(|one| (one.issuer, one.outcome, one.count))
        .collect();
    let of_a = [(Some(A), "verified", 1), (Some(A), "expired", 2)];
    let of_none = [(None, "malformed", 1), (None, "unknown-issuer", 1)];
    assert_eq!(counts, [of_a, of_none].concat());
}
