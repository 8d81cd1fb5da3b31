//! Tokens of other issuers whose identifiers PostgreSQL's column does not take.

use reqwest::StatusCode;
use serde_json::json;
use tegata::settings::Settings;

use super::signed::sign;
use crate::app::{BEGIN, TestApp};

fn rotates(settings: &mut Settings) {
    settings.jwt.rotate_refresh_tokens = true;
    settings.jwt.blacklist_after_rotation = true;
}

fn refresh_token(jti: &str) -> String {
    let claims = json!({
        "token_type": "refresh", "jti": jti, "user_id": 1, "iat": BEGIN, "exp": BEGIN + 3_600
    });
    sign(&claims.to_string())
}

/// Identifiers of more than 255 characters, and with a NUL.
fn identifiers() -> [String; 3] {
    ["a".repeat(256), "ä".repeat(300), "a\0b".to_owned()]
}

#[tokio::test]
#[ignore = "needs PostgreSQL"]
async fn a_token_that_could_not_be_blacklisted_is_none() {
    let app = TestApp::with_alice(rotates).await;

    for jti in identifiers() {
        let token = refresh_token(&jti);
        assert_eq!(app.refresh(&token).await.status, StatusCode::UNAUTHORIZED);
        assert_eq!(app.blacklist(&token).await.status, StatusCode::UNAUTHORIZED);
        assert_eq!(app.verify(&token).await.status, StatusCode::UNAUTHORIZED);
    }
    let rows = "SELECT count(*) FROM token_blacklist_outstandingtoken";
    assert_eq!(app.select(rows), ["0"]);
}

#[tokio::test]
#[ignore = "needs PostgreSQL"]
async fn a_token_with_the_longest_identifier_is_rotated_and_blacklisted() {
    let app = TestApp::with_alice(rotates).await;
    let [one, other] = ["a", "ä"].map(|c| refresh_token(&c.repeat(255)));

    assert_eq!(app.refresh(&one).await.status, StatusCode::OK);
    assert_eq!(app.blacklist(&other).await.status, StatusCode::OK);

    for token in [one, other] {
        assert_eq!(app.refresh(&token).await.status, StatusCode::UNAUTHORIZED);
    }
}

#[tokio::test]
#[ignore = "needs PostgreSQL"]
async fn a_nul_in_a_name_is_a_user_who_is_not_there() {
    let app = TestApp::spawn_with_alice().await;

    for name in ["\0", "alice\0", "\0alice"] {
        let answer = app.login(name, "alice-pw").await;
        assert_eq!(answer.status, StatusCode::UNAUTHORIZED, "{answer:?}");
    }
}
