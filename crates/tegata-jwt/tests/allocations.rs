//! A token that is refused by its form or its header costs no memory, so that a flood of them is
//! no more than what it takes to read them.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use allocation_counter::measure;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use tegata_jwt::{
    Algorithm, Claims, Clock, Issuer, KeySet, Settings, SigningKey, TokenBackend, TokenError,
    TrustedIssuer, UserId, Verifier, VerifyError,
};

const PEM: &str = include_str!("keys/p256.pem");
const SECRET: &[u8] = b"kT8zQ1x-Wm3rYp0sVb6nHc4eJd9uLg2f";

fn key() -> SigningKey {
    SigningKey::parse(Algorithm::ES256, PEM).unwrap()
}

fn backend() -> TokenBackend {
    TokenBackend::new(&Settings::default(), key().verifying_key(), Clock::System)
}

/// A token of that header, its payload and signature of the usual lengths.
fn token(header: &str) -> String {
    let [header, payload, signature] =
        [header.as_bytes(), &[b' '; 180], &[0; 64]].map(|part| URL_SAFE_NO_PAD.encode(part));
    format!("{header}.{payload}.{signature}")
}

/// Why a token is refused, and how often memory was asked for meanwhile.
fn refusal(token: &str) -> (TokenError, u64) {
    let backend = backend();
    let mut refused = None;

    let memory = measure(|| refused = backend.decode_own(token).err());
    (
        refused.expect("the token was to be refused"),
        memory.count_total,
    )
}

#[test]
fn a_token_of_another_algorithm_costs_no_memory() {
    let expected = Algorithm::ES256;
    for alg in ["none", "HS256", "ES384", "", "ES256 "] {
        let refused = refusal(&token(&format!(r#"{{"alg":"{alg}","typ":"JWT"}}"#)));

        assert_eq!(refused, (TokenError::AlgorithmMismatch { expected }, 0));
    }
}

#[test]
fn a_token_of_another_service_costs_no_memory() {
    let secret = SigningKey::from_secret(Algorithm::HS256, SECRET).unwrap();
    let issuer = Issuer::new(&Settings::default(), secret, Clock::System);
    let pair = issuer.pair(&UserId::Number(7).into()).unwrap();

    let (_, count) = refusal(&pair.access.token);

    assert_eq!(count, 0);
}

#[test]
fn a_token_with_an_extension_costs_no_memory() {
    for member in [
        r#""crit":["exp"]"#,
        r#""b64":false"#,
        r#""zip":"DEF""#,
        r#""typ":"dpop+jwt""#,
    ] {
        let (refused, count) = refusal(&token(&format!(r#"{{"alg":"ES256",{member}}}"#)));

        assert!(
            matches!(refused, TokenError::HeaderRefused { .. }),
            "{member}"
        );
        assert_eq!(count, 0, "{member}");
    }
}

#[test]
fn a_token_of_an_unknown_key_costs_no_memory() {
    let header = r#"{"alg":"ES256","kid":"../../etc/passwd","typ":"JWT"}"#;

    assert_eq!(refusal(&token(header)), (TokenError::UnknownKey, 0));
}

#[test]
fn what_is_no_token_costs_no_memory() {
    let spoilt = format!("!{}", token("{}"));
    let four = format!("{}.", token("{}"));
    for text in ["", "no token", "..", &spoilt, &four] {
        assert_eq!(refusal(text), (TokenError::Malformed, 0), "{text}");
    }
    let long = "a".repeat(16 * 1024 + 1);
    assert_eq!(refusal(&long), (TokenError::TooLong, 0));
}

#[test]
fn a_header_of_broken_json_costs_the_parsers_refusal_alone() {
    for header in [
        "{",
        "{}x",
        r#"{"alg":"ES256","alg":"ES256"}"#,
        r#"{"alg":NaN}"#,
    ] {
        let (backend, token) = (backend(), token(header));
        let mut refused = None;

        let memory = measure(|| refused = backend.decode_own(&token).err());

        assert_eq!(refused, Some(TokenError::Malformed));
        assert!(memory.bytes_total < 256, "{header}: {}", memory.bytes_total);
    }
}

#[test]
fn a_wrong_signature_costs_no_memory_of_ours() {
    let secret = SigningKey::from_secret(Algorithm::HS256, SECRET).unwrap();
    let backend = TokenBackend::new(&Settings::default(), secret.verifying_key(), Clock::System);
    let forged = token(r#"{"alg":"HS256","typ":"JWT"}"#);
    let mut refused = None;

    let memory = measure(|| refused = backend.decode_own(&forged).err());

    assert_eq!(
        (refused, memory.count_total),
        (Some(TokenError::BadSignature), 0)
    );
}

/// Why a verifier of others' tokens refuses one, and how often memory was asked for meanwhile.
fn refusal_of_others(token: &str) -> (VerifyError, u64) {
    let keys = KeySet::of([key().verifying_key()]);
    let issuer = TrustedIssuer::keys("https://a.example/", keys).audience(["api"]);
    let builder = Verifier::<Claims>::builder().issuer(issuer.algorithms([Algorithm::ES256]));
    let verifier = builder.build().unwrap();
    let mut refused = None;

    let memory = measure(|| refused = verifier.verify_now(token).err());
    (
        refused.expect("the token was to be refused"),
        memory.count_total,
    )
}

#[test]
fn a_token_of_others_that_its_header_refuses_costs_no_memory() {
    for (header, code) in [
        (r#"{"alg":"none"}"#, "algorithm-not-allowed"),
        (r#"{"alg":"HS256","typ":"JWT"}"#, "algorithm-not-allowed"),
        (r#"{"alg":"ES256","crit":["exp"]}"#, "header-refused"),
        (r#"{"alg":"ES256","kid":7}"#, "header-refused"),
    ] {
        let (error, count) = refusal_of_others(&token(header));

        assert_eq!((error.code(), count), (code, 0), "{header}");
    }
}

#[test]
fn what_is_no_token_of_others_costs_no_memory() {
    let long = "a".repeat(16 * 1024 + 1);
    for (text, error) in [
        ("", TokenError::Malformed),
        ("no token", TokenError::Malformed),
        ("..", TokenError::Malformed),
        (&long, TokenError::TooLong),
    ] {
        assert_eq!(refusal_of_others(text), (error.into(), 0), "{text}");
    }
}
