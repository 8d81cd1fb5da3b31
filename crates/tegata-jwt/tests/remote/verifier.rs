use std::time::Duration;

use chrono::TimeDelta;
use tegata_jwt::jwks::{HttpClient, KeySetRules, KeySetSource, RemoteKeys, Standing};
use tegata_jwt::{
    Audience, BuildError, Claims, Clock, Settings, TokenError, TrustedIssuer, Verified, Verifier,
    VerifyError,
};

use super::fake_issuer::{Answer, FakeIssuer};
use super::*;

/// A key, whoever publishes it, and a verifier that trusts them.
struct Case {
    key: Key,
    issuer: FakeIssuer,
    clock: Clock,
    verifier: Verifier,
}

impl Case {
    /// One whose issuer publishes the key.
    async fn start() -> Self {
        let key = Key::new();
        let answer = Answer::ok(set_of(&[&key]));
        Self::start_with(key, answer).await
    }

    async fn start_with(key: Key, answer: Answer) -> Self {
        let (issuer, clock) = (FakeIssuer::start().await, clock());
        issuer.answer(JWKS, answer);
        let trusted = TrustedIssuer::jwks(ISS, issuer.url(JWKS)).audience(["api"]);
        let builder = Verifier::builder().issuer(trusted.algorithms([ES256]));
        let builder = builder.remember(100).clock(clock.clone());
        Self {
            verifier: builder.build().unwrap(),
            key,
            issuer,
            clock,
        }
    }

    fn token(&self) -> String {
        token(&self.key, &self.clock)
    }

    async fn verify(&self, token: &str) -> Result<Verified, VerifyError> {
        self.verifier.verify(token).await
    }

    async fn refusal(&self, token: &str) -> VerifyError {
        self.verify(token).await.unwrap_err()
    }

    fn fetches(&self) -> usize {
        self.issuer.requests().len()
    }
}

#[tokio::test]
async fn keys_are_fetched_when_the_first_token_needs_them() {
    let case = Case::start().await;
    assert_eq!(case.fetches(), 0);

    let found = case.verify(&case.token()).await.unwrap();

    assert_eq!(
        (found.issuer(), found.kid()),
        (Some(ISS), Some(&*case.key.kid()))
    );
    assert!(case.verifier.verify_now(&case.token()).is_ok());
    assert_eq!(case.fetches(), 1);
}

#[tokio::test]
async fn without_waiting_the_first_token_asks_for_keys_and_is_not_refused_as_bad() {
    let case = Case::start().await;

    let error = case.verifier.verify_now(&case.token()).unwrap_err();

    assert!(is_unavailable(&error));
    assert_eq!(error.status(), 503);
    assert!(case.verifier.ready(Duration::from_secs(5)).await);
    assert!(case.verifier.verify_now(&case.token()).is_ok());
}

