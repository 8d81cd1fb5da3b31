//! `JWK_URL`: tokens that another service issued under our settings, with keys of its own.

use serde_json::{Value, json};
use tegata::settings::Settings;
use tegata_jwt::Algorithm;

use super::signed::{header, unsigned};
use super::verbs::INVALID;
use crate::app::{BEGIN, TestApp};
use crate::fake_issuer::{FakeIssuer, Key};

/// Our own key, and the key set of the other.
pub(super) fn shared(s: &mut Settings, issuer: &FakeIssuer) {
    s.jwt.algorithm = Algorithm::ES256;
    s.jwt.signing_key = Some(include_str!("../../keys/es256.pem").into());
    s.jwt.jwk_url = Some(issuer.jwks_url());
}

async fn app_with_alice(issuer: &FakeIssuer) -> TestApp {
    TestApp::with_alice(|s| shared(s, issuer)).await
}

pub(super) async fn our_own_tokens_go_round_without_a_fetch(app: &TestApp, issuer: &FakeIssuer) {
    let pair = app.obtain_pair().await;

    assert_eq!(app.verify(&pair.access).await.status, 200);
    assert_eq!(app.get_user(&pair.access).await.status, 200);
    assert_eq!(app.refresh(&pair.refresh).await.status, 200);
    assert_eq!(issuer.asked(), 0);
}

/// The claims of a token of this type, for Alice.
fn claims(token_type: &str) -> Value {
    json!({
        "token_type": token_type, "exp": BEGIN + 3600, "refresh_exp": BEGIN + 3600, "jti": "x",
        "user_id": "1",
    })
}

fn named(kid: &str) -> String {
    let header = json!({ "alg": "ES256", "typ": "JWT", "kid": kid }).to_string();
    unsigned(&header, &claims("access").to_string()) + "." + &"A".repeat(86)
}

#[tokio::test]
async fn a_token_of_the_other_opens_what_our_own_do() {
    let issuer = FakeIssuer::spawn();
    let app = app_with_alice(&issuer).await;

    let access = issuer.key.sign(&claims("access"));

    assert_eq!(app.verify(&access).await.line(), "200 {}");
    assert_eq!(app.auth(&access).await.header("x-auth-user-id"), Some("1"));
    assert_eq!(app.get_user(&access).await.text("username"), "alice");
    assert_eq!(issuer.asked(), 1);
}

#[tokio::test]
async fn a_refresh_token_of_the_other_earns_an_access_token_of_ours() {
    let issuer = FakeIssuer::spawn();
    let app = app_with_alice(&issuer).await;

    let refresh = issuer.key.sign(&claims("refresh"));
    let access = app.refresh(&refresh).await.text("access");

    let own = app.obtain_pair().await.access;
    assert_eq!(header(&access), header(&own));
    assert_eq!(app.get_user(&access).await.status, 200);
}

#[tokio::test]
async fn a_refresh_token_of_the_other_can_be_blacklisted() {
    let issuer = FakeIssuer::spawn();
    let app = app_with_alice(&issuer).await;
    let refresh = issuer.key.sign(&claims("refresh"));

    assert_eq!(app.blacklist(&refresh).await.line(), "200 {}");

    assert_eq!(app.refresh(&refresh).await.status, 401);
}

#[tokio::test]
async fn a_sliding_token_of_the_other_slides_on_as_one_of_ours() {
    let issuer = FakeIssuer::spawn();
    let app = app_with_alice(&issuer).await;

    let slid = app
        .refresh_sliding(&issuer.key.sign(&claims("sliding")))
        .await;

    let own = app.obtain_sliding().await;
    assert_eq!(header(&slid.text("token")), header(&own));
}

#[tokio::test]
async fn our_own_tokens_verify_and_cause_no_fetch() {
    let issuer = FakeIssuer::spawn();
    let app = app_with_alice(&issuer).await;

    our_own_tokens_go_round_without_a_fetch(&app, &issuer).await;
}

