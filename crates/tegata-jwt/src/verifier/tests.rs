//! The attacks on a verifier, and the vectors it must agree with.

use std::collections::HashMap;
use std::sync::LazyLock;

use aws_lc_rs::encoding::{AsDer, PublicKeyX509Der};
use aws_lc_rs::hmac;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair};
use chrono::{DateTime, TimeDelta, Utc};
use proptest::prelude::*;

use super::*;
use crate::{Algorithm, Issuer, SigningKey, base64url, token};

const NOW: i64 = 1_795_219_293;
const CLAIMS: &str = r#"{"token_type":"access","exp":1795219593,"iat":1795219293,"jti":"1"}"#;
const SECRET: &[u8] = b"kT8zQ1x-Wm3rYp0sVb6nHc4eJd9uLg2f";

/// A key for each kind there is: algorithms of one kind share theirs, as an attacker would like.
static PEMS: LazyLock<HashMap<&str, String>> = LazyLock::new(|| {
    let asymmetric = Algorithm::ALL.into_iter().filter(|one| !one.is_symmetric());
    let pem = |one| SigningKey::generate_pem(one).unwrap().to_string();
    let mut pems = HashMap::new();
    asymmetric.for_each(|one| drop(pems.entry(one.key_kind()).or_insert_with(|| pem(one))));
    pems
});

fn key(algorithm: Algorithm) -> SigningKey {
    match PEMS.get(algorithm.key_kind()) {
        Some(pem) => SigningKey::parse(algorithm, pem).unwrap(),
        None => SigningKey::from_secret(algorithm, SECRET).unwrap(),
    }
}

fn clock() -> Clock {
    Clock::fixed(DateTime::from_timestamp(NOW, 0).unwrap())
}

fn verifier(algorithm: Algorithm) -> Verifier {
    let key = key(algorithm).verifying_key();
    Verifier::new(&Settings::default(), key, clock())
}

/// Verifies a token of that header and those claims, rightly signed with HS256.
fn verify_signed(header: &str, claims: &str) -> Result<Verified, TokenError> {
    let input = format!(
        "{}.{}",
        base64url::encode(header.as_bytes()),
        encode(claims)
    );
    let signature = key(Algorithm::HS256).sign(input.as_bytes()).unwrap();
    verifier(Algorithm::HS256).verify(&format!("{input}.{}", base64url::encode(&signature)))
}

