use insta::assert_snapshot;

use super::signed::sign;
use crate::app::TestApp;

#[tokio::test]
async fn an_access_token_verifies_until_it_expires() {
    let app = TestApp::spawn_with_alice().await;
    let pair = app.obtain_pair().await;

    app.advance(299);
    assert_eq!(app.verify(&pair.access).await.line(), "200 {}");
    app.advance(1);
    assert_eq!(
        app.verify(&pair.access).await.line(),
        r#"401 {"detail": "Token is invalid or expired", "code": "token_not_valid"}"#
    );
}

#[tokio::test]
async fn leeway_lets_a_token_live_longer() {
    let app = TestApp::with_alice(|s| s.jwt.leeway = "10s".parse().unwrap()).await;
    let pair = app.obtain_pair().await;

    app.advance(309);
    assert_eq!(app.verify(&pair.access).await.status, 200);
    app.advance(1);
    assert_eq!(app.verify(&pair.access).await.status, 401);
}

#[tokio::test]
async fn a_token_signed_with_another_key_is_refused() {
    let app = TestApp::spawn_with_alice().await;
    let other =
        TestApp::with(|s| s.jwt.signing_key = Some("k9Vd2-Wm3rYp0sVb6nHc4eJd9uLg2f-x".into()))
            .await;
    let pair = app.obtain_pair().await;

    assert_eq!(other.verify(&pair.access).await.status, 401);
}

#[tokio::test]
async fn what_a_genuine_token_lacks_is_named() {
    let app = TestApp::spawn().await;
    let body = |claims: &str| format!(r#"{{"token": "{}"}}"#, sign(claims));

    let no_exp = app.post("/api/token/verify", body(r#"{"jti":"1"}"#)).await;
    let no_jti = app
        .post("/api/token/verify", body(r#"{"exp":1795219593}"#))
        .await;
    let no_type = app.refresh(&sign(r#"{"exp":1795219593,"jti":"1"}"#)).await;

    assert_snapshot!(no_exp.line(), @r#"401 {"detail": "Token has no 'exp' claim", "code": "token_not_valid"}"#);
    assert_snapshot!(no_jti.line(), @r#"401 {"detail": "Token has no id", "code": "token_not_valid"}"#);
    assert_snapshot!(no_type.line(), @r#"401 {"detail": "Token has no type", "code": "token_not_valid"}"#);
}

#[tokio::test]
async fn an_es256_service_verifies_its_own_tokens() {
    let pem = include_str!("../../keys/es256.pem");
    let app = TestApp::with_alice(|s| {
        s.jwt.algorithm = "ES256".parse().unwrap();
        s.jwt.signing_key = Some(pem.into());
    })
    .await;

    let pair = app.obtain_pair().await;

    assert_eq!(app.verify(&pair.access).await.status, 200);
    assert_eq!(app.refresh(&pair.refresh).await.status, 200);
}

#[tokio::test]
async fn a_body_that_does_not_fit_is_answered_as_ninja_does() {
    let app = TestApp::spawn().await;

    let bodies = [
        "",
        "{",
        "[]",
        "{}",
        r#"{"token": false}"#,
        r#"{"token": 1}"#,
        r#"{"token": "x"}"#,
        r#"{"token": "\ud800"}"#,
        r#"{"token": "x", "more": ["\ud800", 1e999]}"#,
        r#"{"token": "x", "\ud800": 1}"#,
        r#"{"token": "x", "more": NaN}"#,
    ];
    assert_snapshot!(app.transcript("/api/token/verify", &bodies).await);
}
