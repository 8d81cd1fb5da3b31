use chrono::TimeDelta;
use proptest::prelude::*;

use super::*;

/// Two issuers that differ in all they have, for one algorithm.
fn two(algorithm: Algorithm, clock: &Clock) -> [Verifier; 2] {
    let own = keys_of(&key(algorithm));
    let own = TrustedIssuer::keys(A, own).any_audience();
    let verifier = |issuer: TrustedIssuer| {
        let builder = Verifier::builder().issuer(issuer.any_asymmetric_algorithm());
        builder.clock(clock.clone()).build().unwrap()
    };
    let other = TrustedIssuer::keys(B, keys_of(&OF_B)).any_audience();
    [verifier(own), verifier(other)]
}

fn any_asymmetric() -> impl Strategy<Value = Algorithm> {
    prop::sample::select(asymmetric().collect::<Vec<_>>())
}

/// A token of A's that lives so many seconds.
fn issue(algorithm: Algorithm, seconds: i64) -> String {
    let key = key(algorithm);
    let header = format!(r#"{{"alg":"{algorithm}","kid":"{}"}}"#, key.kid().unwrap());
    sign(
        &key,
        &header,
        &claims_with(&[("exp", &(NOW + seconds).to_string())]),
    )
}

proptest! {
    #[test]
    fn whatever_an_issuer_signs_verifies_until_exp_and_leeway_and_nowhere_else(
        algorithm in any_asymmetric(),
        seconds in 1_i64..100_000,
        passed in 0_i64..200_000,
    ) {
        let clock = clock();
        let [own, other] = two(algorithm, &clock);
        let token = issue(algorithm, seconds);

        clock.advance(TimeDelta::seconds(passed));

        prop_assert_eq!(own.verify_now(&token).is_ok(), passed < seconds + 30);
        let refused = fault(&other, &token);
        prop_assert!(matches!(
            refused,
            TokenError::UnknownIssuer | TokenError::AlgorithmNotAllowed
        ));
    }

    #[test]
    fn no_mutated_token_verifies(
        at in any::<prop::sample::Index>(),
        bit in 0..8_u8,
        algorithm in any_asymmetric(),
    ) {
        let [verifier, _] = two(algorithm, &clock());
        let mut token = issue(algorithm, 300).into_bytes();
        let at = at.index(token.len());
        token[at] ^= 1 << bit;

        let is_refused = match std::str::from_utf8(&token) {
            Ok(token) => verifier.verify_now(token).is_err(),
            Err(_) => true,
        };
        prop_assert!(is_refused);
    }

    #[test]
    fn no_text_makes_the_verifier_panic(text in ".{0,200}", parts in "[eyJ0-9A-Za-z_.=-]{0,300}") {
        prop_assert!(both().verify_now(&text).is_err());
        prop_assert!(both().verify_now(&parts).is_err());
    }

    #[test]
    fn no_claims_make_the_verifier_panic(
        name in prop::sample::select(vec!["exp", "nbf", "iat", "aud", "sub", "jti", "scope", "scp"]),
        json in prop_oneof![
            "-?(0|[1-9][0-9]{0,20})(\\.[0-9]{1,20})?([eE][+-]?[0-9]{1,3})?",
            any::<String>().prop_map(|text| serde_json::to_string(&text).unwrap()),
            Just("null".to_owned()),
            "\\[(1|\"a\")(,(1|\"a b\")){0,3}\\]",
        ],
    ) {
        let issuer = a().max_lifetime(Duration::MAX).require_subject().require_scope("a");

        drop(verifier(issuer).verify_now(&token_with(&[(name, &json)])));
    }
}
