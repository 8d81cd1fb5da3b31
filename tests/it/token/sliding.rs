mod refresh;

use insta::assert_snapshot;
use tegata_jwt::TokenClass;

use super::signed::{claim, claims};
use super::verbs::{BLACKLISTED, WRONG_TYPE};
use crate::app::{BEGIN, TestApp};

#[tokio::test]
async fn the_claims_stand_in_ninjas_order() {
    let app = TestApp::spawn_with_alice().await;

    let answer = app.login_sliding("alice", "alice-pw").await;

    let token = answer.text("token");
    let jti = claim(&token, "jti");
    assert_eq!(answer.text("username"), "alice");
    assert_eq!(
        claims(&token).replace(jti.as_str().unwrap(), "…"),
        format!(
            r#"{{"token_type":"sliding","exp":{},"iat":{BEGIN},"jti":"…","refresh_exp":{},"user_id":1}}"#,
            BEGIN + 300,
            BEGIN + 86_400
        )
    );
}

#[tokio::test]
async fn a_sliding_token_is_outstanding_from_its_login_until_its_last_refresh_ends() {
    let app = TestApp::spawn_with_alice().await;

    let token = app.obtain_sliding().await;

    let jti = claim(&token, "jti");
    let rows = app.select(
        "SELECT user_id, jti, token, created_at, expires_at FROM token_blacklist_outstandingtoken",
    );
    assert_eq!(
        rows,
        [format!(
            "1|{}|{token}|2026-11-21 00:01:33|2026-11-22 00:06:33",
            jti.as_str().unwrap()
        )]
    );
}

#[tokio::test]
async fn nobody_else_gets_a_sliding_token() {
    let app = TestApp::spawn_with_alice().await;

    let wrong = app.login_sliding("alice", "nope").await;
    let unknown = app.login_sliding("nobody", "alice-pw").await;
    app.disable_users();
    let disabled = app.login_sliding("alice", "alice-pw").await;

    assert_eq!(unknown.line(), wrong.line());
    assert_eq!(disabled.line(), wrong.line());
    assert_snapshot!(wrong.line(), @r#"401 {"detail": "No active account found with the given credentials", "code": "authentication_failed"}"#);
}

#[tokio::test]
async fn a_sliding_token_opens_guarded_endpoints_where_it_is_let() {
    let app = TestApp::with_alice(|s| s.jwt.auth_token_classes = vec![TokenClass::Sliding]).await;
    let (sliding, pair) = (app.obtain_sliding().await, app.obtain_pair().await);

    assert_eq!(
        app.get_user(&sliding).await.line(),
        r#"200 {"id": 1, "username": "alice"}"#
    );
    assert_eq!(app.auth(&sliding).await.status, 200);
    assert_eq!(app.auth(&pair.access).await.status, 401);
}

#[tokio::test]
async fn a_blacklisted_sliding_token_is_of_no_use() {
    let app = TestApp::with_alice(|s| s.jwt.auth_token_classes = vec![TokenClass::Sliding]).await;
    let token = app.obtain_sliding().await;

    app.blacklist_all();
    app.poll().await;

    assert_eq!(app.refresh_sliding(&token).await.line(), BLACKLISTED);
    assert_eq!(app.auth(&token).await.status, 401);
    assert_snapshot!(app.get_user(&token).await.line(), @r#"401 {"detail": "Given token not valid for any token type", "code": "token_not_valid", "messages": [{"token_class": "SlidingToken", "token_type": "sliding", "message": "Token is blacklisted"}]}"#);
}

#[tokio::test]
async fn a_sliding_token_cannot_be_blacklisted_over_http() {
    let app = TestApp::spawn_with_alice().await;
    let token = app.obtain_sliding().await;

    assert_eq!(app.blacklist(&token).await.line(), WRONG_TYPE);

    assert_eq!(app.refresh_sliding(&token).await.status, 200);
}

#[tokio::test]
async fn a_body_that_does_not_fit_is_answered_as_ninja_does() {
    let app = TestApp::spawn().await;

    let bodies = [
        "",
        "{",
        "[]",
        "{}",
        r#"{"username": "alice"}"#,
        r#"{"username": [], "password": "alice-pw"}"#,
        r#"{"username": "\ud800", "password": "alice-pw"}"#,
        r#"{"username": "alice", "password": true}"#,
    ];
    assert_snapshot!(app.transcript("/api/token/sliding", &bodies).await);
}
