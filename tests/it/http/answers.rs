use reqwest::Method;
use reqwest::header::{ACCESS_CONTROL_REQUEST_METHOD, HeaderMap, ORIGIN};
use serde_json::json;

use crate::app::{TestApp, client};

#[tokio::test]
async fn another_method_than_post_is_refused_in_ninjas_words() {
    let app = TestApp::spawn().await;

    let get = app.send(Method::GET, "/api/token/pair", "").await;
    let head = app.send(Method::HEAD, "/api/token/pair", "").await;

    assert_eq!(get.line(), "405 Method not allowed");
    assert_eq!(get.header("allow"), Some("POST"));
    assert_eq!(get.header("content-type"), Some("text/html; charset=utf-8"));
    assert_eq!(head.line(), "405 ");
}

#[tokio::test]
async fn only_the_exact_path_is_an_endpoint() {
    let app = TestApp::spawn_with_alice().await;

    for path in [
        "/",
        "/api/token/pair/",
        "/api/token/Pair",
        "/api//token/pair",
        "/token/pair",
    ] {
        assert_eq!(app.post(path, "{}").await.status, 404, "{path}");
    }
}

#[tokio::test]
async fn the_prefix_is_a_setting() {
    let app = TestApp::with(|s| s.server.api_prefix = "/v1".to_owned().try_into().unwrap()).await;
    let bare = TestApp::with(|s| s.server.api_prefix = String::new().try_into().unwrap()).await;

    assert_eq!(app.post("/v1/token/verify", "{}").await.status, 400);
    assert_eq!(app.post("/api/token/verify", "{}").await.status, 404);
    assert_eq!(bare.post("/token/verify", "{}").await.status, 400);
}

#[tokio::test]
async fn no_answer_may_be_taken_for_another_type_and_each_has_a_request_id() {
    let app = TestApp::spawn().await;

    for (method, path, status) in [
        (Method::GET, "/api/docs/", 200),
        (Method::GET, "/api/docs/start.js", 200),
        (Method::GET, "/api/openapi.json", 200),
        (Method::GET, "/api/token/auth/below", 401),
        (Method::GET, "/livez", 200),
        (Method::GET, "/metrics", 200),
        (Method::GET, "/nowhere", 404),
        (Method::GET, "/readyz", 200),
        (Method::POST, "/api/docs/", 405),
        (Method::POST, "/api/token/user", 405),
        (Method::POST, "/api/token/verify", 400),
    ] {
        let answer = app.send(method, path, "{}").await;

        assert_eq!(answer.status, status, "{path}");
        let nosniff = answer.header("x-content-type-options");
        assert_eq!(nosniff, Some("nosniff"), "{path}");
        assert!(answer.header("x-request-id").is_some(), "{path}");
    }
}

#[tokio::test]
async fn two_requests_have_two_ids() {
    let app = TestApp::spawn().await;

    let found = app.post("/api/token/verify", "{}").await;
    let missing = app.post("/nowhere", "").await;

    assert_eq!(found.header("x-request-id").unwrap().len(), 36);
    assert_ne!(found.header("x-request-id"), missing.header("x-request-id"));
}

#[tokio::test]
async fn a_proxys_request_id_is_kept_unless_it_could_forge_a_log_line() {
    let app = TestApp::spawn().await;
    let client = client();
    let answered = async |id: &str| {
        let request = client
            .post(app.url("/api/token/verify"))
            .header("x-request-id", id);
        request.send().await.unwrap().headers()["x-request-id"]
            .to_str()
            .unwrap()
            .to_owned()
    };

    assert_eq!(answered("edge-7.42").await, "edge-7.42");
    assert_ne!(answered("a b").await, "a b");
    assert_eq!(answered(&"x".repeat(65)).await.len(), 36);
}

#[tokio::test]
async fn no_answer_lets_a_page_of_another_origin_in() {
    let app = TestApp::spawn_with_alice().await;
    let headers = HeaderMap::from_iter([
        (ORIGIN, "https://evil.example".parse().unwrap()),
        (ACCESS_CONTROL_REQUEST_METHOD, "POST".parse().unwrap()),
    ]);
    let login = r#"{"username": "alice", "password": "alice-pw"}"#;

    for (method, path) in [
        (Method::OPTIONS, "/api/token/pair"),
        (Method::POST, "/api/token/pair"),
        (Method::GET, "/api/token/user"),
        (Method::GET, "/nowhere"),
    ] {
        let answer = app.send_with(method, path, headers.clone(), login).await;
        let mut names = answer.headers.iter().map(|(name, _)| name);

        assert!(!names.any(|name| name.starts_with("access-control")));
    }
}

#[tokio::test]
async fn no_answer_that_holds_a_token_may_be_kept_by_a_cache() {
    let app = TestApp::spawn_with_alice().await;
    let login = r#"{"username": "alice", "password": "alice-pw"}"#;

    let pair = app.post("/api/token/pair", login).await;
    let sliding = app.post("/api/token/sliding", login).await;
    let slid = json!({ "token": sliding.text("token") }).to_string();

    for answer in [
        &app.refresh(&pair.text("refresh")).await,
        &app.post("/api/token/sliding/refresh", slid).await,
        &pair,
        &sliding,
    ] {
        assert_eq!(answer.status, 200);
        assert_eq!(answer.header("cache-control"), Some("no-store"));
    }
}

#[tokio::test]
async fn an_error_is_json_and_tells_nothing_of_what_is_behind_it() {
    let app = TestApp::spawn_with_alice().await;
    let login = |username: &str| json!({ "username": username, "password": "hunter2" }).to_string();
    app.execute("ALTER TABLE auth_user RENAME TO gone");

    for (status, path, body) in [
        (
            400,
            "/api/token/pair",
            "{\"password\": \"hunter2\"".to_owned(),
        ),
        (
            401,
            "/api/token/verify",
            json!({ "token": "hunter2" }).to_string(),
        ),
        (404, "/hunter2", String::new()),
        (413, "/api/token/pair", "hunter2".repeat(10_000)),
        (422, "/api/token/pair", login(&"x".repeat(151))),
        (503, "/api/token/pair", login("alice")),
    ] {
        let answer = app.post(path, body).await;
        let told = format!("{:?} {}", answer.headers, answer.body);

        assert_eq!(answer.status, status, "{answer:?}");
        assert!(
            answer.json()["detail"].is_string() || status == 422,
            "{told}"
        );
        for untold in [
            "hunter2",
            "tegata",
            "hyper",
            "sqlite",
            "postgres",
            "auth_user",
            "panic",
            ".rs",
            "0.1.0",
        ] {
            assert!(!told.to_lowercase().contains(untold), "{untold}: {told}");
        }
    }
}
