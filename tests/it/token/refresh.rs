use insta::assert_snapshot;

use super::signed::{claim, claims, sign};
use crate::app::{BEGIN, TestApp};

#[tokio::test]
async fn a_refresh_token_obtains_a_fresh_access_token_and_stays() {
    let app = TestApp::spawn_with_alice().await;
    let pair = app.obtain_pair().await;

    app.advance(60);
    let answer = app.refresh(&pair.refresh).await.json();

    let access = answer["access"].as_str().unwrap();
    assert_eq!(answer["refresh"], pair.refresh);
    assert_eq!(claim(access, "token_type"), "access");
    assert_eq!(claim(access, "user_id"), 1);
    assert_eq!(claim(access, "iat"), BEGIN + 60);
    assert_eq!(claim(access, "exp"), BEGIN + 60 + 300);
    assert_ne!(claim(access, "jti"), claim(&pair.access, "jti"));
    assert_eq!(app.verify(access).await.status, 200);
}

#[tokio::test]
async fn further_claims_are_taken_over_in_their_order_and_as_they_are() {
    let app = TestApp::spawn_with_alice().await;
    let token = sign(
        r#"{"role":"admin","token_type":"refresh","exp":1795305693,"jti":"x","user_id":1,"nested":{"z":[1,2.50,null],"a":"\u00e9"},"iat":1795219293,"big":1152921504606846976}"#,
    );

    let answer = app.refresh(&token).await.json();

    let access = answer["access"].as_str().unwrap();
    let claims = claims(access);
    let (_, further) = claims.split_once(r#","role""#).unwrap();
    assert_eq!(
        further,
        r#":"admin","user_id":1,"nested":{"z":[1,2.50,null],"a":"\u00e9"},"big":1152921504606846976}"#
    );
}

#[tokio::test]
async fn an_access_token_is_no_refresh_token() {
    let app = TestApp::spawn_with_alice().await;
    let pair = app.obtain_pair().await;

    let answer = app.refresh(&pair.access).await;

    assert_eq!(
        answer.line(),
        r#"401 {"detail": "Token has wrong type", "code": "token_not_valid"}"#
    );
}

#[tokio::test]
async fn a_refresh_token_expires_after_its_lifetime() {
    let app = TestApp::spawn_with_alice().await;
    let pair = app.obtain_pair().await;

    app.advance(86_399);
    assert_eq!(app.refresh(&pair.refresh).await.status, 200);
    app.advance(1);
    assert_eq!(
        app.refresh(&pair.refresh).await.line(),
        r#"401 {"detail": "Token is invalid or expired", "code": "token_not_valid"}"#
    );
}

#[tokio::test]
async fn a_disabled_user_cannot_refresh() {
    let app = TestApp::spawn_with_alice().await;
    let pair = app.obtain_pair().await;

    app.disable_users();

    assert_eq!(
        app.refresh(&pair.refresh).await.line(),
        r#"401 {"detail": "No active account found for the given token.", "code": "authentication_failed"}"#
    );
}

#[tokio::test]
async fn a_deleted_user_cannot_refresh() {
    let app = TestApp::spawn_with_alice().await;
    let pair = app.obtain_pair().await;

    app.delete_users();

    assert_eq!(app.refresh(&pair.refresh).await.status, 401);
}

#[tokio::test]
async fn a_token_of_no_user_we_could_have_is_refused() {
    let app = TestApp::spawn_with_alice().await;
    let refresh = |user: &str| {
        let claims =
            format!(r#"{{"token_type":"refresh","exp":1795305693,"jti":"x","user_id":{user}}}"#);
        sign(&claims)
    };

    assert_eq!(app.refresh(&refresh("\"1\"")).await.status, 200);
    assert_eq!(app.refresh(&refresh("\"junk\"")).await.status, 401);
    assert_eq!(app.refresh(&refresh("99")).await.status, 401);
    assert_eq!(app.refresh(&refresh("1.5")).await.status, 401);
    assert_eq!(app.refresh(&refresh("null")).await.status, 401);
    assert_eq!(app.refresh(&refresh("{\"id\":1}")).await.status, 401);
}

#[tokio::test]
async fn a_token_that_names_no_user_does_not_pass_by_the_look_at_its_user() {
    let app = TestApp::spawn().await;
    let as_ninja = TestApp::with(|s| s.compat.refresh_without_user = true).await;
    let token = sign(r#"{"token_type":"refresh","exp":1795305693,"jti":"x"}"#);

    assert_snapshot!(app.refresh(&token).await.line(), @r#"401 {"detail": "Token contained no recognizable user identification", "code": "token_not_valid"}"#);
    assert_eq!(as_ninja.refresh(&token).await.status, 200);
}

#[tokio::test]
async fn a_token_that_django_blacklisted_is_refused() {
    let app = TestApp::spawn_with_alice().await;
    let pair = app.obtain_pair().await;

    app.blacklist_all();

    assert_eq!(
        app.refresh(&pair.refresh).await.line(),
        r#"401 {"detail": "Token is blacklisted", "code": "token_not_valid"}"#
    );
}

#[tokio::test]
async fn a_body_that_does_not_fit_is_answered_as_ninja_does() {
    let app = TestApp::spawn().await;

    let bodies = [
        "",
        "{",
        "[]",
        "{}",
        r#"{"refresh": null}"#,
        r#"{"refresh": 1}"#,
        r#"{"refresh": "x"}"#,
    ];
    assert_snapshot!(app.transcript("/api/token/refresh", &bodies).await);
}
