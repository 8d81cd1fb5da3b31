use insta::assert_snapshot;
use reqwest::Method;
use reqwest::header::{AUTHORIZATION, HeaderMap};

use super::signed::sign;
use super::verbs::{authorization, bearer};
use crate::app::TestApp;

const UNAUTHORIZED: &str = r#"401 {"detail": "Unauthorized"}"#;

/// An access token of these further claims.
fn access(further: &str) -> String {
    sign(&format!(
        r#"{{"token_type":"access","exp":1795219593,"jti":"x"{further}}}"#
    ))
}

#[tokio::test]
async fn the_bearer_learns_who_it_is() {
    let app = TestApp::spawn_with_alice().await;
    let pair = app.obtain_pair().await;

    let answer = app.get_user(&pair.access).await;

    assert_eq!(answer.line(), r#"200 {"id": 1, "username": "alice"}"#);
    assert_eq!(answer.header("cache-control"), Some("no-store"));
}

#[tokio::test]
async fn the_user_is_the_one_in_the_database_now() {
    let app = TestApp::spawn_with_alice().await;
    let pair = app.obtain_pair().await;

    app.execute("UPDATE auth_user SET username = 'alicia'");

    assert_eq!(app.get_user(&pair.access).await.text("username"), "alicia");
}

#[tokio::test]
async fn no_token_is_unauthorized() {
    let app = TestApp::spawn_with_alice().await;
    let token = app.obtain_pair().await.access;
    let basic = authorization(b"Basic YWxpY2U6YWxpY2UtcHc=");
    let glued = authorization(format!("Bearer{token}").as_bytes());

    assert_eq!(
        app.get_user_with(HeaderMap::new()).await.line(),
        UNAUTHORIZED
    );
    assert_eq!(
        app.get_user_with(authorization(b"")).await.line(),
        UNAUTHORIZED
    );
    assert_eq!(app.get_user_with(basic).await.line(), UNAUTHORIZED);
    assert_eq!(app.get_user_with(glued).await.line(), UNAUTHORIZED);
    let alone = authorization(token.as_bytes());
    assert_eq!(app.get_user_with(alone).await.line(), UNAUTHORIZED);
}

#[tokio::test]
async fn a_token_in_the_query_or_a_cookie_is_no_token() {
    let app = TestApp::spawn_with_alice().await;
    let token = app.obtain_pair().await.access;

    let path = format!("/api/token/user?token={token}&access_token={token}");
    let headers = HeaderMap::from_iter([(
        reqwest::header::COOKIE,
        format!("access={token}; Authorization=Bearer {token}")
            .parse()
            .unwrap(),
    )]);
    let answer = app.send_with(Method::GET, &path, headers, "").await;

    assert_eq!(answer.line(), UNAUTHORIZED);
}

#[tokio::test]
async fn two_headers_are_no_header() {
    let app = TestApp::spawn_with_alice().await;
    let mut headers = bearer(&app.obtain_pair().await.access);

    headers.append(AUTHORIZATION, headers[AUTHORIZATION].clone());

    assert_eq!(app.get_user_with(headers).await.line(), UNAUTHORIZED);
}

#[tokio::test]
async fn the_scheme_may_be_written_in_any_case() {
    let app = TestApp::spawn_with_alice().await;
    let token = app.obtain_pair().await.access;

    for scheme in ["Bearer", "bearer", "BEARER", "bEaReR"] {
        let headers = authorization(format!("{scheme} {token}").as_bytes());
        assert_eq!(app.get_user_with(headers).await.status, 200, "{scheme}");
    }
}

#[tokio::test]
async fn what_stands_behind_the_first_blank_is_the_token_whole() {
    let app = TestApp::spawn_with_alice().await;
    let token = app.obtain_pair().await.access;
    let refused = |header: String| authorization(header.as_bytes());

    let two_blanks = app.get_user_with(refused(format!("Bearer  {token}"))).await;
    let third_part = app
        .get_user_with(refused(format!("Bearer {token} x")))
        .await;
    let not_utf_8 = app.get_user_with(authorization(b"Bearer \xff")).await;

    assert_eq!(third_part.line(), two_blanks.line());
    assert_eq!(not_utf_8.line(), two_blanks.line());
    assert_snapshot!(two_blanks.line(), @r#"401 {"detail": "Given token not valid for any token type", "code": "token_not_valid", "messages": [{"token_class": "AccessToken", "token_type": "access", "message": "Token is invalid or expired"}]}"#);
}

#[tokio::test]
async fn an_expired_token_is_refused() {
    let app = TestApp::spawn_with_alice().await;
    let pair = app.obtain_pair().await;

    app.advance(299);
    assert_eq!(app.get_user(&pair.access).await.status, 200);
    app.advance(1);
    assert_eq!(app.get_user(&pair.access).await.status, 401);
}

#[tokio::test]
async fn a_refused_token_says_why_for_its_class() {
    let app = TestApp::spawn_with_alice().await;
    let pair = app.obtain_pair().await;

    let wrong_type = app.get_user(&pair.refresh).await;
    let no_type = app.get_user(&sign(r#"{"exp":1795219593,"jti":"x"}"#)).await;
    let no_exp = app.get_user(&sign(r#"{"token_type":"access"}"#)).await;
    let no_jti = app.get_user(&sign(r#"{"exp":1795219593}"#)).await;

    let message = |told: &str| {
        format!(
            r#"401 {{"detail": "Given token not valid for any token type", "code": "token_not_valid", "messages": [{{"token_class": "AccessToken", "token_type": "access", "message": "{told}"}}]}}"#
        )
    };
    assert_eq!(wrong_type.line(), message("Token has wrong type"));
    assert_eq!(no_type.line(), message("Token has no type"));
    assert_eq!(no_exp.line(), message("Token has no 'exp' claim"));
    assert_eq!(no_jti.line(), message("Token has no id"));
}

#[tokio::test]
async fn a_token_that_names_nobody_is_refused() {
    let app = TestApp::spawn_with_alice().await;

    assert_snapshot!(app.get_user(&access("")).await.line(), @r#"401 {"detail": "Token contained no recognizable user identification", "code": "token_not_valid"}"#);
}

#[tokio::test]
async fn a_user_who_cannot_be_is_not_found() {
    let app = TestApp::spawn_with_alice().await;
    let not_found = r#"401 {"detail": "User not found", "code": "authentication_failed"}"#;

    for user in [
        "99",
        "-1",
        "1.0",
        "1e0",
        "true",
        "null",
        "[1]",
        "{\"id\":1}",
        "\"junk\"",
        "\"1.0\"",
        "\"\"",
        "\"1\\u0000\"",
        "99999999999999999999",
        "\"99999999999999999999\"",
    ] {
        let token = access(&format!(r#","user_id":{user}"#));
        assert_eq!(app.get_user(&token).await.line(), not_found, "{user}");
    }
}

#[tokio::test]
async fn a_deleted_user_is_not_found() {
    let app = TestApp::spawn_with_alice().await;
    let pair = app.obtain_pair().await;

    app.delete_users();

    assert_snapshot!(app.get_user(&pair.access).await.line(), @r#"401 {"detail": "User not found", "code": "authentication_failed"}"#);
}

#[tokio::test]
async fn a_disabled_user_is_refused() {
    let app = TestApp::spawn_with_alice().await;
    let pair = app.obtain_pair().await;

    app.disable_users();

    assert_snapshot!(app.get_user(&pair.access).await.line(), @r#"401 {"detail": "User is inactive", "code": "authentication_failed"}"#);
}

#[tokio::test]
async fn nothing_but_get_is_answered() {
    let app = TestApp::spawn_with_alice().await;
    let headers = bearer(&app.obtain_pair().await.access);

    let answer = app
        .send_with(Method::POST, "/api/token/user", headers, "")
        .await;

    assert_eq!(answer.line(), "405 Method not allowed");
    assert_eq!(answer.header("allow"), Some("GET,HEAD"));
}
