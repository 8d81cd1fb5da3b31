use super::*;

fn mismatch(expected: Algorithm) -> TokenError {
    TokenError::AlgorithmMismatch { expected }
}

#[test]
fn alg_none_is_refused() {
    for algorithm in Algorithm::ALL {
        for alg in ["none", "None", "NONE", "nOnE", "", "none\\u0000"] {
            let header = encode(&format!(r#"{{"alg":"{alg}","typ":"JWT"}}"#));
            let unsigned = format!("{header}.{}.", encode(CLAIMS));
            let garnished = format!("{unsigned}{}", base64url::encode(&[0; 32]));

            for token in [unsigned, garnished] {
                let refused = refusal(backend(algorithm).verify(&token));
                assert_eq!(refused, mismatch(algorithm), "{alg}");
            }
        }
    }
}

#[test]
fn an_alg_in_another_case_or_of_another_type_is_refused() {
    let odd = [
        r#""hs256""#,
        r#""HS256 ""#,
        r#""\u0000HS256""#,
        r#""HS256\u0000""#,
        r#""HS2560""#,
        r#""HMACSHA256""#,
        r#"["HS256"]"#,
        r#"{"alg":"HS256"}"#,
        "256",
        "true",
        "null",
    ];
    for alg in odd {
        let refused = verify_signed(&format!(r#"{{"alg":{alg}}}"#), CLAIMS);

        assert_eq!(refusal(refused), mismatch(Algorithm::HS256), "{alg}");
    }
    let absent = verify_signed(r#"{"typ":"JWT"}"#, CLAIMS);
    assert_eq!(refusal(absent), mismatch(Algorithm::HS256));
}

#[test]
fn a_second_alg_is_refused_even_behind_an_escape() {
    let twice = [
        r#"{"alg":"none","alg":"HS256"}"#,
        r#"{"alg":"HS256","alg":"HS256"}"#,
        r#"{"alg":"HS256","\u0061lg":"none"}"#,
        r#"{"\u0061lg":"HS256","a\u006cg":"HS256"}"#,
    ];
    for header in twice {
        let refused = refusal(verify_signed(header, CLAIMS));

        assert_eq!(refused, TokenError::Malformed, "{header}");
    }
    // Once, an escape is only another way to write it.
    assert!(verify_signed(r#"{"\u0061lg":"HS256"}"#, CLAIMS).is_ok());
}

#[test]
fn a_key_in_the_header_is_not_used() {
    let own = SigningKey::from_secret(Algorithm::HS256, &[SECRET, b"-"].concat()).unwrap();
    let k = base64url::encode(&[SECRET, b"-"].concat());
    let members = [
        format!(r#""jwk":{{"kty":"oct","k":"{k}"}}"#),
        r#""jku":"http://127.0.0.1:1/keys.json""#.to_owned(),
        r#""x5u":"file:///etc/passwd""#.to_owned(),
        r#""x5c":["MIIB"],"x5t":"AAAA","x5t#S256":"AAAA""#.to_owned(),
    ];
    for member in members {
        let header = format!(r#"{{"alg":"HS256",{member}}}"#);
        let input = format!("{}.{}", encode(&header), encode(CLAIMS));
        let signature = own.sign(input.as_bytes()).unwrap();

        let forged = format!("{input}.{}", base64url::encode(&signature));
        let refused = refusal(backend(Algorithm::HS256).verify(&forged));
        assert_eq!(refused, TokenError::BadSignature, "{member}");
        assert!(verify_signed(&header, CLAIMS).is_ok(), "{member}");
    }
}

#[test]
fn a_crit_header_is_refused() {
    let crits = [
        r#"["exp"]"#,
        "[]",
        r#""b64""#,
        r#"["b64"]"#,
        r#"["alg"]"#,
        r#"["absent"]"#,
        r#"["exp","exp"]"#,
        "[1]",
        "{}",
        "true",
        "null",
    ];
    for crit in crits {
        let header = format!(r#"{{"alg":"HS256","crit":{crit},"exp":1}}"#);

        let refused = refusal(verify_signed(&header, CLAIMS));
        let reason = "`crit` asks for an extension";
        assert_eq!(refused, TokenError::HeaderRefused { reason }, "{crit}");
    }
    assert!(verify_signed(r#"{"alg":"HS256","cr\u0069t":["exp"]}"#, CLAIMS).is_err());
}

#[test]
fn an_unencoded_or_compressed_payload_is_refused() {
    for member in [
        r#""b64":false"#,
        r#""b64":true"#,
        r#""zip":"DEF""#,
        r#""zip":null"#,
    ] {
        let header = format!(r#"{{"alg":"HS256",{member}}}"#);

        let refused = refusal(verify_signed(&header, CLAIMS));
        let reason = "`b64` and `zip` are not supported";
        assert_eq!(refused, TokenError::HeaderRefused { reason }, "{member}");
    }
}

#[test]
fn a_token_of_another_purpose_is_refused_by_its_typ() {
    let with_typ =
        |typ: &str| verify_signed(&format!(r#"{{"alg":"HS256","typ":{typ}}}"#), CLAIMS).is_ok();

    for typ in [
        "JWT",
        "jwt",
        "at+jwt",
        "AT+JWT",
        "application/jwt",
        "application/AT+jwt",
    ] {
        assert!(with_typ(&format!(r#""{typ}""#)), "{typ}");
    }
    let others = [
        "logout+jwt",
        "dpop+jwt",
        "secevent+jwt",
        "entity-statement+jwt",
        "JOSE",
        "JWT ",
        "JWT\\u0000",
        "application/application/jwt",
        "application/",
        "",
    ];
    for typ in others {
        assert!(!with_typ(&format!(r#""{typ}""#)), "{typ}");
    }
    assert!(!with_typ("1") && !with_typ("null") && !with_typ(r#"["JWT"]"#));
}

#[test]
fn another_kid_is_refused_and_an_absent_one_is_not() {
    let verify = |kid: &str| {
        let header = format!(r#"{{"alg":"ES256"{kid},"typ":"JWT"}}"#);
        backend(Algorithm::ES256).verify(&sign(Algorithm::ES256, &header, CLAIMS))
    };
    let own = key(Algorithm::ES256).kid().unwrap().to_owned();

    assert!(verify("").is_ok());
    assert!(verify(&format!(r#","kid":"{own}""#)).is_ok());
    let huge = "k".repeat(8 * 1024);
    let nul = format!("{own}\\u0000");
    for kid in [
        "../../dev/null",
        "' or 1=1 --",
        "| sleep 9",
        "",
        &nul,
        &huge,
        &own.to_lowercase(),
    ] {
        let refused = refusal(verify(&format!(r#","kid":"{kid}""#)));
        assert_eq!(refused, TokenError::UnknownKey, "{kid}");
    }
}

#[test]
fn a_kid_of_another_type_is_refused() {
    for kid in ["{}", "[]", "1", "null", "true", r#"["k"]"#, r#""\ud800""#] {
        let header = format!(r#"{{"alg":"HS256","kid":{kid}}}"#);

        let refused = refusal(verify_signed(&header, CLAIMS));
        let reason = "`kid` is not a string";
        assert_eq!(refused, TokenError::HeaderRefused { reason }, "{kid}");
    }
}

#[test]
fn headers_are_simple_jwts_and_name_the_key_where_it_has_a_name() {
    for algorithm in Algorithm::ALL {
        let token = issue(algorithm);
        let header = Unverified::parse(&token).unwrap();

        let key = key(algorithm);
        let kid = key.kid().map(|kid| format!(r#""kid":"{kid}","#));
        let kid = kid.unwrap_or_default();
        let expected = format!(r#"{{"alg":"{algorithm}",{kid}"typ":"JWT"}}"#);
        assert_eq!(header.header().json(), expected);
        assert_eq!(key.kid().is_none(), algorithm.is_symmetric());
    }
}

#[test]
fn what_the_keys_own_header_says_is_what_reading_it_finds() {
    for algorithm in Algorithm::ALL {
        let token = issue(algorithm);
        let (own, _) = token.split_once('.').unwrap();
        let header = String::from_utf8(base64url::decode(own).unwrap()).unwrap();
        assert_eq!(own, key(algorithm).verifying_key().header());

        let read = sign(algorithm, &format!("{header} "), CLAIMS);
        assert!(backend(algorithm).verify(&read).is_ok(), "{algorithm}");
    }
}

#[test]
fn a_header_that_is_the_keys_own_but_for_one_letter_is_read() {
    let own = key(Algorithm::ES256);
    let header = String::from_utf8(base64url::decode(own.header()).unwrap()).unwrap();
    let with = |old: &str, new: &str| {
        let token = sign(Algorithm::ES256, &header.replace(old, new), CLAIMS);
        backend(Algorithm::ES256).verify(&token).map(drop)
    };
    let expected = Algorithm::ES256;

    assert_eq!(
        with("ES256", "ES257"),
        Err(TokenError::AlgorithmMismatch { expected })
    );
    assert_eq!(
        with("\"kid\":\"", "\"kid\":\"A"),
        Err(TokenError::UnknownKey)
    );
    assert!(with("JWT", "JWU").is_err());
    assert_eq!(with("typ", "type"), Ok(()));
}
