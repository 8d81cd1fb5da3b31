use chrono::TimeDelta;

use super::*;

fn at(name: &str, seconds: i64) -> String {
    token_with(&[(name, &(NOW + seconds).to_string())])
}

#[test]
fn a_token_ends_at_its_exp_and_thirty_seconds() {
    assert!(both().verify_now(&at("exp", -29)).is_ok());
    assert_eq!(fault(&both(), &at("exp", -30)), TokenError::Expired);
}

#[test]
fn a_token_begins_at_its_nbf_and_iat_less_thirty_seconds() {
    for name in ["nbf", "iat"] {
        assert!(both().verify_now(&at(name, 30)).is_ok(), "{name}");
        assert_eq!(
            fault(&both(), &at(name, 31)),
            TokenError::NotYetValid,
            "{name}"
        );
    }
}

#[test]
fn the_leeway_is_one_issuers_own() {
    let strict = a().leeway(Duration::ZERO);
    let builder = Verifier::builder()
        .issuer(strict)
        .issuer(b())
        .clock(clock());
    let verifier: Verifier = builder.build().unwrap();
    let claims = [
        ("iss", &*format!("\"{B}\"")),
        ("exp", &*(NOW - 1).to_string()),
    ];
    let of_b = sign(&OF_B, r#"{"alg":"ES256"}"#, &claims_with(&claims));

    assert_eq!(fault(&verifier, &at("exp", 0)), TokenError::Expired);
    assert!(verifier.verify_now(&of_b).is_ok());
}

#[test]
fn a_token_without_end_is_refused() {
    let missing = TokenError::ClaimMissing(Claim::Exp);

    assert_eq!(fault(&both(), &token_with(&[("exp", "")])), missing);
}

#[test]
fn an_exp_that_is_no_number_is_malformed_and_never_absent() {
    for exp in [
        "\"1795219593\"",
        "null",
        "true",
        "[1]",
        "{}",
        "1e308",
        "9007199254740993",
    ] {
        let malformed = TokenError::ClaimMalformed(Claim::Exp);
        assert_eq!(
            fault(&both(), &token_with(&[("exp", exp)])),
            malformed,
            "{exp}"
        );
    }
}

#[test]
fn a_token_that_lives_longer_than_it_may_is_refused() {
    let verifier = verifier(a().max_lifetime(Duration::from_mins(5)));

    assert!(verifier.verify_now(&at("exp", 300)).is_ok());
    assert_eq!(
        fault(&verifier, &at("exp", 301)),
        TokenError::LifetimeTooLong
    );
    let missing = TokenError::ClaimMissing(Claim::Iat);
    assert_eq!(fault(&verifier, &token_with(&[("iat", "")])), missing);
}

#[test]
fn time_that_passes_ends_a_token() {
    let clock = clock();
    let builder = Verifier::<Claims>::builder().issuer(a());
    let verifier = builder.clock(clock.clone()).build().unwrap();
    let token = token_with(&[]);

    assert!(verifier.verify_now(&token).is_ok());
    clock.advance(TimeDelta::seconds(330));
    assert_eq!(fault(&verifier, &token), TokenError::Expired);
}
