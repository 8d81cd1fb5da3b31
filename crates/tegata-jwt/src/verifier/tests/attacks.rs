use super::*;

const EVIL: &str = "https://evil.example/";

fn text(value: &str) -> String {
    format!("\"{value}\"")
}

#[test]
fn alg_none_is_refused() {
    for alg in ["none", "None", "NONE", "nOnE", ""] {
        let header = format!(r#"{{"alg":"{alg}"}}"#);
        let token = sign(&of_a(), &header, &claims_with(&[]));
        let bare = format!("{}.", token.rsplit_once('.').unwrap().0);

        for token in [token, bare] {
            assert_eq!(
                fault(&both(), &token),
                TokenError::AlgorithmNotAllowed,
                "{alg}"
            );
        }
    }
}

#[test]
fn what_is_no_compact_jws_to_the_letter_is_malformed() {
    let token = token_with(&[]);
    let (signed, signature) = token.rsplit_once('.').unwrap();

    for odd in [
        format!("{token}="),
        format!(" {token}"),
        format!("{token}.e30"),
        format!("{signed}.{signature}\n"),
        signed.to_owned(),
        signature.to_owned(),
        String::new(),
    ] {
        assert_eq!(fault(&both(), &odd), TokenError::Malformed, "{odd:?}");
    }
}

#[test]
fn a_token_of_over_16_kib_is_refused_unread() {
    let long = "a".repeat(16 * 1024);
    let padded = token_with(&[("padding", &format!("\"{long}\""))]);

    assert_eq!(fault(&both(), &padded), TokenError::TooLong);
}

#[test]
fn an_empty_signature_is_refused() {
    let token = token_with(&[]);
    let bare = format!("{}.", token.rsplit_once('.').unwrap().0);

    assert_eq!(fault(&both(), &bare), TokenError::BadSignature);
}

#[test]
fn rs256_public_key_as_hmac_secret_is_refused() {
    let rsa = key(Algorithm::RS256);
    let issuer = TrustedIssuer::keys(A, keys_of(&rsa)).any_audience();
    let verifier = verifier(issuer.any_asymmetric_algorithm());
    let public = rsa.verifying_key().jwk().unwrap();
    let confused = aws_lc_rs::hmac::Key::new(aws_lc_rs::hmac::HMAC_SHA256, public.as_bytes());

    let [header, claims] =
        [r#"{"alg":"HS256"}"#, &claims_with(&[])].map(|text| base64url::encode(text.as_bytes()));
    let input = format!("{header}.{claims}");
    let tag = aws_lc_rs::hmac::sign(&confused, input.as_bytes());
    let token = format!("{input}.{}", base64url::encode(tag.as_ref()));

    assert_eq!(fault(&verifier, &token), TokenError::AlgorithmNotAllowed);
}

#[test]
fn a_key_of_issuer_a_that_signs_as_b_is_refused() {
    let as_b = claims_with(&[("iss", &text(B))]);

    let unnamed = sign(&of_a(), r#"{"alg":"ES256"}"#, &as_b);
    assert_eq!(fault(&both(), &unnamed), TokenError::BadSignature);
    let named = format!(r#"{{"alg":"ES256","kid":"{}"}}"#, OF_B.kid().unwrap());
    let named = sign(&of_a(), &named, &as_b);
    assert_eq!(fault(&both(), &named), TokenError::BadSignature);
}

#[test]
fn a_kid_of_another_issuers_set_is_unknown() {
    let token = sign(
        &of_a(),
        &header_with(""),
        &claims_with(&[("iss", &text(B))]),
    );

    assert_eq!(fault(&both(), &token), TokenError::UnknownKey);
}

#[test]
fn a_key_that_comes_with_the_token_is_never_used() {
    let jwk = OF_B.verifying_key().jwk().unwrap();
    let embedded = [
        format!(r#","jwk":{jwk}"#),
        format!(r#","jku":"{EVIL}""#),
        format!(r#","x5u":"{EVIL}""#),
        r#","x5c":["MIIB"],"x5t":"AAAA""#.to_owned(),
    ];

    for members in embedded {
        let forged = sign(&OF_B, &header_with(&members), &claims_with(&[]));
        assert_eq!(
            fault(&both(), &forged),
            TokenError::BadSignature,
            "{members}"
        );
        // They are no reason to refuse a genuine token, either.
        let genuine = sign(&of_a(), &header_with(&members), &claims_with(&[]));
        assert!(both().verify_now(&genuine).is_ok(), "{members}");
    }
}

#[test]
fn an_issuer_that_is_almost_the_trusted_one_is_unknown() {
    for iss in [
        EVIL,
        "https://a.example",
        "HTTPS://a.example/",
        "https://a.example/x",
        "",
        " ",
    ] {
        let token = token_with(&[("iss", &text(iss))]);

        assert_eq!(fault(&both(), &token), TokenError::UnknownIssuer, "{iss}");
    }
}

#[test]
fn an_issuer_that_is_no_text_is_malformed() {
    for iss in [
        format!("[{}]", text(A)),
        "null".to_owned(),
        "1".to_owned(),
        "{}".to_owned(),
    ] {
        let token = token_with(&[("iss", &iss)]);

        assert_eq!(
            fault(&both(), &token),
            TokenError::ClaimMalformed(Claim::Iss),
            "{iss}"
        );
    }
    let missing = TokenError::ClaimMissing(Claim::Iss);
    assert_eq!(fault(&both(), &token_with(&[("iss", "")])), missing);
}

#[test]
fn claims_that_stand_twice_are_refused() {
    let usual = claims_with(&[]);
    let twice = usual.replacen('{', &format!("{{\"iss\":{},", text(B)), 1);
    let escaped = usual.replacen('{', r#"{"\u0061ud":"other","#, 1);

    for claims in [twice, escaped] {
        let token = sign(&of_a(), &header_with(""), &claims);
        assert_eq!(fault(&both(), &token), TokenError::Malformed, "{claims}");
    }
}

#[test]
fn a_token_that_is_bound_to_a_key_is_no_bearers() {
    for cnf in [r#"{"jkt":"AAAA"}"#, r#"{"x5t#S256":"AAAA"}"#, "{}", "null"] {
        let token = token_with(&[("cnf", cnf)]);

        assert_eq!(fault(&both(), &token), TokenError::BindingMissing, "{cnf}");
    }
}

#[test]
fn a_token_for_another_audience_is_refused() {
    let others = [
        r#""other""#,
        r#""API""#,
        r#""api ""#,
        r#"["other"]"#,
        "[]",
        r#"["api/x"]"#,
        "",
    ];
    for aud in others {
        let token = token_with(&[("aud", aud)]);

        assert_eq!(
            fault(&both(), &token),
            TokenError::AudienceMismatch,
            "{aud}"
        );
    }
    assert!(
        both()
            .verify_now(&token_with(&[("aud", r#"["other","api"]"#)]))
            .is_ok()
    );
}

#[test]
fn a_forged_token_of_ours_is_told_apart_for_the_log_alone() {
    let unknown = sign(&of_a(), r#"{"alg":"ES256","kid":"x"}"#, &claims_with(&[]));
    let forged = sign(&OF_B, &header_with(""), &claims_with(&[]));

    let [unknown, forged] = [unknown, forged].map(|token| refusal(both().verify_now(&token)));

    assert_eq!(
        (unknown.code(), forged.code()),
        ("unknown-key", "bad-signature")
    );
    assert_eq!(unknown.description(), forged.description());
    assert_eq!(unknown.status(), forged.status());
}