#[tokio::test]
async fn with_a_secret_the_url_is_not_asked() {
    let issuer = FakeIssuer::spawn();
    let app = TestApp::with_alice(|s| s.jwt.jwk_url = Some(issuer.jwks_url())).await;

    let refused = app.verify(&issuer.key.sign(&claims("access"))).await;

    assert_eq!(refused.line(), INVALID);
    assert_eq!(
        app.verify(&app.obtain_pair().await.access).await.status,
        200
    );
    assert_eq!(issuer.asked(), 0);
}

#[tokio::test]
async fn a_token_without_a_kid_has_to_be_one_of_ours() {
    let issuer = FakeIssuer::spawn();
    let app = app_with_alice(&issuer).await;
    let header = json!({ "alg": "ES256", "typ": "JWT" });

    let unnamed = issuer.key.sign_under(&header, &claims("access"));

    assert_eq!(app.verify(&unnamed).await.line(), INVALID);
    assert_eq!(issuer.asked(), 0);
}

#[tokio::test]
async fn a_kid_that_nobody_has_is_refused() {
    let issuer = FakeIssuer::spawn();
    let app = app_with_alice(&issuer).await;

    let stranger = Key::generate("k2").sign(&claims("access"));
    let forger = Key::generate("k1").sign(&claims("access"));

    assert_eq!(app.verify(&stranger).await.line(), INVALID);
    assert_eq!(app.verify(&forger).await.line(), INVALID);
}

#[tokio::test]
async fn a_key_of_another_type_than_the_algorithm_is_refused_and_is_no_failure() {
    let issuer = FakeIssuer::spawn();
    let ed25519 = json!({
        "kty": "OKP", "crv": "Ed25519", "kid": "k2",
        "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo",
    });
    issuer.publish(&[issuer.key.jwk(), ed25519]);
    let app = app_with_alice(&issuer).await;

    let token = Key::generate("k2").sign(&claims("access"));

    assert_eq!(app.verify(&token).await.line(), INVALID);
    assert_eq!(app.refresh(&token).await.line(), INVALID);
}

#[tokio::test]
async fn while_the_key_set_is_away_its_tokens_are_503_and_ours_go_on() {
    let issuer = FakeIssuer::spawn();
    issuer.go_away();
    let app = app_with_alice(&issuer).await;
    let pair = app.obtain_pair().await;

    let access = issuer.key.sign(&claims("access"));
    let refused = app.verify(&access).await;

    let unavailable =
        r#"503 {"detail": "The service is unavailable, try again", "code": "unavailable"}"#;
    assert_eq!(refused.line(), unavailable);
    let seconds: u64 = refused.header("retry-after").unwrap().parse().unwrap();
    assert!(seconds >= 1);
    assert_eq!(app.auth(&access).await.status, 503);
    assert_eq!(app.get_user(&access).await.line(), unavailable);
    assert_eq!(app.refresh(&access).await.line(), unavailable);
    assert_eq!(app.verify(&pair.access).await.status, 200);
    assert_eq!(app.refresh(&pair.refresh).await.status, 200);
}

#[tokio::test]
async fn an_outage_is_no_challenge_to_show_another_token() {
    let issuer = FakeIssuer::spawn();
    issuer.go_away();
    let app = app_with_alice(&issuer).await;

    let refused = app.auth(&issuer.key.sign(&claims("access"))).await;

    assert_eq!(refused.header("www-authenticate"), None);
}

/// What the service answers where this is the key set.
async fn verified_by(status: u16, text: &str) -> u16 {
    let issuer = FakeIssuer::spawn();
    issuer.publish_text(status, text);
    let app = app_with_alice(&issuer).await;
    let answer = app.verify(&issuer.key.sign(&claims("access"))).await;
    answer.status.as_u16()
}

