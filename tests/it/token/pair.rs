use insta::assert_snapshot;
use serde_json::json;
use tegata::settings::StoredToken;

use super::signed::claim;
use crate::app::TestApp;

#[tokio::test]
async fn a_pair_is_never_cached() {
    let app = TestApp::spawn_with_alice().await;

    let answer = app.login("alice", "alice-pw").await;

    assert_eq!(answer.status, 200);
    assert_eq!(answer.header("cache-control"), Some("no-store"));
}

#[tokio::test]
async fn the_refresh_token_is_outstanding_as_django_records_it() {
    let app = TestApp::spawn_with_alice().await;

    let pair = app.obtain_pair().await;

    let jti = claim(&pair.refresh, "jti");
    assert_eq!(
        app.select(
            "SELECT user_id, jti, token, created_at, expires_at \
             FROM token_blacklist_outstandingtoken"
        ),
        [format!(
            "1|{}|{}|2026-11-21 00:01:33|2026-11-22 00:01:33",
            jti.as_str().unwrap(),
            pair.refresh
        )]
    );
}

#[tokio::test]
async fn a_stolen_database_holds_no_usable_token() {
    let app = TestApp::with_alice(|s| s.blacklist.stored_token = StoredToken::Unsigned).await;

    let pair = app.obtain_pair().await;

    let stored = app.select("SELECT token FROM token_blacklist_outstandingtoken");
    let (unsigned, _) = pair.refresh.rsplit_once('.').unwrap();
    assert_eq!(stored, [unsigned]);
    let stored = &stored[0];
    assert_eq!(app.verify(stored).await.status, 401);
    assert_eq!(app.verify(&format!("{stored}.")).await.status, 401);
}

#[tokio::test]
async fn without_the_blacklist_app_no_row_is_written() {
    let app = TestApp::with_alice(|s| s.blacklist.enabled = false).await;

    app.obtain_pair().await;

    let rows = app.select("SELECT id FROM token_blacklist_outstandingtoken");
    assert!(rows.is_empty(), "{rows:?}");
}

