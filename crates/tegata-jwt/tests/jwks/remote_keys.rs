use std::time::Duration;

use tegata_jwt::jwks::{FetchOutcome, HttpClient, KeySetRules, KeySetSource, RemoteKeys, Standing};
use tegata_jwt::{Algorithm, Clock, SigningKey};

use crate::fake_issuer::{Answer, FakeIssuer};

fn keys(issuer: &FakeIssuer) -> RemoteKeys {
    let source = KeySetSource::Jwks(issuer.url("/jwks"));
    let (rules, http) = (KeySetRules::default(), HttpClient::new().unwrap());
    let algorithms = [Algorithm::ES256];
    RemoteKeys::new(
        "id.example",
        source,
        &algorithms,
        rules,
        &http,
        Clock::System,
    )
    .unwrap()
}

#[tokio::test]
async fn keys_are_ready_once_their_issuer_has_answered() {
    let issuer = FakeIssuer::start().await;
    let pem = SigningKey::generate_pem(Algorithm::ES256).unwrap();
    let key = SigningKey::parse(Algorithm::ES256, &pem)
        .unwrap()
        .verifying_key();
    issuer.answer(
        "/jwks",
        Answer::ok(format!(r#"{{"keys":[{}]}}"#, key.jwk().unwrap())),
    );
    let keys = keys(&issuer);
    assert_eq!(keys.status().standing, Standing::Unavailable);

    assert!(keys.ready(Duration::from_secs(10)).await);

    let status = keys.status();
    assert_eq!((status.standing, status.keys), (Standing::Fresh, 1));
    assert_eq!(issuer.requests().len(), 1);
}

#[tokio::test]
async fn keys_are_not_ready_where_their_issuer_has_none() {
    let issuer = FakeIssuer::start().await;
    let keys = keys(&issuer);

    assert!(!keys.ready(Duration::from_millis(200)).await);

    let status = keys.status();
    assert!(status.last_error.unwrap().ends_with("the answer is 404"));
    assert!(status.counts.fetches.contains(&(FetchOutcome::Status, 1)));
}
