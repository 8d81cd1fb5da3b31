//! Tokens of issuers that publish their keys, beside an issuer that counts who asks for them.

#![cfg(feature = "jwks")]
#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod backend;
#[path = "../jwks/fake_issuer.rs"]
#[expect(dead_code, reason = "the tests of key sets use the rest")]
mod fake_issuer;
mod verifier;

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::{DateTime, TimeDelta};
use tegata_jwt::{Algorithm, Audience, Clock, Issuer, Settings, SigningKey, UserId, VerifyError};

const ISS: &str = "https://a.example/";
const JWKS: &str = "/jwks.json";
const ES256: Algorithm = Algorithm::ES256;

fn clock() -> Clock {
    Clock::fixed(DateTime::from_timestamp(1_795_219_293, 0).unwrap())
}

/// The cool-down passes.
fn cool_down(clock: &Clock) {
    clock.advance(TimeDelta::seconds(31));
}

/// A private key on P-256, as its text.
struct Key(String);

impl Key {
    fn new() -> Self {
        Self(SigningKey::generate_pem(ES256).unwrap().to_string())
    }

    fn signing(&self) -> SigningKey {
        SigningKey::parse(ES256, &self.0).unwrap()
    }

    fn kid(&self) -> String {
        self.signing().kid().unwrap().to_owned()
    }

    /// Signs the token once more, under a header that does not name the key.
    fn sign_unnamed(&self, token: &str) -> String {
        let pkcs8 = pem::parse(&self.0).unwrap().into_contents();
        let pair = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &pkcs8).unwrap();
        let unsigned = with_header(token, r#"{"alg":"ES256"}"#);
        let (input, _) = unsigned.rsplit_once('.').unwrap();
        let signature = pair.sign(&SystemRandom::new(), input.as_bytes()).unwrap();
        format!("{input}.{}", URL_SAFE_NO_PAD.encode(signature))
    }
}

fn set_of(keys: &[&Key]) -> String {
    let keys = keys
        .iter()
        .map(|key| key.signing().verifying_key().jwk().unwrap());
    format!(r#"{{"keys":[{}]}}"#, keys.collect::<Vec<_>>().join(","))
}

fn settings() -> Settings {
    Settings {
        algorithm: ES256,
        issuer: Some(ISS.to_owned()),
        audience: Some(Audience::One("api".to_owned())),
        access_token_lifetime: "1h".parse().unwrap(),
        ..Settings::default()
    }
}

/// A token for the API, good for an hour.
fn token(key: &Key, clock: &Clock) -> String {
    token_under(&settings(), key, clock)
}

fn token_under(settings: &Settings, key: &Key, clock: &Clock) -> String {
    let issuer = Issuer::new(settings, key.signing(), clock.clone());
    issuer.pair(&UserId::Number(7).into()).unwrap().access.token
}

/// The token under another header.
fn with_header(token: &str, header: &str) -> String {
    let (_, rest) = token.split_once('.').unwrap();
    format!("{}.{rest}", URL_SAFE_NO_PAD.encode(header))
}

fn with_kid(token: &str, kid: &str) -> String {
    with_header(token, &format!(r#"{{"alg":"ES256","kid":"{kid}"}}"#))
}

fn is_unavailable(error: &VerifyError) -> bool {
    matches!(error, VerifyError::KeysUnavailable { issuer, .. } if **issuer == *ISS)
}