fn verify_claims(claims: &str) -> Result<Verified, TokenError> {
    verify_signed(r#"{"alg":"HS256","typ":"JWT"}"#, claims)
}

fn encode(text: &str) -> String {
    base64url::encode(text.as_bytes())
}

fn refusal(verified: Result<Verified, TokenError>) -> TokenError {
    verified.err().expect("the token was to be refused")
}

fn issue(algorithm: Algorithm) -> String {
    let issuer = Issuer::new(&Settings::default(), key(algorithm), clock());
    issuer.pair(&UserId::Number(7).into()).unwrap().access.token
}

#[test]
fn alg_none_is_refused() {
    for alg in ["none", "None", "NONE", "nOnE", ""] {
        let header = encode(&format!(r#"{{"alg":"{alg}","typ":"JWT"}}"#));
        let refused = verifier(Algorithm::HS256).verify(&format!("{header}.{}.", encode(CLAIMS)));

        let expected = TokenError::AlgorithmMismatch {
            expected: Algorithm::HS256,
        };
        assert_eq!(refusal(refused), expected, "{alg}");
    }
}

#[test]
fn an_alg_in_another_case_or_of_another_type_is_refused() {
    for alg in [r#""hs256""#, r#""HS256 ""#, r#"["HS256"]"#, "256", "null"] {
        let refused = verify_signed(&format!(r#"{{"alg":{alg}}}"#), CLAIMS);

        let expected = TokenError::AlgorithmMismatch {
            expected: Algorithm::HS256,
        };
        assert_eq!(refusal(refused), expected, "{alg}");
    }
    assert!(verify_signed(r#"{"typ":"JWT"}"#, CLAIMS).is_err());
}

#[test]
fn es256_public_key_as_hmac_secret_is_refused() {
    // The attacker knows the public key and signs with HMAC over it (CVE-2016-10555).
    let pair = EcdsaKeyPair::from_pkcs8(
        &ECDSA_P256_SHA256_FIXED_SIGNING,
        pem::parse(PEMS["P-256"].as_str()).unwrap().contents(),
    );
    let point = pair.unwrap().public_key().clone();
    let spki = AsDer::<PublicKeyX509Der<'_>>::as_der(&point).unwrap();
    let public_pem = pem::encode(&pem::Pem::new("PUBLIC KEY", spki.as_ref()));
    let input = format!(
        "{}.{}",
        encode(r#"{"alg":"HS256","typ":"JWT"}"#),
        encode(CLAIMS)
    );

    for public in [public_pem.as_bytes(), spki.as_ref(), point.as_ref()] {
        let secret = hmac::Key::new(hmac::HMAC_SHA256, public);
        let tag = hmac::sign(&secret, input.as_bytes());

        let forged = format!("{input}.{}", base64url::encode(tag.as_ref()));
        let expected = TokenError::AlgorithmMismatch {
            expected: Algorithm::ES256,
        };
        assert_eq!(
            refusal(verifier(Algorithm::ES256).verify(&forged)),
            expected
        );
    }
}

#[test]
fn an_empty_signature_is_refused() {
    for algorithm in Algorithm::ALL {
        let token = issue(algorithm);
        let (unsigned, _) = token.rsplit_once('.').unwrap();

        let refused = verifier(algorithm).verify(&format!("{unsigned}."));
        assert_eq!(refusal(refused), TokenError::BadSignature);
        assert_eq!(
            refusal(verifier(algorithm).verify(unsigned)),
            TokenError::Malformed
        );
    }
}

#[test]
fn an_ecdsa_signature_of_zeros_is_refused() {
    let token = issue(Algorithm::ES256);
    let (unsigned, _) = token.rsplit_once('.').unwrap();

    let forged = format!("{unsigned}.{}", base64url::encode(&[0; 64]));
    assert_eq!(
        refusal(verifier(Algorithm::ES256).verify(&forged)),
        TokenError::BadSignature
    );
}

#[test]
fn a_key_in_the_header_is_not_used() {
    let header = r#"{"alg":"HS256","jwk":{"kty":"oct","k":"AAAA"},"jku":"http://127.0.0.1:1/"}"#;
    let input = format!("{}.{}", encode(header), encode(CLAIMS));
    let own = hmac::Key::new(hmac::HMAC_SHA256, &[0, 0, 0]);
    let tag = hmac::sign(&own, input.as_bytes());

    let forged = format!("{input}.{}", base64url::encode(tag.as_ref()));
    assert_eq!(
        refusal(verifier(Algorithm::HS256).verify(&forged)),
        TokenError::BadSignature
    );
}

#[test]
fn a_crit_header_is_refused() {
    for crit in ["[\"exp\"]", "[]", "\"b64\"", "[\"b64\"]", "null"] {
        let header = format!(r#"{{"alg":"HS256","crit":{crit},"exp":1}}"#);

        let refused = refusal(verify_signed(&header, CLAIMS));
        assert!(
            matches!(refused, TokenError::HeaderRefused { .. }),
            "{crit}: {refused}"
        );
    }
}

#[test]
fn an_unencoded_or_compressed_payload_is_refused() {
    for member in [r#""b64":false"#, r#""zip":"DEF""#] {
        let header = format!(r#"{{"alg":"HS256",{member}}}"#);

        let refused = refusal(verify_signed(&header, CLAIMS));
        assert!(
            matches!(refused, TokenError::HeaderRefused { .. }),
            "{member}: {refused}"
        );
    }
}

#[test]
fn a_token_of_another_purpose_is_refused_by_its_typ() {
    let with_typ =
        |typ: &str| verify_signed(&format!(r#"{{"alg":"HS256","typ":{typ}}}"#), CLAIMS).is_ok();

    assert!(with_typ(r#""JWT""#) && with_typ(r#""at+jwt""#));
    assert!(with_typ(r#""application/AT+JWT""#));
    assert!(!with_typ(r#""logout+jwt""#) && !with_typ(r#""dpop+jwt""#) && !with_typ("1"));
}

#[test]
fn another_kid_is_refused_and_an_absent_one_is_not() {
    let with_header = |header: &str| {
        let input = format!("{}.{}", encode(header), encode(CLAIMS));
        let signature = key(Algorithm::ES256).sign(input.as_bytes()).unwrap();
        verifier(Algorithm::ES256).verify(&format!("{input}.{}", base64url::encode(&signature)))
    };

    assert!(with_header(r#"{"alg":"ES256","typ":"JWT"}"#).is_ok());
    let path = refusal(with_header(r#"{"alg":"ES256","kid":"../../dev/null"}"#));
    assert_eq!(path, TokenError::UnknownKey);
    assert!(with_header(r#"{"alg":"ES256","kid":{}}"#).is_err());
}

#[test]
fn a_second_spelling_of_a_token_is_refused() {
    let token = issue(Algorithm::HS256);
    let (rest, last) = token.split_at(token.len() - 1);
    // 32 bytes leave two unused bits in the last of 43 characters.
    let other_bits = char::from(last.as_bytes()[0] + 1);

    let others = [
        format!("{token}="),
        format!("{token}\n"),
        format!(" {token}"),
        format!("{token}."),
        format!("{rest}{other_bits}"),
        token.replace('.', ".."),
        token.replacen('.', "=.", 1),
        format!("{token}.{token}"),
    ];
    for other in others {
        assert!(
            verifier(Algorithm::HS256).verify(&other).is_err(),
            "{other}"
        );
    }
}

#[test]
fn a_claim_that_stands_twice_is_refused() {
    let twice = r#"{"token_type":"access","exp":1795219593,"jti":"1","jti":"2"}"#;

    assert_eq!(refusal(verify_claims(twice)), TokenError::Malformed);
}

#[test]
fn a_token_over_16_kib_is_refused_unread() {
    let refused = verifier(Algorithm::HS256).verify(&"e".repeat(16 * 1024 + 1));

    assert_eq!(refusal(refused), TokenError::TooLong);
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
    let odd_jti = TokenError::ClaimMalformed(Claim::Jti);
    assert_eq!(refused(r#"{"exp":1795219593,"jti":1}"#), odd_jti);
}

#[test]
fn a_token_ends_at_exp_and_leeway_moves_that() {
    let claims = |exp| format!(r#"{{"exp":{exp},"jti":"1"}}"#);
    let strict = |exp| verify_claims(&claims(exp)).map(drop);

    assert_eq!(strict("1795219293.5"), Ok(()));
    assert_eq!(strict("1795219293"), Err(TokenError::Expired));

    let settings = Settings {
        leeway: "5s".parse().unwrap(),
        ..Settings::default()
    };
    let signing = key(Algorithm::HS256);
    let clock = clock();
    let key = signing.verifying_key();
    let lenient = Verifier::new(&settings, key, clock.clone());
    let token = token::sign(&signing, claims("1795219293").as_bytes()).unwrap();

    clock.advance(TimeDelta::milliseconds(4_999));
    assert!(lenient.verify(&token).is_ok());
    clock.advance(TimeDelta::milliseconds(1));
    assert_eq!(refusal(lenient.verify(&token)), TokenError::Expired);
}

#[test]
fn nbf_or_iat_in_the_future_is_refused() {
    for claim in ["nbf", "iat"] {
        let with = |time: i64| {
            let claims = format!(r#"{{"exp":1795219593,"jti":"1","{claim}":{time}}}"#);
            verify_claims(&claims).map(drop)
        };

        assert_eq!(with(NOW), Ok(()));
        assert_eq!(with(NOW + 1), Err(TokenError::NotYetValid));
    }
}

#[test]
fn one_type_never_stands_in_for_another() {
    let verify = |token_type: &str, wanted| {
        let claims = format!(r#"{{{token_type}"exp":1795219593,"jti":"1"}}"#);
        let token = token::sign(&key(Algorithm::HS256), claims.as_bytes()).unwrap();
        verifier(Algorithm::HS256)
            .verify_as(&token, wanted)
            .map(drop)
    };

    assert_eq!(
        verify(r#""token_type":"access","#, TokenClass::Access),
        Ok(())
    );
    let wrong = Err(TokenError::WrongType);
    assert_eq!(
        verify(r#""token_type":"access","#, TokenClass::Refresh),
        wrong
    );
    assert_eq!(
        verify(r#""token_type":"Access","#, TokenClass::Access),
        wrong
    );
    assert_eq!(
        verify(r#""token_type":["access"],"#, TokenClass::Access),
        wrong
    );
    let missing = Err(TokenError::ClaimMissing(Claim::TokenType));
    assert_eq!(verify("", TokenClass::Access), missing);
}

#[test]
fn rfc7515_a1() {
    let key =
        "AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75aKtMN3Yj0iPS4hcgUuTwjAzZr1Z9CAow";
    let secret = base64url::decode(key).unwrap();
    let key = SigningKey::from_secret(Algorithm::HS256, &secret)
        .unwrap()
        .verifying_key();
    let signed = "eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ";
    let signature = base64url::decode("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk").unwrap();

    assert!(key.verifies(signed.as_bytes(), &signature));
}

#[test]
fn rfc7515_a3() {
    let x = base64url::decode("f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU").unwrap();
    let y = base64url::decode("x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0").unwrap();
    let d = base64url::decode("jpsQnnGQmL-YBIffH1136cspYG6-0iY7X1fCE9-E9LI").unwrap();
    let point = [&[4], x.as_slice(), &y].concat();
    let algorithm = &ECDSA_P256_SHA256_FIXED_SIGNING;
    let pair = EcdsaKeyPair::from_private_key_and_public_key(algorithm, &d, &point).unwrap();
    let pem = pem::encode(&pem::Pem::new(
        "PRIVATE KEY",
        pair.to_pkcs8v1().unwrap().as_ref(),
    ));
    let key = SigningKey::parse(Algorithm::ES256, &pem)
        .unwrap()
        .verifying_key();
    let signed = "eyJhbGciOiJFUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ";
    let signature =
        "DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q";

    assert!(key.verifies(signed.as_bytes(), &base64url::decode(signature).unwrap()));
    // RFC 7638 3 over the members crv, kty, x and y.
    assert_eq!(
        key.kid(),
        Some("oKIywvGUpTVTyxMQ3bwIIeQUudfr_CkLMjCE19ECD-U")
    );
}

#[test]
#[expect(
    clippy::disallowed_methods,
    reason = "the other implementation is the oracle"
)]
fn jsonwebtoken_verifies_what_we_issue() {
    use jsonwebtoken::{DecodingKey, EncodingKey, Validation, decode};

    let private = EncodingKey::from_ec_pem(PEMS["P-256"].as_bytes()).unwrap();
    let jwk = jsonwebtoken::jwk::Jwk::from_encoding_key(&private, jsonwebtoken::Algorithm::ES256);
    let keys = [
        (Algorithm::HS256, DecodingKey::from_secret(SECRET)),
        (
            Algorithm::ES256,
            DecodingKey::from_jwk(&jwk.unwrap()).unwrap(),
        ),
    ];
    for (algorithm, key) in keys {
        let mut validation = Validation::new(algorithm.name().parse().unwrap());
        validation.validate_exp = false;

        let decoded = decode::<serde_json::Value>(issue(algorithm), &key, &validation).unwrap();
        assert_eq!(decoded.claims["user_id"], 7);
    }
}

#[test]
fn headers_are_simple_jwts_and_name_the_key_where_it_has_a_name() {
    let header = |algorithm| {
        Unverified::parse(&issue(algorithm))
            .unwrap()
            .header()
            .json()
            .to_owned()
    };

    assert_eq!(header(Algorithm::HS256), r#"{"alg":"HS256","typ":"JWT"}"#);
    let kid = key(Algorithm::ES256).kid().unwrap().to_owned();
    let expected = format!(r#"{{"alg":"ES256","kid":"{kid}","typ":"JWT"}}"#);
    assert_eq!(header(Algorithm::ES256), expected);
}

proptest! {
    #[test]
    fn whatever_is_issued_verifies_until_exp(
        user in any::<i64>(), minutes in 0_i64..5, algorithm in prop::sample::select(&Algorithm::ALL)
    ) {
        let now: DateTime<Utc> = DateTime::from_timestamp(NOW, 0).unwrap();
        let clock = Clock::fixed(now);
        let issuer = Issuer::new(&Settings::default(), key(algorithm), clock.clone());
        let verifying = key(algorithm).verifying_key();
        let verifier = Verifier::new(&Settings::default(), verifying, clock.clone());

        let token = issuer.pair(&UserId::Number(user).into()).unwrap().access.token;

        clock.advance(TimeDelta::minutes(minutes));
        let verified = verifier.verify_as(&token, TokenClass::Access).unwrap();
        prop_assert_eq!(verified.user_id(), Ok(Some(UserId::Number(user))));
        clock.advance(TimeDelta::minutes(5 - minutes));
        prop_assert_eq!(refusal(verifier.verify(&token)), TokenError::Expired);
    }

    #[test]
    fn any_flipped_bit_is_refused(
        at in any::<prop::sample::Index>(), bit in 0..8_u8, algorithm in prop::sample::select(&Algorithm::ALL)
    ) {
        let mut token = issue(algorithm).into_bytes();
        let at = at.index(token.len());
        token[at] ^= 1 << bit;

        let refused = match std::str::from_utf8(&token) {
            Ok(token) => verifier(algorithm).verify(token).is_err(),
            Err(_) => true,
        };
        prop_assert!(refused);
    }

    #[test]
    fn no_text_makes_the_verifier_panic(text in ".{0,200}", parts in "[eyJ0-9A-Za-z_.=-]{0,300}") {
        prop_assert!(verifier(Algorithm::HS256).verify(&text).is_err());
        prop_assert!(verifier(Algorithm::ES256).verify(&parts).is_err());
    }
}
