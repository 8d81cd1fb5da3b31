use super::*;

/// Good claims and one more.
pub(super) fn and(member: &str) -> String {
    format!(r#"{{"exp":1795219593,"jti":"1",{member}}}"#)
}

#[test]
fn without_exp_or_jti_a_token_is_none() {
    let refused = |claims| refusal(verify_claims(claims));

    let no_exp = TokenError::ClaimMissing(Claim::Exp);
    assert_eq!(refused(r#"{"jti":"1","token_type":"access"}"#), no_exp);
    let no_jti = TokenError::ClaimMissing(Claim::Jti);
    assert_eq!(
        refused(r#"{"exp":1795219593,"token_type":"access"}"#),
        no_jti
    );
    assert_eq!(refused("{}"), no_exp);
}

#[test]
fn an_iss_that_is_not_to_the_letter_the_wanted_one_is_refused() {
    let settings = Settings {
        issuer: Some("https://id.example/".to_owned()),
        ..Settings::default()
    };
    let verify = |json: &str| verify_under(&settings, &and(&format!(r#""iss":{json}"#))).map(drop);

    assert_eq!(verify(r#""https://id.example/""#), Ok(()));
    let others = [
        "https://id.example",
        "https://id.example/a",
        "https://id.example/\\u0000",
        "https://ID.example/",
        "ttps://id.example/",
        "https://id.example//",
        " https://id.example/",
        "h",
        "",
    ];
    for other in others {
        let refused = verify(&format!(r#""{other}""#));
        assert_eq!(refused, Err(TokenError::IssuerMismatch), "{other}");
    }
    let list = r#"["https://id.example/"]"#;
    for odd in [
        list,
        "1",
        "null",
        "true",
        r#"{"https://id.example/":1}"#,
        "[]",
    ] {
        assert_eq!(
            verify(odd),
            Err(TokenError::ClaimMalformed(Claim::Iss)),
            "{odd}"
        );
    }
    assert_eq!(
        refusal(verify_under(&settings, CLAIMS)),
        TokenError::IssuerMismatch
    );
}

#[test]
fn an_aud_that_names_none_of_the_wanted_is_refused() {
    let settings = Settings {
        audience: Some(Audience::Many(vec![
            "orders".to_owned(),
            "billing".to_owned(),
        ])),
        ..Settings::default()
    };
    let verify = |json: &str| verify_under(&settings, &and(&format!(r#""aud":{json}"#))).map(drop);

    for meant in [
        r#""orders""#,
        r#"["billing"]"#,
        r#"["a","orders"]"#,
        r#"["\u006frders"]"#,
    ] {
        assert_eq!(verify(meant), Ok(()), "{meant}");
    }
    let others = [
        r#""order""#,
        r#""orders,billing""#,
        r#""Orders""#,
        r#""orders ""#,
        r#""""#,
        "[]",
        r#"[""]"#,
        r#"["order","s"]"#,
    ];
    for other in others {
        assert_eq!(verify(other), Err(TokenError::AudienceMismatch), "{other}");
    }
    let odd = [
        "1",
        "null",
        "true",
        r#"{"orders":1}"#,
        r#"{"aud":"orders"}"#,
        r#"["orders",1]"#,
        r#"["orders",null]"#,
        r#"[["orders"]]"#,
        r#"["orders",["a"]]"#,
    ];
    for odd in odd {
        assert_eq!(
            verify(odd),
            Err(TokenError::ClaimMalformed(Claim::Aud)),
            "{odd}"
        );
    }
    let refused = refusal(verify_under(&settings, CLAIMS));
    assert_eq!(refused, TokenError::AudienceMismatch);
}

#[test]
fn a_jti_that_is_no_text_or_that_no_database_holds_is_refused() {
    let verify = |jti: &str| {
        let claims = format!(r#"{{"exp":1795219593,"jti":{jti}}}"#);
        verify_claims(&claims).map(drop)
    };
    let text = |length| format!(r#""{}""#, "ä".repeat(length));

    assert_eq!(verify(&text(255)), Ok(()));
    let odd = [
        "1",
        "null",
        "true",
        r#"["1"]"#,
        "{}",
        r#""\ud800""#,
        r#""1\u0000""#,
        &text(256),
    ];
    for jti in odd {
        assert_eq!(
            verify(jti),
            Err(TokenError::ClaimMalformed(Claim::Jti)),
            "{jti}"
        );
    }
}

#[test]
fn a_sub_that_is_no_text_is_refused() {
    for sub in ["1", "null", "[]", "{}", "true"] {
        let refused = refusal(verify_claims(&and(&format!(r#""sub":{sub}"#))));

        assert_eq!(refused, TokenError::ClaimMalformed(Claim::Sub), "{sub}");
    }
}

#[test]
fn a_user_that_is_neither_integer_nor_text_is_malformed() {
    let user = |json: &str| {
        let verified = verify_claims(&and(&format!(r#""user_id":{json}"#)));
        verified.unwrap().user_id()
    };

    assert_eq!(user("7"), Ok(Some(UserId::Number(7))));
    assert_eq!(user(r#""7""#), Ok(Some(UserId::Text("7".to_owned()))));
    let odd = [
        "7.0",
        "7e0",
        "true",
        "null",
        "[7]",
        "{}",
        "9223372036854775808",
        r#""7\u0000""#,
    ];
    for json in odd {
        assert_eq!(
            user(json),
            Err(TokenError::ClaimMalformed(Claim::UserId)),
            "{json}"
        );
    }
    assert_eq!(verify_claims(CLAIMS).unwrap().user_id(), Ok(None));
}

#[test]
fn one_type_never_stands_in_for_another() {
    let classes = [
        (TokenClass::Access, "access"),
        (TokenClass::Refresh, "refresh"),
        (TokenClass::Sliding, "sliding"),
    ];
    let verify = |token_type: &str, wanted| {
        let claims = and(&format!(r#""token_type":{token_type}"#));
        let token = sign(Algorithm::HS256, HEADER, &claims);
        backend(Algorithm::HS256)
            .verify_as(&token, wanted)
            .map(drop)
    };

    for (class, name) in classes {
        for (wanted, _) in classes {
            let expected = if class == wanted {
                Ok(())
            } else {
                Err(TokenError::WrongType)
            };
            assert_eq!(verify(&format!(r#""{name}""#), wanted), expected);
        }
    }
    let odd = [
        r#""Access""#,
        r#""access ""#,
        r#""access\u0000""#,
        r#""""#,
        r#"["access"]"#,
        "null",
        "1",
    ];
    for token_type in odd {
        let refused = verify(token_type, TokenClass::Access);
        assert_eq!(refused, Err(TokenError::WrongType), "{token_type}");
    }
    let token = sign(Algorithm::HS256, HEADER, &and(r#""a":1"#));
    let untyped = backend(Algorithm::HS256).verify_as(&token, TokenClass::Access);
    assert_eq!(refusal(untyped), TokenError::ClaimMissing(Claim::TokenType));
}

#[test]
fn a_sliding_token_without_a_refresh_exp_ahead_is_not_refreshed() {
    let refresh = |member: &str| {
        let claims = and(&format!(r#""token_type":"sliding"{member}"#));
        let backend = backend(Algorithm::HS256);
        let decoded = backend.decode_own(&sign(Algorithm::HS256, HEADER, &claims))?;
        backend.require_sliding(decoded).map(drop)
    };
    let claim = || "refresh_exp".to_owned();

    assert_eq!(refresh(r#","refresh_exp":1795219294"#), Ok(()));
    let expired = Err(TokenError::RefreshExpired { claim: claim() });
    assert_eq!(refresh(r#","refresh_exp":1795219293"#), expired);
    let missing = Err(TokenError::RefreshExpMissing { claim: claim() });
    assert_eq!(refresh(""), missing);
    let malformed = Err(TokenError::ClaimMalformed(Claim::RefreshExp));
    for odd in ["null", "true", r#""1795219294""#, "1e308", "[]"] {
        assert_eq!(refresh(&format!(r#","refresh_exp":{odd}"#)), malformed);
    }
}
