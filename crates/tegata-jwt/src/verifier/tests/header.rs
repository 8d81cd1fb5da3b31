use super::*;
use crate::fixtures;
use crate::keys::VerifyingKey;

fn verify(header: &str) -> Result<Verified, VerifyError> {
    both().verify_now(&sign(&of_a(), header, &claims_with(&[])))
}

fn refused(header: &str) -> VerifyError {
    refusal(verify(header))
}

#[test]
fn an_extension_or_another_payload_is_refused() {
    for member in [
        r#","crit":["exp"]"#,
        r#","crit":[]"#,
        r#","cr\u0069t":["exp"]"#,
        r#","b64":false"#,
        r#","zip":"DEF""#,
    ] {
        let error = refused(&header_with(member));
        assert_eq!(error.code(), "header-refused", "{member}");
    }
}

#[test]
fn a_header_member_that_stands_twice_is_refused() {
    let error = refused(&header_with(r#","alg":"ES256""#));

    assert_eq!(error, TokenError::Malformed.into());
}

#[test]
fn an_id_token_or_a_logout_token_by_its_typ_is_refused() {
    for typ in [
        "logout+jwt",
        "dpop+jwt",
        "id+jwt",
        "JOSE",
        "JWT ",
        "application/",
        "",
    ] {
        let error = refused(&header_with(&format!(r#","typ":"{typ}""#)));
        assert_eq!(error, TokenError::WrongType.into(), "{typ}");
    }
    for typ in ["1", "null", r#"["JWT"]"#] {
        let error = refused(&header_with(&format!(r#","typ":{typ}"#)));
        assert_eq!(error, TokenError::WrongType.into(), "{typ}");
    }
}

#[test]
fn access_tokens_are_known_by_their_usual_types_and_by_none() {
    for typ in [
        "JWT",
        "jwt",
        "at+jwt",
        "application/at+JWT",
        "APPLICATION/jwt",
    ] {
        assert!(
            verify(&header_with(&format!(r#","typ":"{typ}""#))).is_ok(),
            "{typ}"
        );
    }
    assert!(verify(&header_with("")).is_ok());
}

#[test]
fn a_type_that_is_demanded_is_not_absent() {
    let verifier = verifier(a().typ(["application/AT+jwt"]));
    let verify = |member| {
        let token = sign(&of_a(), &header_with(member), &claims_with(&[]));
        verifier.verify_now(&token).map(drop)
    };

    assert_eq!(verify(r#","typ":"at+jwt""#), Ok(()));
    assert_eq!(verify(""), Err(TokenError::WrongType.into()));
    assert_eq!(verify(r#","typ":"JWT""#), Err(TokenError::WrongType.into()));
}

#[test]
fn a_kid_that_is_a_path_or_a_query_is_only_unknown() {
    for kid in [
        "../../dev/null",
        "' or 1=1 --",
        "| sleep 9",
        "https://evil.example/",
        "",
    ] {
        let error = refused(&format!(r#"{{"alg":"ES256","kid":"{kid}"}}"#));
        assert_eq!(error, TokenError::UnknownKey.into(), "{kid}");
    }
}

#[test]
fn a_kid_of_10_kb_is_refused_unread() {
    let error = refused(&format!(
        r#"{{"alg":"ES256","kid":"{}"}}"#,
        "k".repeat(10_000)
    ));

    let reason = "`kid` is longer than 256 bytes";
    assert_eq!(error, TokenError::HeaderRefused { reason }.into());
}

#[test]
fn a_kid_that_is_no_text_is_refused() {
    for kid in ["{}", "[]", "1", "null", r#""\ud800""#] {
        let error = refused(&format!(r#"{{"alg":"ES256","kid":{kid}}}"#));
        assert_eq!(error.code(), "header-refused", "{kid}");
    }
}

#[test]
fn a_token_without_kid_is_tried_with_each_key_unless_it_must_name_one() {
    let keys = KeySet::of([OF_B.verifying_key(), of_a().verifying_key()]);
    let issuer = || {
        let keys = KeySet::of(keys.keys().iter().cloned());
        let issuer = TrustedIssuer::keys(A, keys).any_audience();
        issuer.algorithms([Algorithm::ES256])
    };
    let token = sign(&of_a(), r#"{"alg":"ES256"}"#, &claims_with(&[]));

    assert!(verifier(issuer()).verify_now(&token).is_ok());
    let refused = refusal(verifier(issuer().require_kid()).verify_now(&token));
    let reason = "`kid` is missing";
    assert_eq!(refused, TokenError::HeaderRefused { reason }.into());
}

#[test]
fn a_key_in_pem_verifies_under_the_name_that_its_issuer_gives_it() {
    let pem = fixtures::key_file("p256_public.pem");
    let key = || VerifyingKey::parse(Algorithm::ES256, &pem).unwrap();
    let trusting = |key: VerifyingKey| {
        let issuer = TrustedIssuer::keys(A, KeySet::of([key])).any_audience();
        verifier(issuer.algorithms([Algorithm::ES256]))
    };

    let token = sign(
        &of_a(),
        r#"{"alg":"ES256","kid":"2026-11"}"#,
        &claims_with(&[]),
    );

    let verified = trusting(key().with_kid("2026-11")).verify_now(&token);
    assert_eq!(verified.unwrap().kid(), Some("2026-11"));
    assert_eq!(fault(&trusting(key()), &token), TokenError::UnknownKey);
}

#[test]
fn of_two_keys_of_one_kid_either_may_have_signed() {
    let named = |key: &SigningKey| key.verifying_key().with_kid("1");
    let keys = KeySet::of([named(&OF_B), named(&of_a())]);
    let issuer = TrustedIssuer::keys(A, keys).any_audience();
    let verifier = verifier(issuer.algorithms([Algorithm::ES256]));
    let by = |key: &SigningKey| sign(key, r#"{"alg":"ES256","kid":"1"}"#, &claims_with(&[]));

    assert!(verifier.verify_now(&by(&OF_B)).is_ok());
    assert!(verifier.verify_now(&by(&of_a())).is_ok());
}

#[test]
fn an_algorithm_of_another_issuer_is_not_this_ones() {
    let rsa = key(Algorithm::RS256);
    let c = TrustedIssuer::keys("c", keys_of(&rsa)).any_audience();
    let builder = Verifier::builder().issuer(a()).clock(clock());
    let verifier: Verifier = builder
        .issuer(c.any_asymmetric_algorithm())
        .build()
        .unwrap();

    let token = sign(&rsa, r#"{"alg":"RS256"}"#, &claims_with(&[]));

    assert_eq!(fault(&verifier, &token), TokenError::AlgorithmNotAllowed);
}
