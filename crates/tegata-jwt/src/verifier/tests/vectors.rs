use std::path::Path;

use serde_json::Value;

use super::*;
use crate::keyring::Keyring;

fn vector(file: &str) -> String {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/vectors");
    std::fs::read_to_string(folder.join(file)).unwrap()
}

/// A key of the RFCs' as an issuer would publish it: in a set, and without what is private.
fn published(jwk: &str, algorithm: Algorithm) -> KeySet {
    let mut jwk: Value = serde_json::from_str(&vector(jwk)).unwrap();
    let members = jwk.as_object_mut().unwrap();
    members.retain(|name, _| !["d", "dp", "dq", "p", "q", "qi"].contains(&&**name));
    let set = serde_json::json!({ "keys": [jwk] });
    KeySet::parse(&set.to_string(), &[algorithm]).unwrap()
}

/// The key in a set verifies the token of a file, and the token with another payload it does not.
fn assert_verifies(algorithm: Algorithm, jwk: &str, jws: &str) {
    let keys = Keyring::Local(published(jwk, algorithm));
    let token = vector(jws);
    let changed = token.replacen('.', ".A", 1);

    let is_signed = |token: &str| {
        let mut room = Room::new();
        let token = Presented::read(token.trim_end(), &mut room).unwrap();
        keys.signer(&token, algorithm, None).is_ok()
    };

    assert!(is_signed(&token), "{jws}");
    assert!(!is_signed(&changed), "{jws}");
}

/// The token of a file is a JWT, and verifies a moment before its end and not from then on.
fn assert_verifies_as_jwt(algorithm: Algorithm, jwk: &str, jws: &str) {
    let clock = Clock::fixed(DateTime::from_timestamp(1_300_819_379, 0).unwrap());
    let issuer = TrustedIssuer::keys("joe", published(jwk, algorithm)).any_audience();
    let issuer = issuer.algorithms([algorithm]).leeway(Duration::ZERO);
    let builder = Verifier::<Claims>::builder().issuer(issuer);
    let verifier = builder.clock(clock.clone()).build().unwrap();
    let token = vector(jws);

    let found = verifier.verify_now(token.trim_end()).unwrap();

    assert_eq!(
        found.claims().raw("http://example.com/is_root"),
        Some("true")
    );
    clock.advance(chrono::TimeDelta::seconds(1));
    assert_eq!(fault(&verifier, token.trim_end()), TokenError::Expired);
}

#[test]
fn rfc7515_a2_through_a_key_set() {
    assert_verifies_as_jwt(Algorithm::RS256, "rfc7515_a2.jwk", "rfc7515_a2.jws");
}

#[test]
fn rfc7515_a3_through_a_key_set() {
    assert_verifies_as_jwt(Algorithm::ES256, "rfc7515_a3.jwk", "rfc7515_a3.jws");
}

#[test]
fn rfc7515_a4_through_a_key_set() {
    assert_verifies(Algorithm::ES512, "rfc7515_a4.jwk", "rfc7515_a4.jws");
}

#[test]
fn rfc7520_4_1_through_a_key_set() {
    assert_verifies(Algorithm::RS256, "rfc7520_3_3.jwk", "rfc7520_4_1.jws");
}

#[test]
fn rfc7520_4_2_through_a_key_set() {
    assert_verifies(Algorithm::PS384, "rfc7520_3_3.jwk", "rfc7520_4_2.jws");
}

#[test]
fn rfc7520_4_3_through_a_key_set() {
    assert_verifies(Algorithm::ES512, "rfc7520_3_1.jwk", "rfc7520_4_3.jws");
}

#[test]
fn rfc8037_a4_through_a_key_set() {
    assert_verifies(Algorithm::EdDSA, "rfc8037_a2.jwk", "rfc8037_a4.jws");
}

#[test]
fn rfc7517_a1_has_one_key_to_verify_with() {
    let all: Vec<_> = asymmetric().collect();
    let keys = KeySet::parse(&vector("rfc7517_a1.jwks"), &all).unwrap();

    let found: Vec<_> = keys
        .keys()
        .iter()
        .map(|key| (key.kid(), key.algorithm()))
        .collect();

    assert_eq!(found, [(Some("2011-04-29"), Algorithm::RS256)]);
    // The other is meant for encryption.
    let unusable: Vec<_> = keys.unusable().iter().map(|one| one.position).collect();
    assert_eq!(unusable, [0]);
}

#[test]
fn rfc7517_a2_has_private_keys_and_none_of_use() {
    let all: Vec<_> = asymmetric().collect();
    let keys = KeySet::parse(&vector("rfc7517_a2.jwks"), &all).unwrap();

    assert!(keys.keys().is_empty());
    assert_eq!(keys.unusable().len(), 2);
}