#[tokio::test]
async fn an_unknown_user_a_wrong_password_and_an_inactive_user_answer_alike() {
    let app = TestApp::spawn_with_alice().await;
    app.create_user("inactive", "inactive-pw").await;
    app.execute("UPDATE auth_user SET is_active = FALSE WHERE username = 'inactive'");

    let wrong_password = app.login("alice", "nope").await;
    let unknown = app.login("nobody", "alice-pw").await;
    let inactive = app.login("inactive", "inactive-pw").await;

    assert_eq!(unknown.line(), wrong_password.line());
    assert_eq!(inactive.line(), wrong_password.line());
    assert_snapshot!(unknown.line(), @r#"401 {"detail": "No active account found with the given credentials", "code": "authentication_failed"}"#);
}

#[tokio::test]
async fn a_user_name_is_matched_as_it_is_stored() {
    let app = TestApp::spawn_with_alice().await;

    assert_eq!(app.login("Alice", "alice-pw").await.status, 401);
    assert_eq!(app.login(" alice", "alice-pw").await.status, 401);
    assert_eq!(app.login("ａｌｉｃｅ", "alice-pw").await.status, 401);
    assert_eq!(app.login("alice\0", "alice-pw").await.status, 401);
    assert_eq!(app.login("alice' OR '1'='1", "alice-pw").await.status, 401);
}

#[tokio::test]
async fn an_operator_in_the_place_of_a_name_or_a_password_is_refused() {
    let app = TestApp::spawn_with_alice().await;

    for body in [
        r#"{"username": {"$ne": null}, "password": {"$ne": null}}"#,
        r#"{"username": "alice", "password": {"$gt": ""}}"#,
        r#"{"username": ["alice"], "password": "alice-pw"}"#,
        r#"{"username": "alice", "password": true}"#,
        r#"{"username": "alice", "password": ["alice-pw"]}"#,
    ] {
        assert_eq!(
            app.post("/api/token/pair", body).await.status,
            422,
            "{body}"
        );
    }
}

#[tokio::test]
async fn a_stored_hash_is_no_password() {
    let app = TestApp::spawn_with_alice().await;
    let hashes = app.select("SELECT password FROM auth_user");

    assert_eq!(app.login("alice", &hashes[0]).await.status, 401);
}

#[tokio::test]
async fn a_password_over_4_kib_is_refused_even_where_it_is_right() {
    let app = TestApp::spawn().await;
    app.create_user("short", &"x".repeat(4096)).await;
    app.create_user("long", &"x".repeat(4097)).await;

    assert_eq!(app.login("short", &"x".repeat(4096)).await.status, 200);
    assert_eq!(app.login("long", &"x".repeat(4097)).await.status, 401);
}

#[tokio::test]
async fn a_body_over_64_kib_is_refused() {
    let app = TestApp::spawn().await;

    assert_snapshot!(
        app.login("alice", &"x".repeat(64 * 1024)).await.line(),
        @r#"413 {"detail": "Request body is too large", "code": "request_too_large"}"#
    );
}

#[tokio::test]
async fn the_body_is_json_whatever_its_content_type_says() {
    let app = TestApp::spawn_with_alice().await;
    let body = json!({ "username": "alice", "password": "alice-pw", "more": 1 }).to_string();
    let with_mark = [b"\xef\xbb\xbf".as_slice(), body.as_bytes()].concat();

    assert_eq!(app.post("/api/token/pair", body.as_str()).await.status, 200);
    assert_eq!(app.post("/api/token/pair", with_mark).await.status, 200);
    for content_type in [
        "application/x-www-form-urlencoded",
        "text/plain",
        "nonsense",
    ] {
        let answer = app
            .post_as(content_type, "/api/token/pair", body.as_str())
            .await;
        assert_eq!(answer.status, 200, "{content_type}");
    }
}

#[tokio::test]
async fn json_within_json_is_no_member() {
    let app = TestApp::spawn_with_alice().await;
    let inner = json!({ "username": "alice", "password": "alice-pw" }).to_string();
    let body = json!({ "$serde_json::private::RawValue": inner }).to_string();

    assert_eq!(app.post("/api/token/pair", body).await.status, 400);
}

#[tokio::test]
async fn without_its_database_the_service_says_so_and_when_to_come_back() {
    let app = TestApp::spawn_with_alice().await;
    let pair = app.obtain_pair().await;
    app.execute("ALTER TABLE auth_user RENAME TO gone");

    let answer = app.login("alice", "alice-pw").await;

    assert_eq!(answer.header("retry-after"), Some("1"));
    assert_snapshot!(answer.line(), @r#"503 {"detail": "The service is unavailable, try again", "code": "unavailable"}"#);
    assert_eq!(app.refresh(&pair.refresh).await.status, 503);
    assert_eq!(
        app.verify(&pair.access).await.status,
        200,
        "what needs no database goes on"
    );
}

#[tokio::test]
async fn a_body_that_does_not_fit_is_answered_as_ninja_does() {
    let app = TestApp::spawn_with_alice().await;
    let long_name = json!({ "username": "x".repeat(151), "password": "x" }).to_string();

    let bodies = [
        "",
        "{",
        "username=alice&password=alice-pw",
        "[]",
        "null",
        "{}",
        r#"{"username": "alice"}"#,
        r#"{"password": "alice-pw"}"#,
        r#"{"username": "", "password": ""}"#,
        r#"{"username": "alice", "password": 0}"#,
        r#"{"username": 1, "password": "alice-pw"}"#,
        r#"{"username": {"$ne": ""}, "password": ["x"]}"#,
        r#"{"username": "nobody", "username": "alice", "password": "nope"}"#,
        &long_name,
    ];
    assert_snapshot!(app.transcript("/api/token/pair", &bodies).await);
}
