//! The crate `jsonwebtoken`, which knows every algorithm but ES512 and ML-DSA, is of one mind with us.

#![expect(
    clippy::disallowed_methods,
    reason = "the other implementation is the oracle"
)]

use jsonwebtoken::{DecodingKey, EncodingKey, Header, Validation, decode, encode};

use super::*;
use crate::fixtures::pem;

/// The algorithms it knows, under its name for them.
fn known() -> impl Iterator<Item = (Algorithm, jsonwebtoken::Algorithm)> {
    let all = Algorithm::ALL.into_iter();
    all.filter_map(|one| Some((one, one.name().parse().ok()?)))
}

fn encoding_key(algorithm: Algorithm) -> EncodingKey {
    match algorithm.key_kind() {
        "secret" => Ok(EncodingKey::from_secret(SECRET)),
        "RSA" => EncodingKey::from_rsa_pem(pem(algorithm).as_bytes()),
        "Ed25519" => EncodingKey::from_ed_pem(pem(algorithm).as_bytes()),
        _ => EncodingKey::from_ec_pem(pem(algorithm).as_bytes()),
    }
    .unwrap()
}

fn decoding_keys(algorithm: Algorithm) -> Vec<DecodingKey> {
    let key = key(algorithm);
    let Some(public) = key.public_pem() else {
        return vec![DecodingKey::from_secret(SECRET)];
    };
    let from_pem = match algorithm.key_kind() {
        "RSA" => DecodingKey::from_rsa_pem(public.as_bytes()),
        "Ed25519" => DecodingKey::from_ed_pem(public.as_bytes()),
        _ => DecodingKey::from_ec_pem(public.as_bytes()),
    };
    let jwk = key.verifying_key().jwk().unwrap();
    let jwk = serde_json::from_str(&jwk).unwrap();
    vec![from_pem.unwrap(), DecodingKey::from_jwk(&jwk).unwrap()]
}

#[test]
fn jsonwebtoken_knows_all_but_es512_and_ml_dsa() {
    let unknown: Vec<_> = Algorithm::ALL
        .into_iter()
        .filter(|one| known().all(|(known, _)| known != *one))
        .collect();

    let names = unknown.iter().map(|one| one.name());
    let expected = ["ES512", "ML-DSA-44", "ML-DSA-65", "ML-DSA-87"];
    assert_eq!(names.collect::<Vec<_>>(), expected);
}

#[test]
fn jsonwebtoken_verifies_what_we_issue() {
    for (algorithm, theirs) in known() {
        let mut validation = Validation::new(theirs);
        validation.validate_exp = false;

        for key in decoding_keys(algorithm) {
            let decoded = decode::<serde_json::Value>(issue(algorithm), &key, &validation);
            assert_eq!(decoded.unwrap().claims["user_id"], 7, "{algorithm}");
        }
    }
}

#[test]
fn we_verify_what_jsonwebtoken_issues() {
    let claims: serde_json::Value = serde_json::from_str(CLAIMS).unwrap();
    for (algorithm, theirs) in known() {
        let token = encode(&Header::new(theirs), &claims, &encoding_key(algorithm)).unwrap();

        let verified = backend(algorithm).verify_as(&token, TokenClass::Access);
        assert_eq!(
            verified.unwrap().jti().unwrap().as_str(),
            "1",
            "{algorithm}"
        );
    }
}

#[test]
fn deterministic_signatures_are_the_same() {
    let claims: serde_json::Value = serde_json::from_str(CLAIMS).unwrap();
    let is_random = |name: &str| name.starts_with("PS") || name.starts_with("ES");
    for (algorithm, theirs) in known().filter(|(one, _)| !is_random(one.name())) {
        let token = encode(&Header::new(theirs), &claims, &encoding_key(algorithm)).unwrap();
        let (input, _) = token.rsplit_once('.').unwrap();

        let own = key(algorithm).sign(input.as_bytes()).unwrap();
        assert_eq!(signature_of(&token), *own, "{algorithm}");
    }
}