#[tokio::test]
async fn what_is_no_key_set_says_nothing_of_a_token() {
    assert_eq!(verified_by(200, "<html>Please sign in</html>").await, 503);
    assert_eq!(verified_by(200, r#"{"keys": []}"#).await, 503);
    assert_eq!(
        verified_by(200, r#"{"keys": [null, {"kty": "oct", "k": "eA"}]}"#).await,
        503
    );
    assert_eq!(verified_by(200, "[]").await, 503);
    assert_eq!(verified_by(403, r#"{"keys": []}"#).await, 503);
}

#[tokio::test]
async fn a_key_set_that_comes_back_is_taken() {
    let issuer = FakeIssuer::spawn();
    issuer.go_away();
    let app = app_with_alice(&issuer).await;
    let access = issuer.key.sign(&claims("access"));
    app.verify(&access).await;

    issuer.publish(&[issuer.key.jwk()]);
    app.advance(60);

    assert_eq!(app.verify(&access).await.status, 200);
}

#[tokio::test]
async fn a_key_set_that_goes_away_verifies_for_an_hour_and_no_longer() {
    let issuer = FakeIssuer::spawn();
    let app = app_with_alice(&issuer).await;
    let access = |end: i64| {
        let mut claims = claims("access");
        claims["exp"] = json!(BEGIN + end);
        issuer.key.sign(&claims)
    };
    app.verify(&access(9000)).await;

    issuer.go_away();
    app.advance(4000);

    assert_eq!(app.verify(&access(9000)).await.status, 200);
    app.advance(300);
    assert_eq!(app.verify(&access(9000)).await.status, 503);
}

#[tokio::test]
async fn a_new_key_is_known_within_the_cooldown() {
    let issuer = FakeIssuer::spawn();
    let app = app_with_alice(&issuer).await;
    app.verify(&issuer.key.sign(&claims("access"))).await;
    let next = Key::generate("k2");
    let access = next.sign(&claims("access"));

    issuer.publish(&[issuer.key.jwk(), next.jwk()]);
    app.advance(31);

    assert_eq!(app.verify(&access).await.status, 200);
    assert_eq!(issuer.asked(), 2);
}

#[tokio::test]
async fn a_key_that_was_withdrawn_verifies_nothing_any_more() {
    let issuer = FakeIssuer::spawn();
    let app = app_with_alice(&issuer).await;
    let access = issuer.key.sign(&claims("access"));
    app.verify(&access).await;
    let next = Key::generate("k2");

    issuer.publish(&[next.jwk()]);
    app.advance(31);
    app.verify(&next.sign(&claims("access"))).await;

    assert_eq!(app.verify(&access).await.line(), INVALID);
}

#[tokio::test]
async fn a_flood_of_random_kids_is_one_question_to_the_issuer() {
    let issuer = FakeIssuer::spawn();
    let app = app_with_alice(&issuer).await;
    let genuine = issuer.key.sign(&claims("access"));
    app.verify(&genuine).await;
    app.advance(31);

    for number in 0..500 {
        let forged = app.verify(&named(&format!("random-{number}"))).await;
        assert_eq!(forged.line(), INVALID);
    }

    assert_eq!(issuer.asked(), 2);
    assert_eq!(app.verify(&genuine).await.status, 200);
}

#[tokio::test]
async fn keys_of_others_are_there_after_a_reload_and_gone_after_the_next() {
    let issuer = FakeIssuer::spawn();
    let app = app_with_alice(&issuer).await;
    let access = issuer.key.sign(&claims("access"));
    app.verify(&access).await;

    let kept = app.reloaded(|s| s.jwt.leeway = "1s".parse().unwrap()).await;
    let without = app.reloaded(|s| s.jwt.jwk_url = None).await;
    let again = without
        .reloaded(|s| s.jwt.jwk_url = Some(issuer.jwks_url()))
        .await;

    assert_eq!(kept.verify(&access).await.status, 200);
    assert_eq!(issuer.asked(), 1);
    assert_eq!(without.verify(&access).await.line(), INVALID);
    assert_eq!(again.verify(&access).await.status, 200);
    assert_eq!(issuer.asked(), 2);
}
