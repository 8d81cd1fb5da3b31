use insta::assert_snapshot;
use tegata_jwt::Lifetime;

use crate::app::{BEGIN, TestApp};
use crate::token::signed::{claim, sign};
use crate::token::verbs::INVALID;

#[tokio::test]
async fn access_token_lifetime() {
    let app = TestApp::with_alice(|s| s.jwt.access_token_lifetime = Lifetime::minutes(1)).await;
    let pair = app.obtain_pair().await;
    let refreshed = app.refresh(&pair.refresh).await.text("access");

    assert_eq!(claim(&refreshed, "exp"), BEGIN + 60);
    app.advance(59);
    assert_eq!(app.verify(&pair.access).await.status, 200);
    app.advance(1);
    assert_eq!(app.verify(&pair.access).await.line(), INVALID);
    assert_eq!(app.refresh(&pair.refresh).await.status, 200);
}

#[tokio::test]
async fn refresh_token_lifetime() {
    let app = TestApp::with_alice(|s| s.jwt.refresh_token_lifetime = Lifetime::minutes(1)).await;
    let pair = app.obtain_pair().await;

    app.advance(59);
    assert_eq!(app.refresh(&pair.refresh).await.status, 200);
    app.advance(1);
    assert_eq!(app.refresh(&pair.refresh).await.line(), INVALID);
    assert_eq!(app.verify(&pair.access).await.status, 200);
}

#[tokio::test]
async fn sliding_token_lifetime() {
    let app = TestApp::with_alice(|s| s.jwt.sliding_token_lifetime = Lifetime::minutes(1)).await;
    let token = app.obtain_sliding().await;

    app.advance(59);
    let later = app.refresh_sliding(&token).await.text("token");
    app.advance(1);
    assert_eq!(app.verify(&token).await.line(), INVALID);
    app.advance(58);
    assert_eq!(app.verify(&later).await.status, 200);
    app.advance(1);
    assert_eq!(app.verify(&later).await.line(), INVALID);
}

#[tokio::test]
async fn sliding_token_refresh_lifetime() {
    let minute = Lifetime::minutes(1);
    let app = TestApp::with_alice(|s| s.jwt.sliding_token_refresh_lifetime = minute).await;
    let token = app.obtain_sliding().await;

    app.advance(59);
    assert_eq!(app.refresh_sliding(&token).await.status, 200);
    app.advance(1);
    assert_snapshot!(app.refresh_sliding(&token).await.line(), @r#"401 {"detail": "Token 'refresh_exp' claim has expired", "code": "token_not_valid"}"#);
    assert_eq!(app.verify(&token).await.status, 200);
}

#[tokio::test]
async fn without_a_lifetime_tokens_are_born_expired() {
    let app = TestApp::with_alice(|s| {
        s.jwt.access_token_lifetime = Lifetime::seconds(0);
        s.jwt.refresh_token_lifetime = Lifetime::seconds(0);
        s.jwt.sliding_token_lifetime = Lifetime::seconds(0);
    })
    .await;

    let (pair, sliding) = (app.obtain_pair().await, app.obtain_sliding().await);

    assert_eq!(app.verify(&pair.access).await.line(), INVALID);
    assert_eq!(app.refresh(&pair.refresh).await.line(), INVALID);
    assert_eq!(app.refresh_sliding(&sliding).await.line(), INVALID);
}

#[tokio::test]
async fn with_a_negative_lifetime_tokens_are_born_expired() {
    let app = TestApp::with_alice(|s| {
        s.jwt.access_token_lifetime = Lifetime::seconds(-5);
        s.jwt.refresh_token_lifetime = Lifetime::days(-365_000);
        s.jwt.sliding_token_refresh_lifetime = Lifetime::seconds(-5);
    })
    .await;

    let (pair, sliding) = (app.obtain_pair().await, app.obtain_sliding().await);

    assert_eq!(claim(&pair.access, "exp"), BEGIN - 5);
    assert_eq!(app.verify(&pair.access).await.line(), INVALID);
    assert_eq!(app.refresh(&pair.refresh).await.line(), INVALID);
    assert_eq!(app.refresh_sliding(&sliding).await.status, 401);
}

#[tokio::test]
async fn the_longest_lifetime_is_one() {
    let app = TestApp::with_alice(|s| {
        s.jwt.access_token_lifetime = Lifetime::days(366_000);
        s.jwt.refresh_token_lifetime = Lifetime::days(366_000);
        s.jwt.rotate_refresh_tokens = true;
    })
    .await;

    let pair = app.obtain_pair().await;

    assert_eq!(app.verify(&pair.access).await.status, 200);
    assert_eq!(app.refresh(&pair.refresh).await.status, 200);
}

#[tokio::test]
async fn leeway_accepts_a_token_that_is_not_valid_yet() {
    let app = TestApp::with(|s| s.jwt.leeway = Lifetime::seconds(10)).await;
    let token = |claim: &str, time: i64| {
        sign(&format!(
            r#"{{"exp":1795219593,"jti":"x","{claim}":{time}}}"#
        ))
    };

    assert_eq!(app.verify(&token("nbf", BEGIN + 10)).await.status, 200);
    assert_eq!(app.verify(&token("iat", BEGIN + 10)).await.status, 200);
    assert_eq!(app.verify(&token("nbf", BEGIN + 11)).await.line(), INVALID);
    assert_eq!(app.verify(&token("iat", BEGIN + 11)).await.line(), INVALID);
}

#[tokio::test]
async fn leeway_holds_for_the_end_of_refreshes() {
    let app = TestApp::with_alice(|s| {
        s.jwt.leeway = Lifetime::seconds(10);
        s.jwt.sliding_token_refresh_lifetime = Lifetime::minutes(1);
    })
    .await;
    let token = app.obtain_sliding().await;

    app.advance(69);
    assert_eq!(app.refresh_sliding(&token).await.status, 200);
    app.advance(1);
    assert_eq!(app.refresh_sliding(&token).await.status, 401);
}

#[tokio::test]
async fn a_negative_leeway_is_stricter_than_the_claims() {
    let app = TestApp::with_alice(|s| s.jwt.leeway = Lifetime::seconds(-10)).await;
    let pair = app.obtain_pair().await;

    app.advance(9);
    assert_eq!(app.verify(&pair.access).await.line(), INVALID, "too young");
    app.advance(1);
    assert_eq!(app.verify(&pair.access).await.status, 200);
    app.advance(279);
    assert_eq!(app.verify(&pair.access).await.status, 200);
    app.advance(1);
    assert_eq!(app.verify(&pair.access).await.line(), INVALID, "too old");
}
