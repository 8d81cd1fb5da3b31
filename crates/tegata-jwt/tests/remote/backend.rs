//! Ninja JWT's `JWK_URL`: the tokens of others beside one's own.

use chrono::TimeDelta;
use tegata_jwt::jwks::{HttpClient, KeySetRules, KeySetSource, RemoteKeys};
use tegata_jwt::{Decoded, TokenBackend, TokenClass, TokenError};

use super::fake_issuer::{Answer, FakeIssuer};
use super::*;

/// A backend with a key of its own, and an issuer that publishes another.
struct Case {
    own: Key,
    other: Key,
    issuer: FakeIssuer,
    clock: Clock,
    backend: TokenBackend,
}

impl Case {
    async fn start() -> Self {
        let other = Key::new();
        let answer = Answer::ok(set_of(&[&other]));
        Self::start_with(other, answer).await
    }

    async fn start_with(other: Key, answer: Answer) -> Self {
        let (own, issuer, clock) = (Key::new(), FakeIssuer::start().await, clock());
        issuer.answer(JWKS, answer);
        let source = KeySetSource::Jwks(issuer.url(JWKS));
        let (rules, http) = (KeySetRules::default(), HttpClient::new().unwrap());
        let keys = RemoteKeys::new(ISS, source, &[ES256], rules, &http, clock.clone()).unwrap();
        let key = own.signing().verifying_key();
        let backend = TokenBackend::new(&settings(), key, clock.clone());
        Self {
            backend: backend.with_remote_keys(keys),
            own,
            other,
            issuer,
            clock,
        }
    }

    fn of_other(&self) -> String {
        token(&self.other, &self.clock)
    }

    async fn decode(&self, token: &str) -> Result<Decoded, VerifyError> {
        self.backend.decode(token).await
    }

    async fn refusal(&self, token: &str) -> VerifyError {
        self.decode(token).await.err().unwrap()
    }

    fn fetches(&self) -> usize {
        self.issuer.requests().len()
    }
}

#[tokio::test]
async fn the_tokens_of_others_verify_beside_ones_own() {
    let case = Case::start().await;

    let other = case.decode(&case.of_other()).await.unwrap();
    let other = case.backend.require(other, TokenClass::Access).unwrap();
    let own = case.decode(&token(&case.own, &case.clock)).await.unwrap();
    let own = case.backend.require(own, TokenClass::Access).unwrap();

    assert_eq!(other.kid(), Some(&*case.other.kid()));
    assert_eq!(own.kid(), Some(&*case.own.kid()));
}

#[tokio::test]
async fn ones_own_tokens_cause_no_fetch_with_or_without_kid() {
    let case = Case::start().await;
    let own = token(&case.own, &case.clock);

    assert!(case.decode(&own).await.is_ok());
    assert!(case.decode(&case.own.sign_unnamed(&own)).await.is_ok());
    assert!(case.backend.decode_now(&own).is_ok());
    assert!(case.backend.verify(&own).is_ok());

    assert_eq!(case.fetches(), 0);
}

#[tokio::test]
async fn a_token_of_others_that_does_not_name_its_key_is_measured_by_ones_own() {
    let case = Case::start().await;
    let unnamed = case.other.sign_unnamed(&case.of_other());

    assert_eq!(
        case.refusal(&unnamed).await,
        TokenError::BadSignature.into()
    );
    assert_eq!(case.fetches(), 0);
}

#[tokio::test]
async fn a_token_of_others_that_is_refused_in_any_case_causes_no_fetch() {
    let case = Case::start().await;
    let wrong_issuer = Settings {
        issuer: Some("https://evil.example/".to_owned()),
        ..settings()
    };
    let wrong_audience = Settings {
        audience: Some(Audience::One("other".to_owned())),
        ..settings()
    };
    let with = |settings| token_under(&settings, &case.other, &case.clock);
    let of_other = case.of_other();

    assert_eq!(
        case.refusal(&with(wrong_issuer)).await.code(),
        "wrong-issuer"
    );
    assert_eq!(
        case.refusal(&with(wrong_audience)).await.code(),
        "wrong-audience"
    );
    let alg = with_header(&of_other, r#"{"alg":"RS256","kid":"1"}"#);
    assert_eq!(case.refusal(&alg).await.code(), "algorithm-not-allowed");
    case.clock.advance(TimeDelta::hours(2));
    assert_eq!(case.refusal(&of_other).await.code(), "expired");
    assert_eq!(case.fetches(), 0);
}

#[tokio::test]
async fn a_kid_that_nobody_has_is_an_unknown_key_and_one_fetch() {
    let case = Case::start().await;
    let unknown = with_kid(&case.of_other(), "nobodys");

    for _ in 0..10 {
        assert_eq!(case.refusal(&unknown).await, TokenError::UnknownKey.into());
    }

    assert_eq!(case.fetches(), 1);
}

#[tokio::test]
async fn a_key_of_another_type_than_the_algorithm_is_an_unknown_key() {
    let other = Key::new();
    let ed25519 = SigningKey::generate_pem(Algorithm::EdDSA).unwrap();
    let ed25519 = SigningKey::parse(Algorithm::EdDSA, &ed25519).unwrap();
    let jwk = ed25519.verifying_key().jwk().unwrap();
    let set = set_of(&[&other]).replacen('[', &format!("[{jwk},"), 1);
    let case = Case::start_with(other, Answer::ok(set)).await;

    let confused = with_kid(&case.of_other(), ed25519.kid().unwrap());

    assert_eq!(case.refusal(&confused).await, TokenError::UnknownKey.into());
    assert!(case.decode(&case.of_other()).await.is_ok());
}

#[tokio::test]
async fn another_key_under_ones_own_kid_is_never_asked_for() {
    let case = Case::start().await;

    let forged = with_kid(&case.of_other(), &case.own.kid());

    assert_eq!(case.refusal(&forged).await, TokenError::BadSignature.into());
    assert_eq!(case.fetches(), 0);
}

#[tokio::test]
async fn keys_that_are_not_there_are_503_and_ones_own_tokens_verify() {
    let case = Case::start_with(Key::new(), Answer::status(404)).await;

    let error = case.refusal(&case.of_other()).await;

    assert!(is_unavailable(&error), "{error}");
    assert!(is_unavailable(
        &case.backend.decode_now(&case.of_other()).err().unwrap()
    ));
    assert!(case.decode(&token(&case.own, &case.clock)).await.is_ok());
}

#[tokio::test]
async fn who_signs_by_a_secret_asks_no_other_keys() {
    let (issuer, clock) = (FakeIssuer::start().await, clock());
    let source = KeySetSource::Jwks(issuer.url(JWKS));
    let (rules, http) = (KeySetRules::default(), HttpClient::new().unwrap());
    let keys = RemoteKeys::new(ISS, source, &[ES256], rules, &http, clock.clone()).unwrap();
    let secret = b"kT8zQ1x-Wm3rYp0sVb6nHc4eJd9uLg2f";
    let secret = SigningKey::from_secret(Algorithm::HS256, secret).unwrap();
    let backend = TokenBackend::new(&settings(), secret.verifying_key(), clock.clone());
    let backend = backend.with_remote_keys(keys);

    let refused = backend
        .decode(&token(&Key::new(), &clock))
        .await
        .err()
        .unwrap();

    assert_eq!(refused.code(), "algorithm-not-allowed");
    assert!(issuer.requests().is_empty());
}
