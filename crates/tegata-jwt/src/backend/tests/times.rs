use super::claims::and;
use super::*;
use crate::Lifetime;

fn with_leeway(leeway: Lifetime) -> Settings {
    Settings {
        leeway,
        ..Settings::default()
    }
}

#[test]
fn an_exp_that_is_no_finite_number_is_malformed_and_never_absent() {
    // CVE-2026-25537.
    let odd = [
        r#""1795219593""#,
        r#""""#,
        "true",
        "null",
        "[1795219593]",
        r#"{"exp":1795219593}"#,
        "1e400",
        "1e308",
        "1e18",
        "9007199254740993",
        "9223372036854775807",
        "9223372036854775808",
        "18446744073709551616",
        "18446744075504771209",
        "253402300800",
        "-1e308",
        "-9223372036854775808",
    ];
    for claim in [Claim::Exp, Claim::Nbf, Claim::Iat] {
        for json in odd {
            let others = r#""jti":"1","token_type":"access""#;
            let refused = refusal(verify_claims(&format!(r#"{{{others},"{claim}":{json}}}"#)));

            assert_eq!(refused, TokenError::ClaimMalformed(claim), "{claim} {json}");
        }
    }
}

#[test]
fn a_token_ends_at_exp_and_leeway_moves_that() {
    let claims = |exp| format!(r#"{{"exp":{exp},"jti":"1"}}"#);
    let strict = |exp| verify_claims(&claims(exp)).map(drop);

    assert_eq!(strict("1795219293.5"), Ok(()));
    assert_eq!(strict("1795219293.000001"), Ok(()));
    assert_eq!(strict("1795219293"), Err(TokenError::Expired));
    assert_eq!(strict("1.795219293e9"), Err(TokenError::Expired));
    assert_eq!(strict("0"), Err(TokenError::Expired));
    assert_eq!(strict("-1"), Err(TokenError::Expired));

    let signing = key(Algorithm::HS256);
    let clock = clock();
    let settings = with_leeway(Lifetime::seconds(5));
    let lenient = TokenBackend::new(&settings, signing.verifying_key(), clock.clone());
    let token = token::sign(&signing, claims("1795219293").as_bytes()).unwrap();

    clock.advance(TimeDelta::milliseconds(4_999));
    assert!(lenient.verify(&token).is_ok());
    clock.advance(TimeDelta::milliseconds(1));
    assert_eq!(refusal(lenient.verify(&token)), TokenError::Expired);
}

#[test]
fn nbf_or_iat_in_the_future_is_refused() {
    for claim in ["nbf", "iat"] {
        let with = |time: &str| verify_claims(&and(&format!(r#""{claim}":{time}"#))).map(drop);

        assert_eq!(with("1795219293"), Ok(()));
        assert_eq!(with("1795219292.999999"), Ok(()));
        assert_eq!(with("1795219293.000001"), Err(TokenError::NotYetValid));
        assert_eq!(with("1795219294"), Err(TokenError::NotYetValid));
        assert_eq!(with("253402300799"), Err(TokenError::NotYetValid));

        let lenient = with_leeway(Lifetime::seconds(5));
        let with = |time: i64| verify_under(&lenient, &and(&format!(r#""{claim}":{time}"#)));
        assert!(with(NOW + 5).is_ok());
        assert_eq!(refusal(with(NOW + 6)), TokenError::NotYetValid);
    }
}

#[test]
fn a_leeway_of_a_thousand_years_does_not_overflow() {
    let (wide, narrow) = (Lifetime::days(i32::MAX), Lifetime::days(i32::MIN));
    let far = r#"{"exp":253402300799,"iat":-62135596800,"nbf":-62135596800,"jti":"1"}"#;

    assert!(verify_under(&with_leeway(wide), r#"{"exp":1,"jti":"1"}"#).is_ok());
    assert!(verify_under(&with_leeway(wide), far).is_ok());
    assert!(verify_under(&with_leeway(narrow), far).is_ok());
    let refused = verify_under(&with_leeway(narrow), CLAIMS);
    assert_eq!(refusal(refused), TokenError::NotYetValid);
    let refused = verify_under(&with_leeway(narrow), r#"{"exp":1795219593,"jti":"1"}"#);
    assert_eq!(refusal(refused), TokenError::Expired);
}

#[test]
fn tokens_of_a_thousand_years_are_issued_and_verify() {
    let settings = Settings {
        access_token_lifetime: Lifetime::days(i32::MAX),
        refresh_token_lifetime: Lifetime::days(i32::MIN),
        ..Settings::default()
    };
    let issuer = Issuer::new(&settings, key(Algorithm::HS256), clock());

    let pair = issuer.pair(&UserId::Number(7).into()).unwrap();
    let verify = |token: &str| backend(Algorithm::HS256).verify(token).map(drop);
    assert_eq!(verify(&pair.access.token), Ok(()));
    assert_eq!(verify(&pair.refresh.token), Err(TokenError::Expired));
}