#[tokio::test]
async fn all_tokens_of_a_cold_start_share_one_fetch() {
    let case = Case::start().await;

    let tasks: Vec<_> = (0..50)
        .map(|_| (case.verifier.clone(), case.token()))
        .map(|(verifier, token)| tokio::spawn(async move { verifier.verify(&token).await.is_ok() }))
        .collect();

    for task in tasks {
        assert!(task.await.unwrap());
    }
    assert_eq!(case.fetches(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn ten_thousand_random_kids_cause_one_fetch_and_delay_no_valid_token() {
    let case = Case::start().await;
    let token = case.token();
    case.verify(&token).await.unwrap();
    cool_down(&case.clock);

    let attackers: Vec<_> = (0..50)
        .map(|attacker| {
            let (verifier, token) = (case.verifier.clone(), token.clone());
            tokio::spawn(async move {
                for number in 0..200 {
                    let forged = with_kid(&token, &format!("{attacker}-{number}"));
                    let refused = verifier.verify(&forged).await.unwrap_err();
                    assert_eq!(refused, TokenError::UnknownKey.into());
                }
            })
        })
        .collect();
    for _ in 0..1_000 {
        let valid = token_under(&settings(), &case.key, &case.clock);
        assert!(case.verifier.verify_now(&valid).is_ok());
    }
    for attacker in attackers {
        attacker.await.unwrap();
    }

    assert_eq!(case.fetches(), 2);
}

#[tokio::test]
async fn noise_causes_no_fetch() {
    let case = Case::start().await;
    let (token, strangers) = (case.token(), Key::new());
    let evil = FakeIssuer::start().await;
    let other = Settings {
        issuer: Some("https://evil.example/".to_owned()),
        ..settings()
    };
    let unknown_issuer = token_under(&other, &strangers, &case.clock);
    let elsewhere = Settings {
        audience: Some(Audience::One("billing".to_owned())),
        ..settings()
    };
    let for_another = token_under(&elsewhere, &strangers, &case.clock);
    let jku = format!(r#"{{"alg":"none","kid":"1","jku":"{}"}}"#, evil.url(JWKS));
    let noise = [
        "no token",
        &unknown_issuer,
        &for_another,
        &with_header(&token, r#"{"alg":"none","kid":"1"}"#),
        &with_header(&token, &jku),
        &with_header(&token, r#"{"alg":"RS256","kid":"1"}"#),
        &with_header(&token, r#"{"alg":"ES256","kid":"1","typ":"logout+jwt"}"#),
        &with_header(&token, r#"{"alg":"ES256","kid":"1","crit":["exp"]}"#),
        &with_kid(&token, &"k".repeat(257)),
        &format!("{}=", with_kid(&token, "1")),
    ];

    for noise in noise {
        assert_eq!(case.refusal(noise).await.status(), 401, "{noise}");
    }
    case.clock.advance(TimeDelta::hours(2));
    assert_eq!(case.refusal(&with_kid(&token, "1")).await.code(), "expired");

    assert_eq!((case.fetches(), evil.requests().len()), (0, 0));
}

#[tokio::test]
async fn a_forged_signature_under_a_known_kid_causes_no_fetch() {
    let case = Case::start().await;
    case.verify(&case.token()).await.unwrap();
    cool_down(&case.clock);

    let forged = with_kid(&case.token(), &case.key.kid());

    assert_eq!(case.refusal(&forged).await, TokenError::BadSignature.into());
    assert_eq!(case.fetches(), 1);
}

#[tokio::test]
async fn a_jku_of_the_token_is_never_asked() {
    let (case, evil) = (Case::start().await, FakeIssuer::start().await);
    let strangers = Key::new();
    evil.answer(JWKS, Answer::ok(set_of(&[&strangers])));
    let (kid, jku) = (strangers.kid(), evil.url(JWKS));
    let header = format!(r#"{{"alg":"ES256","kid":"{kid}","jku":"{jku}"}}"#);

    let forged = with_header(&token(&strangers, &case.clock), &header);

    assert_eq!(case.refusal(&forged).await, TokenError::UnknownKey.into());
    assert!(evil.requests().is_empty());
}

#[tokio::test]
async fn a_key_that_was_added_is_found_after_the_cool_down() {
    let case = Case::start().await;
    case.verify(&case.token()).await.unwrap();
    let next = Key::new();
    let of_next = token(&next, &case.clock);
    case.issuer
        .answer(JWKS, Answer::ok(set_of(&[&case.key, &next])));

    assert_eq!(case.refusal(&of_next).await, TokenError::UnknownKey.into());
    cool_down(&case.clock);
    assert!(case.verify(&of_next).await.is_ok());
    assert!(case.verify(&case.token()).await.is_ok());
    assert_eq!(case.fetches(), 2);
}

#[tokio::test]
async fn a_token_without_kid_finds_a_key_that_was_added() {
    let case = Case::start().await;
    case.verify(&case.token()).await.unwrap();
    let next = Key::new();
    let unnamed = next.sign_unnamed(&case.token());
    case.issuer
        .answer(JWKS, Answer::ok(set_of(&[&case.key, &next])));

    assert_eq!(
        case.refusal(&unnamed).await,
        TokenError::BadSignature.into()
    );
    cool_down(&case.clock);
    assert!(case.verify(&unnamed).await.is_ok());
}

#[tokio::test]
async fn a_withdrawn_key_is_refused_at_once_and_what_is_remembered_of_it() {
    let case = Case::start().await;
    let remembered = case.token();
    case.verify(&remembered).await.unwrap();
    let next = Key::new();
    case.issuer.answer(JWKS, Answer::ok(set_of(&[&next])));
    cool_down(&case.clock);

    case.verify(&token(&next, &case.clock)).await.unwrap();

    let refused = case.verifier.verify_now(&remembered).unwrap_err();
    assert_eq!(refused, TokenError::UnknownKey.into());
}

#[tokio::test]
async fn an_issuer_that_is_down_leaves_its_known_keys_in_use_and_says_nothing_of_others() {
    let case = Case::start().await;
    case.verify(&case.token()).await.unwrap();
    case.issuer.answer(JWKS, Answer::status(404));
    cool_down(&case.clock);

    let unknown = case.refusal(&with_kid(&case.token(), "new")).await;

    assert!(is_unavailable(&unknown), "{unknown}");
    assert!(case.verify(&case.token()).await.is_ok());
    case.clock.advance(TimeDelta::minutes(30));
    let health = case.verifier.health();
    assert!(matches!(health[0].standing, Standing::Stale { .. }));
    assert!(case.verifier.verify_now(&case.token()).is_ok());
}

#[tokio::test]
async fn a_seed_verifies_while_the_issuer_is_down_and_no_longer_than_an_outage() {
    let (key, clock) = (Key::new(), clock());
    let issuer = FakeIssuer::start().await;
    issuer.answer(JWKS, Answer::status(404));
    let trusted = TrustedIssuer::jwks(ISS, issuer.url(JWKS)).audience(["api"]);
    let trusted = trusted.algorithms([ES256]).seed(set_of(&[&key]));
    let builder = Verifier::builder().issuer(trusted).clock(clock.clone());
    let verifier: Verifier = builder.build().unwrap();

    assert!(verifier.verify(&token(&key, &clock)).await.is_ok());

    clock.advance(TimeDelta::minutes(59));
    assert!(verifier.verify_now(&token(&key, &clock)).is_ok());
    clock.advance(TimeDelta::minutes(1));
    let gone = verifier.verify(&token(&key, &clock)).await.unwrap_err();
    assert!(is_unavailable(&gone), "{gone}");
}

#[tokio::test]
async fn a_seed_that_is_no_key_set_is_refused() {
    let trusted = TrustedIssuer::jwks(ISS, "https://a.example/jwks").audience(["api"]);
    let trusted = trusted.algorithms([ES256]).seed("<html>");

    let refused = Verifier::<Claims>::builder().issuer(trusted).build().err();

    assert!(matches!(refused, Some(BuildError::Seed { .. })));
}

#[tokio::test]
async fn keys_that_were_stale_too_long_are_unavailable_and_the_token_is_not_bad() {
    let case = Case::start().await;
    case.verify(&case.token()).await.unwrap();
    case.issuer.answer(JWKS, Answer::status(404));

    case.clock.advance(TimeDelta::minutes(71));

    let error = case.refusal(&case.token()).await;
    assert!(is_unavailable(&error), "{error}");
    assert_eq!(case.verifier.health()[0].standing, Standing::Unavailable);
}

#[tokio::test]
async fn an_issuer_that_was_never_there_is_503_with_a_time_to_come_again() {
    let case = Case::start_with(Key::new(), Answer::status(404)).await;

    let error = case.refusal(&case.token()).await;

    let VerifyError::KeysUnavailable { retry_after, .. } = &error else {
        panic!("{error}");
    };
    assert!(*retry_after >= Duration::from_secs(1));
    assert_eq!(error.status(), 503);
}

#[tokio::test]
async fn an_issuer_is_discovered_by_its_name() {
    let (key, clock, fake) = (Key::new(), clock(), FakeIssuer::start().await);
    let iss = fake.url("/realms/a");
    let metadata = format!(r#"{{"issuer":"{iss}","jwks_uri":"{}"}}"#, fake.url(JWKS));
    fake.answer(
        "/realms/a/.well-known/openid-configuration",
        Answer::ok(metadata),
    );
    fake.answer(JWKS, Answer::ok(set_of(&[&key])));
    let trusted = TrustedIssuer::discover(&iss)
        .audience(["api"])
        .algorithms([ES256]);
    let builder = Verifier::builder().issuer(trusted).clock(clock.clone());
    let verifier: Verifier = builder.build().unwrap();

    let settings = Settings {
        issuer: Some(iss.clone()),
        ..settings()
    };
    let found = verifier.verify(&token_under(&settings, &key, &clock)).await;

    assert_eq!(found.unwrap().issuer(), Some(&*iss));
}

#[tokio::test]
async fn what_one_issuer_lacks_costs_another_no_fetch_and_no_token() {
    let (one, other) = (Case::start().await, FakeIssuer::start().await);
    other.answer(JWKS, Answer::status(404));
    let trusted = |iss: &str, fake: &FakeIssuer| {
        let issuer = TrustedIssuer::jwks(iss, fake.url(JWKS)).any_audience();
        issuer.algorithms([ES256])
    };
    let builder = Verifier::builder().issuer(trusted(ISS, &one.issuer));
    let builder = builder.issuer(trusted("https://b.example/", &other));
    let verifier: Verifier = builder.clock(one.clock.clone()).build().unwrap();
    let of_other = Settings {
        issuer: Some("https://b.example/".to_owned()),
        ..settings()
    };
    let of_other = token_under(&of_other, &one.key, &one.clock);

    for _ in 0..10 {
        assert_eq!(verifier.verify(&of_other).await.unwrap_err().status(), 503);
    }

    assert!(verifier.verify(&one.token()).await.is_ok());
    let health = verifier.health();
    let standings = health.iter().map(|status| &status.standing);
    assert_eq!(
        standings.collect::<Vec<_>>(),
        [&Standing::Fresh, &Standing::Unavailable]
    );
    assert_eq!((one.fetches(), other.requests().len()), (1, 1));
}

#[tokio::test]
async fn a_verifier_built_anew_keeps_the_keys_that_are_there() {
    let (key, clock, fake) = (Key::new(), clock(), FakeIssuer::start().await);
    fake.answer(JWKS, Answer::ok(set_of(&[&key])));
    let source = KeySetSource::Jwks(fake.url(JWKS));
    let (rules, http) = (KeySetRules::default(), HttpClient::new().unwrap());
    let keys = RemoteKeys::new(ISS, source, &[ES256], rules, &http, clock.clone()).unwrap();
    let build = || {
        let trusted = TrustedIssuer::remote(ISS, keys.clone()).audience(["api"]);
        let builder = Verifier::<Claims>::builder().issuer(trusted.algorithms([ES256]));
        builder.clock(clock.clone()).build().unwrap()
    };
    let token = token(&key, &clock);
    build().verify(&token).await.unwrap();

    assert!(build().verify_now(&token).is_ok());
    assert_eq!(fake.requests().len(), 1);
}
