use proptest::prelude::*;

use super::*;

/// Any JSON, often of the kinds that claims are made of.
fn json() -> impl Strategy<Value = String> {
    let leaf = prop_oneof![
        "-?(0|[1-9][0-9]{0,20})(\\.[0-9]{1,20})?([eE][+-]?[0-9]{1,3})?",
        (NOW - 9..NOW + 9).prop_map(|time| time.to_string()),
        any::<String>().prop_map(|text| serde_json::to_string(&text).unwrap()),
        "\"(access|refresh|sliding|\\\\u0000|\\\\ud800|a{0,300})\"",
        Just("null".to_owned()),
        any::<bool>().prop_map(|one| one.to_string()),
    ];
    leaf.prop_recursive(3, 12, 4, |inner| {
        prop::collection::vec(inner, 0..4).prop_map(|list| format!("[{}]", list.join(",")))
    })
}

/// Claims under the names that mean something, each there or not.
fn claims() -> impl Strategy<Value = String> {
    let names = [
        "exp",
        "nbf",
        "iat",
        "jti",
        "aud",
        "iss",
        "sub",
        "token_type",
        "user_id",
        "refresh_exp",
    ];
    let value = prop::option::weighted(0.7, json());
    prop::collection::vec(value, names.len()).prop_map(move |values| {
        let members = names.iter().zip(values);
        let members = members.filter_map(|(name, json)| Some(format!(r#""{name}":{}"#, json?)));
        format!("{{{}}}", members.collect::<Vec<_>>().join(","))
    })
}

proptest! {
    #[test]
    fn whatever_is_issued_verifies_until_exp(
        user in any::<i64>(),
        minutes in 0_i64..5,
        algorithm in prop::sample::select(&Algorithm::ALL),
    ) {
        let clock = clock();
        let issuer = Issuer::new(&Settings::default(), key(algorithm), clock.clone());
        let verifying = key(algorithm).verifying_key();
        let backend = TokenBackend::new(&Settings::default(), verifying, clock.clone());

        let token = issuer.pair(&UserId::Number(user).into()).unwrap().access.token;

        clock.advance(TimeDelta::minutes(minutes));
        let verified = backend.verify_as(&token, TokenClass::Access).unwrap();
        prop_assert_eq!(verified.user_id(), Ok(Some(UserId::Number(user))));
        clock.advance(TimeDelta::minutes(5 - minutes));
        prop_assert_eq!(refusal(backend.verify(&token)), TokenError::Expired);
    }

    #[test]
    fn any_flipped_bit_is_refused(
        at in any::<prop::sample::Index>(),
        bit in 0..8_u8,
        algorithm in prop::sample::select(&Algorithm::ALL),
    ) {
        let mut token = issue(algorithm).into_bytes();
        let at = at.index(token.len());
        token[at] ^= 1 << bit;

        let refused = match std::str::from_utf8(&token) {
            Ok(token) => backend(algorithm).verify(token).is_err(),
            Err(_) => true,
        };
        prop_assert!(refused);
    }

    #[test]
    fn no_text_makes_the_verifier_panic(
        text in ".{0,200}",
        parts in "[eyJ0-9A-Za-z_.=-]{0,300}",
    ) {
        prop_assert!(backend(Algorithm::HS256).verify(&text).is_err());
        prop_assert!(backend(Algorithm::ES256).verify(&parts).is_err());
    }

    #[test]
    fn no_header_makes_the_verifier_panic(alg in json(), kid in json(), typ in json()) {
        let header = format!(r#"{{"alg":{alg},"kid":{kid},"typ":{typ}}}"#);

        prop_assert!(verify_signed(&header, CLAIMS).is_err());
    }

    #[test]
    fn no_claims_make_verifier_or_issuer_panic(claims in claims()) {
        let settings = Settings {
            audience: Some(Audience::Many(vec!["a".to_owned()])),
            issuer: Some("a".to_owned()),
            ..Settings::default()
        };
        for settings in [Settings::default(), settings] {
            let verifying = key(Algorithm::HS256).verifying_key();
            let backend = TokenBackend::new(&settings, verifying, clock());
            let issuer = Issuer::new(&settings, key(Algorithm::HS256), clock());
            let token = sign(Algorithm::HS256, HEADER, &claims);

            let _ = backend.verify(&token).map(|token| token.user_id().map(drop));
            let decoded = || backend.decode_own(&token);
            if let Ok(sliding) = decoded().and_then(|token| backend.require_sliding(token)) {
                prop_assert!(backend.verify(&issuer.slide(&sliding).unwrap().token).is_ok());
            }
            if let Ok(refresh) = decoded().and_then(|token| backend.require_refresh(token)) {
                prop_assert!(issuer.access(&refresh).is_ok());
                let successor = issuer.successor().unwrap();
                prop_assert!(issuer.rotate(&refresh, &successor).is_ok());
            }
        }
    }
}
