//! The examples of the RFCs, and forged signatures, through the doors that everyone has.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod forged;

use std::path::Path;

use aws_lc_rs::signature::{KeyPair, ML_DSA_44_SIGNING, PqdsaKeyPair};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use tegata_jwt::{
    Algorithm, JwkSet, KeyError, KeySet, SigningKey, TokenError, Unverified, VerifyingKey,
};

fn vector(file: &str) -> String {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/vectors");
    std::fs::read_to_string(folder.join(file)).unwrap()
}

/// The key of a file verifies the token of another, and no token changed in its payload.
fn assert_verifies(algorithm: Algorithm, jwk: &str, jws: &str) {
    let token = vector(jws);
    let token = token.trim_end();
    let keys = JwkSet::parse(&vector(jwk)).unwrap();
    let kid = Unverified::parse(token).unwrap();
    let kid = kid.header().kid();
    let key = keys.verifying_key(kid.as_deref(), Some(algorithm)).unwrap();

    let check = |token: &str| Unverified::parse(token).unwrap().check_signature(&key);
    assert_eq!(check(token), Ok(()), "{jws}");
    let changed = token.replacen('.', ".A", 1);
    assert_eq!(check(&changed), Err(TokenError::BadSignature), "{jws}");
}

/// A private key signs what its own public part verifies.
fn assert_signs_as(algorithm: Algorithm, jwk: &str, jws: &str) {
    let token = vector(jws);
    let key = SigningKey::parse(algorithm, &vector(jwk)).unwrap();

    let token = Unverified::parse(token.trim_end()).unwrap();
    assert_eq!(token.check_signature(&key.verifying_key()), Ok(()));
}

#[test]
fn rfc7515_a1() {
    assert_verifies(Algorithm::HS256, "rfc7515_a1.jwk", "rfc7515_a1.jws");
}

#[test]
fn rfc7515_a2() {
    assert_verifies(Algorithm::RS256, "rfc7515_a2.jwk", "rfc7515_a2.jws");
    assert_signs_as(Algorithm::RS256, "rfc7515_a2.jwk", "rfc7515_a2.jws");
}

#[test]
fn rfc7515_a3() {
    assert_verifies(Algorithm::ES256, "rfc7515_a3.jwk", "rfc7515_a3.jws");
    assert_signs_as(Algorithm::ES256, "rfc7515_a3.jwk", "rfc7515_a3.jws");
    let key = SigningKey::parse(Algorithm::ES256, &vector("rfc7515_a3.jwk")).unwrap();
    // RFC 7638 3 over the members crv, kty, x and y.
    let thumbprint = "oKIywvGUpTVTyxMQ3bwIIeQUudfr_CkLMjCE19ECD-U";
    assert_eq!(key.kid(), Some(thumbprint));
}

#[test]
fn rfc7515_a4() {
    assert_verifies(Algorithm::ES512, "rfc7515_a4.jwk", "rfc7515_a4.jws");
    assert_signs_as(Algorithm::ES512, "rfc7515_a4.jwk", "rfc7515_a4.jws");
}

#[test]
fn rfc7515_a5() {
    let token = "eyJhbGciOiJub25lIn0.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9l\
                 eGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ.";
    let keys = JwkSet::parse(&vector("rfc7515_a1.jwk")).unwrap();
    let expected = Algorithm::HS256;
    let key = keys.verifying_key(None, Some(expected)).unwrap();

    let refused = Unverified::parse(token).unwrap().check_signature(&key);
    assert_eq!(refused, Err(TokenError::AlgorithmMismatch { expected }));
}

#[test]
fn rfc7517_a1() {
    let keys = JwkSet::parse(&vector("rfc7517_a1.jwks")).unwrap();

    let rsa = keys.verifying_key(Some("2011-04-29"), None).unwrap();
    assert_eq!(rsa.algorithm(), Algorithm::RS256);
    assert_eq!(rsa.kid(), Some("2011-04-29"));
    // Meant for encryption, and so of no use to us.
    let ec = keys.verifying_key(Some("1"), Some(Algorithm::ES256));
    let reason = "`use` is not `sig`";
    assert_eq!(ec.err(), Some(KeyError::Jwk { reason }));
}

