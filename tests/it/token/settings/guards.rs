use insta::assert_snapshot;
use reqwest::header::HeaderMap;
use tegata::settings::Settings;
use tegata_jwt::TokenClass;

use crate::app::TestApp;
use crate::token::verbs::{authorization, bearer};

#[tokio::test]
async fn auth_token_classes() {
    let app = TestApp::with_alice(|s| s.jwt.auth_token_classes = vec![TokenClass::Refresh]).await;
    let pair = app.obtain_pair().await;

    assert_eq!(app.get_user(&pair.refresh).await.status, 200);
    assert_eq!(app.auth(&pair.refresh).await.status, 200);
    app.blacklist(&pair.refresh).await;

    assert_snapshot!(app.auth(&pair.refresh).await.line(), @r#"401 {"detail": "Given token not valid for any token type", "code": "token_not_valid", "messages": [{"token_class": "RefreshToken", "token_type": "refresh", "message": "Token is blacklisted"}]}"#);
}

#[tokio::test]
async fn auth_token_classes_with_untyped_accepts_any_type() {
    let app = TestApp::with_alice(|s| s.jwt.auth_token_classes = vec![TokenClass::Untyped]).await;
    let (pair, sliding) = (app.obtain_pair().await, app.obtain_sliding().await);

    assert_eq!(app.get_user(&pair.access).await.status, 200);
    assert_eq!(app.get_user(&pair.refresh).await.status, 200);
    assert_eq!(app.get_user(&sliding).await.status, 200);
    assert_snapshot!(app.get_user("x").await.line(), @r#"401 {"detail": "Given token not valid for any token type", "code": "token_not_valid", "messages": [{"token_class": "UntypedToken", "token_type": "untyped", "message": "Token is invalid or expired"}]}"#);
}

#[tokio::test]
async fn a_blacklisted_token_opens_nothing_where_any_type_does() {
    blacklisting_shuts(|s| s.jwt.auth_token_classes = vec![TokenClass::Untyped]).await;
}

#[tokio::test]
async fn a_blacklisted_token_opens_nothing_where_tokens_have_no_type() {
    blacklisting_shuts(|s| s.jwt.token_type_claim = None).await;
}

/// Blacklists a refresh token that opened the guarded endpoints under these settings.
async fn blacklisting_shuts(change: impl FnOnce(&mut Settings)) {
    let app = TestApp::with_alice(change).await;
    let pair = app.obtain_pair().await;
    assert_eq!(app.auth(&pair.refresh).await.status, 200);

    app.blacklist(&pair.refresh).await;

    assert_eq!(app.auth(&pair.refresh).await.status, 401);
    assert_eq!(app.get_user(&pair.refresh).await.status, 401);
    assert_eq!(app.get_user(&pair.access).await.status, 200);
}

#[tokio::test]
async fn auth_token_classes_are_tried_and_told_in_their_order() {
    let app = TestApp::with_alice(|s| {
        s.jwt.auth_token_classes = vec![TokenClass::Sliding, TokenClass::Access];
    })
    .await;
    let (pair, sliding) = (app.obtain_pair().await, app.obtain_sliding().await);

    assert_eq!(app.get_user(&pair.access).await.status, 200);
    assert_eq!(app.get_user(&sliding).await.status, 200);
    app.blacklist_all();
    app.poll().await;

    assert_snapshot!(app.get_user(&sliding).await.line(), @r#"401 {"detail": "Given token not valid for any token type", "code": "token_not_valid", "messages": [{"token_class": "SlidingToken", "token_type": "sliding", "message": "Token is blacklisted"}, {"token_class": "AccessToken", "token_type": "access", "message": "Token has wrong type"}]}"#);
}

#[tokio::test]
async fn without_auth_token_classes_every_token_is_refused() {
    let app = TestApp::with_alice(|s| s.jwt.auth_token_classes = Vec::new()).await;
    let pair = app.obtain_pair().await;

    let genuine = app.get_user(&pair.access).await;
    let nonsense = app.get_user("x").await;

    assert_eq!(nonsense.line(), genuine.line());
    assert_snapshot!(genuine.line(), @r#"401 {"detail": "Given token not valid for any token type", "code": "token_not_valid", "messages": []}"#);
}

#[tokio::test]
async fn auth_header_types() {
    let types = ["JWT", "Token"].map(str::to_owned).to_vec();
    let app = TestApp::with_alice(|s| s.jwt.auth_header_types = types).await;
    let token = app.obtain_pair().await.access;
    let headers = |scheme: &str| authorization(format!("{scheme} {token}").as_bytes());

    assert_eq!(app.get_user_with(headers("JWT")).await.status, 200);
    assert_eq!(app.get_user_with(headers("token")).await.status, 200);
    assert_eq!(
        app.get_user_with(headers("Bearer")).await.line(),
        r#"401 {"detail": "Unauthorized"}"#
    );
    let challenge = app.auth("x").await;
    assert_eq!(
        challenge.header("www-authenticate"),
        Some(r#"JWT realm="api""#)
    );
}

#[tokio::test]
async fn auth_header_name() {
    let name = "HTTP_X_ACCESS_TOKEN".to_owned();
    let app = TestApp::with_alice(|s| s.jwt.auth_header_name = name).await;
    let token = app.obtain_pair().await.access;
    let value = format!("Bearer {token}").parse().unwrap();
    let headers = HeaderMap::from_iter([("x-access-token".parse().unwrap(), value)]);

    assert_eq!(app.get_user_with(headers).await.status, 200);
    assert_eq!(app.get_user_with(bearer(&token)).await.status, 401);
}

#[tokio::test]
async fn auth_header_name_as_it_stands_in_a_request() {
    let name = "X-Access-Token".to_owned();
    let app = TestApp::with_alice(|s| s.jwt.auth_header_name = name).await;
    let value = format!("Bearer {}", app.obtain_pair().await.access);
    let name = "x-access-token".parse().unwrap();
    let headers = HeaderMap::from_iter([(name, value.parse().unwrap())]);

    assert_eq!(app.get_user_with(headers).await.status, 200);
}
