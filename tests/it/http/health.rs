//! `/livez`, `/readyz` and `/metrics`.

use reqwest::Method;
use serde_json::json;

use crate::app::{Answer, TestApp};

async fn get(app: &TestApp, path: &str) -> Answer {
    app.send(Method::GET, path, "").await
}

#[tokio::test]
async fn a_service_that_follows_the_database_is_ready_and_says_how_far_it_is() {
    let app = TestApp::spawn_with_alice().await;
    let pair = app.obtain_pair().await;
    app.blacklist(&pair.refresh).await;

    app.advance(2);

    let answer = get(&app, "/readyz").await;
    let blacklist = json!({ "tokens": 1, "staleness": 2.0 });
    assert_eq!(answer.status, 200);
    assert_eq!(
        answer.json(),
        json!({ "status": "ready", "blacklist": blacklist })
    );
}

#[tokio::test]
async fn a_service_whose_memory_is_too_old_is_not_ready_and_lives() {
    let app = TestApp::spawn().await;

    app.advance(31);

    let answer = get(&app, "/readyz").await;
    assert_eq!(answer.status, 503);
    assert_eq!(answer.json()["status"], "unready");
    assert_eq!(get(&app, "/livez").await.line(), "200 ok\n");
    app.poll().await;
    assert_eq!(get(&app, "/readyz").await.status, 200);
}

#[tokio::test]
async fn without_a_blacklist_a_service_is_ready_as_long_as_its_database_is_there() {
    let app = TestApp::with(|settings| settings.blacklist.enabled = false).await;

    app.advance(31);

    let answer = get(&app, "/readyz").await;
    assert_eq!(answer.status, 200);
    assert_eq!(
        answer.json(),
        json!({ "status": "ready", "blacklist": null })
    );
}

#[tokio::test]
async fn figures_are_told_as_prometheus_reads_them() {
    let app = TestApp::spawn().await;

    app.advance(3);

    let answer = get(&app, "/metrics").await;
    let lines: Vec<_> = answer.body.lines().collect();
    assert!(lines.contains(&"tegata_blacklist_tokens 0"), "{lines:?}");
    assert!(
        lines.contains(&"tegata_blacklist_staleness_seconds 3"),
        "{lines:?}"
    );
    let content_type = answer.header("content-type").unwrap();
    assert!(content_type.starts_with("text/plain; version=0.0.4"));
}
