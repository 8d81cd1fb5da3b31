//! What each type of token does, and that nothing else does it; and that claims come from nowhere
//! but the service.

use serde_json::json;

use super::signed::claims;
use super::verbs::WRONG_TYPE;
use crate::app::TestApp;

#[tokio::test]
async fn an_access_token_opens_guarded_endpoints_and_does_nothing_else() {
    let app = TestApp::spawn_with_alice().await;
    let access = app.obtain_pair().await.access;

    assert_eq!(app.refresh(&access).await.line(), WRONG_TYPE);
    assert_eq!(app.refresh_sliding(&access).await.line(), WRONG_TYPE);
    assert_eq!(app.blacklist(&access).await.line(), WRONG_TYPE);
    assert_eq!(app.verify(&access).await.status, 200);
    assert_eq!(app.get_user(&access).await.status, 200);
    assert_eq!(app.auth(&access).await.status, 200);
}

#[tokio::test]
async fn a_refresh_token_refreshes_and_opens_nothing() {
    let app = TestApp::spawn_with_alice().await;
    let refresh = app.obtain_pair().await.refresh;

    assert_eq!(app.refresh_sliding(&refresh).await.line(), WRONG_TYPE);
    assert_eq!(app.get_user(&refresh).await.status, 401);
    assert_eq!(app.auth(&refresh).await.status, 401);
    assert_eq!(app.verify(&refresh).await.status, 200);
    assert_eq!(app.refresh(&refresh).await.status, 200);
    assert_eq!(app.blacklist(&refresh).await.status, 200);
}

#[tokio::test]
async fn a_sliding_token_slides_and_unless_it_is_let_opens_nothing() {
    let app = TestApp::spawn_with_alice().await;
    let sliding = app.obtain_sliding().await;

    assert_eq!(app.refresh(&sliding).await.line(), WRONG_TYPE);
    assert_eq!(app.blacklist(&sliding).await.line(), WRONG_TYPE);
    assert_eq!(app.get_user(&sliding).await.status, 401);
    assert_eq!(app.auth(&sliding).await.status, 401);
    assert_eq!(app.verify(&sliding).await.status, 200);
    assert_eq!(app.refresh_sliding(&sliding).await.status, 200);
}

#[tokio::test]
async fn request_members_never_become_claims() {
    let app = TestApp::with_alice(|s| s.jwt.rotate_refresh_tokens = true).await;
    let body = ambitious(&app.obtain_pair().await.refresh);

    let pair = app.post("/api/token/pair", body.as_str()).await;
    let refreshed = app.post("/api/token/refresh", body.as_str()).await;

    for answer in [pair, refreshed] {
        let usual = ["exp", "iat", "jti", "token_type", "user_id"];
        assert_eq!(names(&answer.text("refresh")), usual);
        assert_eq!(names(&answer.text("access")), usual);
    }
}

#[tokio::test]
async fn request_members_never_become_claims_of_a_sliding_token() {
    let app = TestApp::spawn_with_alice().await;
    let body = ambitious(&app.obtain_sliding().await);

    let login = app.post("/api/token/sliding", body.as_str()).await;
    let refreshed = app.post("/api/token/sliding/refresh", body.as_str()).await;

    for answer in [login, refreshed] {
        let usual = ["exp", "iat", "jti", "refresh_exp", "token_type", "user_id"];
        assert_eq!(names(&answer.text("token")), usual);
    }
}

#[tokio::test]
async fn no_claim_tells_more_of_a_user_than_the_key() {
    let app = TestApp::spawn_with_alice().await;
    app.execute(
        "UPDATE auth_user SET email = 'a@example.org', first_name = 'Al', is_superuser = TRUE",
    );

    let pair = app.obtain_pair().await;

    let secret = app.select("SELECT password FROM auth_user");
    for token in [pair.access, pair.refresh] {
        assert!(!claims(&token).contains("example.org"));
        assert!(!claims(&token).contains("alice"));
        assert!(!claims(&token).contains(&secret[0]));
    }
}

/// A request of Alice's that asks for more than it names.
fn ambitious(token: &str) -> String {
    json!({
        "username": "alice", "password": "alice-pw", "refresh": token, "token": token,
        "user_id": 2, "is_staff": true, "is_superuser": true, "scope": "admin", "exp": 1e10,
        "aud": "x", "iss": "x", "sub": "x", "claims": { "evil": 1 }, "lifetime": 1e10,
    })
    .to_string()
}

/// The names of a token's claims, sorted.
fn names(token: &str) -> Vec<String> {
    let claims: serde_json::Value = serde_json::from_str(&claims(token)).unwrap();
    claims.as_object().unwrap().keys().cloned().collect()
}
