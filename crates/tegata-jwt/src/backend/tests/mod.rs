//! The attacks on a backend, and the implementation it must agree with.

mod claims;
mod form;
mod header;
mod oracle;
mod property;
mod signature;
mod times;

use chrono::{DateTime, TimeDelta};

use super::*;
use crate::claims::UserId;
use crate::fixtures::{SECRET, key};
use crate::settings::Audience;
use crate::{Algorithm, Issuer, SigningKey, Unverified, base64url, token};

const NOW: i64 = 1_795_219_293;
const CLAIMS: &str = r#"{"token_type":"access","exp":1795219593,"iat":1795219293,"jti":"1"}"#;

fn clock() -> Clock {
    Clock::fixed(DateTime::from_timestamp(NOW, 0).unwrap())
}

fn backend(algorithm: Algorithm) -> TokenBackend {
    let key = key(algorithm).verifying_key();
    TokenBackend::new(&Settings::default(), key, clock())
}

fn encode(text: &str) -> String {
    base64url::encode(text.as_bytes())
}

fn issue(algorithm: Algorithm) -> String {
    let issuer = Issuer::new(&Settings::default(), key(algorithm), clock());
    issuer.pair(&UserId::Number(7).into()).unwrap().access.token
}

/// A token of that header and those claims, rightly signed.
fn sign(algorithm: Algorithm, header: &str, claims: &str) -> String {
    let input = format!("{}.{}", encode(header), encode(claims));
    let signature = key(algorithm).sign(input.as_bytes()).unwrap();
    format!("{input}.{}", base64url::encode(&signature))
}

/// Verifies a token of that header and those claims, rightly signed with HS256.
fn verify_signed(header: &str, claims: &str) -> Result<Verified, TokenError> {
    backend(Algorithm::HS256).verify(&sign(Algorithm::HS256, header, claims))
}

fn verify_claims(claims: &str) -> Result<Verified, TokenError> {
    verify_signed(HEADER, claims)
}

/// Verifies a token under other settings than the usual.
fn verify_under(settings: &Settings, claims: &str) -> Result<Verified, TokenError> {
    let verifying = key(Algorithm::HS256).verifying_key();
    let token = sign(Algorithm::HS256, HEADER, claims);
    TokenBackend::new(settings, verifying, clock()).verify(&token)
}

/// The token with other bytes for a signature.
fn with_signature(token: &str, signature: &[u8]) -> String {
    let (input, _) = token.rsplit_once('.').unwrap();
    format!("{input}.{}", base64url::encode(signature))
}

fn signature_of(token: &str) -> Vec<u8> {
    base64url::decode(token.rsplit_once('.').unwrap().1).unwrap()
}

fn refusal(verified: Result<Verified, TokenError>) -> TokenError {
    verified.expect_err("the token was to be refused")
}

const HEADER: &str = r#"{"alg":"HS256","typ":"JWT"}"#;
