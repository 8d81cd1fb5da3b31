use insta::assert_snapshot;
use reqwest::Method;
use reqwest::header::HeaderMap;
use serde_json::json;
use tegata_jwt::TokenClass;

use super::signed::{claim, sign};
use super::verbs::bearer;
use crate::app::{Answer, TestApp};

/// An access token of user 1 and these further claims.
fn access(further: &str) -> String {
    sign(&format!(
        r#"{{"token_type":"access","exp":1795219593,"jti":"x","user_id":1{further}}}"#
    ))
}

/// The headers a proxy hands on, and the body.
fn told(answer: &Answer) -> String {
    let names = [
        "x-auth-user-id",
        "x-auth-username",
        "x-auth-token-id",
        "x-auth-is-staff",
    ];
    let headers = names.map(|name| format!("{name}: {}", answer.header(name).unwrap()));
    format!("{}\n{}", headers.join("\n"), answer.line())
}

#[tokio::test]
async fn the_four_headers_are_always_there() {
    let app = TestApp::spawn_with_alice().await;
    let pair = app.obtain_pair().await;

    let answer = app.auth(&pair.access).await;

    assert_eq!(answer.header("x-auth-user-id"), Some("1"));
    assert_eq!(answer.header("x-auth-username"), Some(""));
    assert_eq!(
        answer.header("x-auth-token-id"),
        claim(&pair.access, "jti").as_str()
    );
    assert_eq!(answer.header("x-auth-is-staff"), Some(""));
    assert_eq!(
        answer.line(),
        r#"200 {"id": 1, "username": "", "is_staff": false}"#
    );
}

#[tokio::test]
async fn what_the_token_knows_of_its_user_is_told_percent_encoded() {
    let app = TestApp::spawn().await;
    let token = sign(
        r#"{"token_type":"access","exp":1795219593,"jti":"a/b\r\nX-Evil: 1","user_id":"k~-._%","username":"J\u00fcrgen M\u00fcller","is_staff":true}"#,
    );

    assert_snapshot!(told(&app.auth(&token).await), @r#"
    x-auth-user-id: k~-._%25
    x-auth-username: J%C3%BCrgen%20M%C3%BCller
    x-auth-token-id: a%2Fb%0D%0AX-Evil%3A%201
    x-auth-is-staff: true
    200 {"id": "k~-._%", "username": "J\u00fcrgen M\u00fcller", "is_staff": true}
    "#);
}

#[tokio::test]
async fn claims_of_another_type_are_unknown() {
    let app = TestApp::spawn().await;

    let answer = app
        .auth(&access(r#","username":["root"],"is_staff":"true""#))
        .await;

    assert_snapshot!(told(&answer), @r#"
    x-auth-user-id: 1
    x-auth-username: 
    x-auth-token-id: x
    x-auth-is-staff: 
    200 {"id": 1, "username": "", "is_staff": false}
    "#);
}

#[tokio::test]
async fn any_method_and_any_path_below_will_do() {
    let app = TestApp::spawn().await;
    let headers = bearer(&access(""));

    for method in [
        "GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "PROPFIND",
    ] {
        for path in ["", "/", "/a", "/a/../b?c=d", "//%00/%ff"] {
            let method: Method = method.parse().unwrap();
            let path = format!("/api/token/auth{path}");
            let answer = app
                .send_with(method.clone(), &path, headers.clone(), "")
                .await;
            assert_eq!(answer.status, 200, "{method} {path}");
        }
    }
}

#[tokio::test]
async fn a_head_request_is_answered_by_headers_alone() {
    let app = TestApp::spawn().await;

    let answer = app
        .send_with(Method::HEAD, "/api/token/auth", bearer(&access("")), "")
        .await;

    assert_eq!(answer.line(), "200 ");
    assert_eq!(answer.header("x-auth-user-id"), Some("1"));
}

#[tokio::test]
async fn the_body_is_not_read() {
    let app = TestApp::spawn().await;
    let body = vec![b'{'; 100_000];

    let answer = app
        .send_with(Method::POST, "/api/token/auth", bearer(&access("")), body)
        .await;

    assert_eq!(answer.status, 200);
}

#[tokio::test]
async fn no_path_beside_it_is_let_through() {
    let app = TestApp::spawn().await;

    for path in ["/api/token/authx", "/api/token/Auth", "/api/token/user/"] {
        let answer = app
            .send_with(Method::GET, path, bearer(&access("")), "")
            .await;
        assert_eq!(answer.status, 404, "{path}");
    }
}

#[tokio::test]
async fn without_a_token_the_caller_learns_the_scheme() {
    let app = TestApp::spawn().await;

    let answer = app
        .send_with(Method::GET, "/api/token/auth", HeaderMap::new(), "")
        .await;

    assert_eq!(answer.line(), r#"401 {"detail": "Unauthorized"}"#);
    assert_eq!(
        answer.header("www-authenticate"),
        Some(r#"Bearer realm="api""#)
    );
    assert_eq!(answer.header("x-auth-user-id"), None);
}

#[tokio::test]
async fn with_a_refused_token_the_caller_learns_that_it_is_invalid() {
    let app = TestApp::spawn_with_alice().await;
    let pair = app.obtain_pair().await;

    let answer = app.auth(&pair.refresh).await;

    assert_eq!(
        answer.header("www-authenticate"),
        Some(r#"Bearer realm="api", error="invalid_token""#)
    );
    assert_eq!(answer.header("x-auth-user-id"), None);
    assert_snapshot!(answer.line(), @r#"401 {"detail": "Given token not valid for any token type", "code": "token_not_valid", "messages": [{"token_class": "AccessToken", "token_type": "access", "message": "Token has wrong type"}]}"#);
}

#[tokio::test]
async fn a_token_that_names_nobody_is_refused() {
    let app = TestApp::spawn().await;

    for user in [
        "",
        r#","user_id":null"#,
        r#","user_id":[1]"#,
        r#","user_id":true"#,
    ] {
        let token = sign(&format!(
            r#"{{"token_type":"access","exp":1795219593,"jti":"x"{user}}}"#
        ));
        let answer = app.auth(&token).await;
        assert_eq!(
            answer.json()["detail"],
            json!("Token contained no recognizable user identification")
        );
        assert!(answer.header("www-authenticate").is_some(), "{user}");
    }
}

#[tokio::test]
async fn nobody_is_looked_up() {
    let app = TestApp::spawn_with_alice().await;
    let pair = app.obtain_pair().await;

    app.disable_users();
    assert_eq!(app.auth(&pair.access).await.status, 200);
    app.delete_users();
    assert_eq!(app.auth(&pair.access).await.status, 200);
    app.execute("ALTER TABLE auth_user RENAME TO gone");
    assert_eq!(app.auth(&pair.access).await.status, 200);
}

#[tokio::test]
async fn without_its_blacklist_the_service_lets_no_sliding_token_through() {
    let app = TestApp::with_alice(|s| s.jwt.auth_token_classes = vec![TokenClass::Sliding]).await;
    let token = app.obtain_sliding().await;

    app.execute("ALTER TABLE token_blacklist_blacklistedtoken RENAME TO gone");
    app.advance(31);

    let answer = app.auth(&token).await;
    assert_eq!(answer.status, 503);
    assert_eq!(answer.header("www-authenticate"), None);
    assert_eq!(app.refresh_sliding(&token).await.status, 503);
}