#[test]
fn rfc7517_a2() {
    let set: serde_json::Value = serde_json::from_str(&vector("rfc7517_a2.jwks")).unwrap();
    let (ec, rsa) = (&set["keys"][0], &set["keys"][1]);

    let key = SigningKey::parse(Algorithm::RS256, &rsa.to_string()).unwrap();
    assert_eq!(key.kid(), Some(RFC7638_3_1));
    let refused = SigningKey::parse(Algorithm::ES256, &ec.to_string()).err();
    let reason = "`use` is not `sig`";
    assert_eq!(refused, Some(KeyError::Jwk { reason }));
    let mut ec = ec.clone();
    ec.as_object_mut().unwrap().remove("use");
    assert!(SigningKey::parse(Algorithm::ES256, &ec.to_string()).is_ok());
}

#[test]
fn rfc7517_a3() {
    let keys = JwkSet::parse(&vector("rfc7517_a3.jwks")).unwrap();
    let kid = "HMAC key used in JWS spec Appendix A.1 example";
    let key = keys.verifying_key(Some(kid), Some(Algorithm::HS256));

    let token = vector("rfc7515_a1.jws");
    let token = Unverified::parse(token.trim_end()).unwrap();
    assert_eq!(token.check_signature(&key.unwrap()), Ok(()));
}

#[test]
fn rfc7520_4_1() {
    assert_verifies(Algorithm::RS256, "rfc7520_3_3.jwk", "rfc7520_4_1.jws");
}

#[test]
fn rfc7520_4_2() {
    assert_verifies(Algorithm::PS384, "rfc7520_3_3.jwk", "rfc7520_4_2.jws");
}

#[test]
fn rfc7520_4_3() {
    assert_verifies(Algorithm::ES512, "rfc7520_3_1.jwk", "rfc7520_4_3.jws");
}

#[test]
fn rfc7520_4_4() {
    assert_verifies(Algorithm::HS256, "rfc7520_3_5.jwk", "rfc7520_4_4.jws");
}

#[test]
fn rfc7520_3_4() {
    let private = SigningKey::parse(Algorithm::PS384, &vector("rfc7520_3_4.jwk")).unwrap();
    let public = VerifyingKey::parse(Algorithm::PS384, &vector("rfc7520_3_3.jwk")).unwrap();

    assert!(private.verifying_key().is_same(&public));
}

#[test]
fn rfc7638_3_1() {
    let key = VerifyingKey::parse(Algorithm::RS256, &vector("rfc7638_3_1.jwk")).unwrap();

    assert_eq!(key.kid(), Some(RFC7638_3_1));
}

#[test]
fn rfc8037_a1_and_a2() {
    let private = SigningKey::parse(Algorithm::EdDSA, &vector("rfc8037_a1.jwk")).unwrap();
    let public = VerifyingKey::parse(Algorithm::EdDSA, &vector("rfc8037_a2.jwk")).unwrap();

    assert!(private.verifying_key().is_same(&public));
}

#[test]
fn rfc8037_a3() {
    let key = VerifyingKey::parse(Algorithm::EdDSA, &vector("rfc8037_a2.jwk")).unwrap();

    let thumbprint = "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k";
    assert_eq!(key.kid(), Some(thumbprint));
}

#[test]
fn rfc8037_a4_and_a5() {
    assert_verifies(Algorithm::EdDSA, "rfc8037_a2.jwk", "rfc8037_a4.jws");
    assert_signs_as(Algorithm::EdDSA, "rfc8037_a1.jwk", "rfc8037_a4.jws");
}

/// The key of 32 zeros, whose thumbprint is the `kid` of the examples.
#[test]
fn rfc9964_4_1() {
    let zeros = "A".repeat(43);
    let pkcs8 = PqdsaKeyPair::from_seed(&ML_DSA_44_SIGNING, &[0; 32]).unwrap();
    let public = URL_SAFE_NO_PAD.encode(pkcs8.public_key());
    let jwk = format!(r#"{{"kty":"AKP","alg":"ML-DSA-44","pub":"{public}","priv":"{zeros}"}}"#);

    let private = SigningKey::parse(Algorithm::MlDsa44, &jwk).unwrap();

    let thumbprint = "T4xl70S7MT6Zeq6r9V9fPJGVn76wfnXJ21-gyo0Gu6o";
    assert_eq!(private.kid(), Some(thumbprint));
    let published = private.verifying_key().jwk().unwrap();
    let set = KeySet::parse(
        &format!(r#"{{"keys":[{published}]}}"#),
        &[Algorithm::MlDsa44],
    );
    assert!(set.unwrap().keys()[0].is_same(&private.verifying_key()));
}

/// The thumbprint of that section.
const RFC7638_3_1: &str = "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs";
