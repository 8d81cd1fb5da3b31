//! What stands around header, payload and signature, and what JSON they are.

use super::*;

#[test]
fn a_second_spelling_of_a_token_is_refused() {
    for algorithm in Algorithm::ALL {
        let token = issue(algorithm);
        let (rest, last) = token.split_at(token.len() - 1);
        // Where a signature's length is no multiple of three, its last character has unused bits.
        let other_bits = char::from(last.as_bytes()[0] + 1);
        let others = [
            format!("{token}="),
            format!("{token}=="),
            format!("{token}\n"),
            format!("{token}\0"),
            format!(" {token}"),
            format!("\u{feff}{token}"),
            format!("{token}."),
            format!(".{token}"),
            token.replace('.', ".."),
            token.replacen('.', "=.", 1),
            token.replacen('.', ".\r\n", 1),
            format!("{token}.{token}"),
            format!("Bearer {token}"),
            format!("\"{token}\""),
            format!("{rest}{other_bits}"),
        ];
        for other in others {
            assert!(backend(algorithm).verify(&other).is_err(), "{other}");
        }
    }
}

#[test]
fn the_alphabet_of_plain_base64_is_refused() {
    let header = r#"{"alg":"HS256","typ":"JWT","x":"???>>>~~~"}"#;
    let token = sign(Algorithm::HS256, header, CLAIMS);
    let plain = token.replace('_', "/").replace('-', "+");

    assert!(backend(Algorithm::HS256).verify(&token).is_ok());
    assert_ne!(plain, token);
    assert!(backend(Algorithm::HS256).verify(&plain).is_err());
}

#[test]
fn other_numbers_of_segments_are_refused() {
    let token = issue(Algorithm::HS256);
    let (unsigned, _) = token.rsplit_once('.').unwrap();
    let (header, _) = unsigned.split_once('.').unwrap();

    for other in [
        "",
        ".",
        "..",
        "...",
        "....",
        header,
        unsigned,
        &format!("{token}.a.b"),
    ] {
        let refused = refusal(backend(Algorithm::HS256).verify(other));
        assert_eq!(refused, TokenError::Malformed, "{other}");
    }
    // RFC 7515 7.2: the serialization as JSON.
    let json = r#"{"payload":"e30","signatures":[{"protected":"e30","signature":"AA"}]}"#;
    assert!(backend(Algorithm::HS256).verify(json).is_err());
}

#[test]
fn a_token_over_16_kib_is_refused_unread() {
    let refused = backend(Algorithm::HS256).verify(&"e".repeat(16 * 1024 + 1));
    assert_eq!(refusal(refused), TokenError::TooLong);

    let long = format!(
        r#"{{"exp":1795219593,"jti":"1","x":"{}"}}"#,
        "x".repeat(12_000)
    );
    assert!(verify_claims(&long).is_ok());
}

#[test]
fn a_claim_that_stands_twice_is_refused() {
    let twice = [
        r#"{"exp":1795219593,"jti":"1","jti":"2"}"#,
        r#"{"exp":1795219593,"jti":"1","exp":1795219593}"#,
        r#"{"exp":1,"jti":"1","\u0065xp":1795219593}"#,
        r#"{"exp":1795219593,"jti":"1","e\u0078p":1}"#,
    ];
    for claims in twice {
        assert_eq!(refusal(verify_claims(claims)), TokenError::Malformed);
    }
}

#[test]
fn what_is_no_json_object_is_refused() {
    let texts = [
        "",
        "null",
        "[]",
        "1",
        r#""exp""#,
        r#"{"exp":1795219593,"jti":"1"} {}"#,
        r#"{"exp":1795219593,"jti":"1"}x"#,
        r#"{"exp":1795219593,"jti":"1",}"#,
        "{'exp':1795219593,'jti':'1'}",
        r#"{"exp":NaN,"jti":"1"}"#,
        r#"{"exp":Infinity,"jti":"1"}"#,
        r#"{"exp":0x6b,"jti":"1"}"#,
        r#"{"exp":01795219593,"jti":"1"}"#,
        r#"{"exp":+1795219593,"jti":"1"}"#,
        "{\"exp\":1795219593,\"jti\":\"\u{0}\"}",
        "\u{feff}{\"exp\":1795219593,\"jti\":\"1\"}",
        r#"{"exp":1795219593,"jti":"1","\ud800":1}"#,
    ];
    for text in texts {
        assert_eq!(
            refusal(verify_claims(text)),
            TokenError::Malformed,
            "{text}"
        );
        assert_eq!(refusal(verify_signed(text, CLAIMS)), TokenError::Malformed);
    }
    let input = format!(
        "{}.{}",
        encode(HEADER),
        base64url::encode(b"{\"exp\":\"\xff\"}")
    );
    let signature = key(Algorithm::HS256).sign(input.as_bytes()).unwrap();
    let token = format!("{input}.{}", base64url::encode(&signature));
    assert_eq!(
        refusal(backend(Algorithm::HS256).verify(&token)),
        TokenError::Malformed
    );
}

#[test]
fn a_flood_of_members_is_refused() {
    let members: Vec<_> = (0..257).map(|n| format!(r#","m{n}":0"#)).collect();
    let flood = members.concat();

    let header = format!(r#"{{"alg":"HS256"{flood}}}"#);
    assert_eq!(
        refusal(verify_signed(&header, CLAIMS)),
        TokenError::Malformed
    );
    let claims = format!(r#"{{"exp":1795219593,"jti":"1"{flood}}}"#);
    assert_eq!(refusal(verify_claims(&claims)), TokenError::Malformed);
}

#[test]
fn nesting_as_deep_as_a_token_can_hold_does_no_harm() {
    let nested = |open: &str, close: &str| open.repeat(1_500) + "1" + &close.repeat(1_500);
    let shallow = r#""exp":1795219593,"jti":"1","token_type":"refresh""#;

    for deep in [nested("[", "]"), nested(r#"{"a":"#, "}"), "[".repeat(6_000)] {
        let closed = deep.ends_with(['}', ']']);
        let with = |claim: &str| format!(r#"{{{shallow},"{claim}":{deep}}}"#);
        assert_eq!(verify_claims(&with("x")).is_ok(), closed);
        assert!(verify_claims(&with("iat")).is_err());
        let settings = Settings {
            audience: Some(Audience::One("a".to_owned())),
            ..Settings::default()
        };
        assert!(verify_under(&settings, &with("aud")).is_err());
        let header = format!(r#"{{"alg":"HS256","x":{deep}}}"#);
        assert_eq!(verify_signed(&header, CLAIMS).is_ok(), closed);
    }
}
