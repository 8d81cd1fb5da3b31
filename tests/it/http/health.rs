//! `/livez`, `/readyz` and `/metrics`.

use std::net::SocketAddr;

use chrono::DateTime;
use reqwest::Method;
use serde_json::{Value, json};
use tokio::net::TcpListener;

use crate::app::{Answer, TestApp, client};

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
    assert_eq!(answer.status, 200);
    assert_eq!(
        answer.json(),
        json!({
            "status": "ready", "store": true, "keys": true, "clock": true,
            "blacklist": { "loaded": true, "tokens": 1, "staleness": 2.0 }
        })
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
async fn a_database_that_is_away_for_a_moment_is_told_and_takes_no_service_out_of_the_balance() {
    let app = TestApp::spawn().await;

    app.execute("ALTER TABLE token_blacklist_blacklistedtoken RENAME TO gone");
    app.poll_in_vain().await;

    let moment = get(&app, "/readyz").await;
    app.advance(31);
    let longer = get(&app, "/readyz").await;
    assert_eq!((moment.status.as_u16(), longer.status.as_u16()), (200, 503));
    assert_eq!(moment.json()["store"], false);
}

#[tokio::test]
async fn without_a_blacklist_a_service_is_ready_as_long_as_its_database_is_there() {
    let app = TestApp::with(|settings| settings.blacklist.enabled = false).await;

    app.advance(31);

    let answer = get(&app, "/readyz").await;
    assert_eq!(answer.status, 200);
    assert_eq!(answer.json()["store"], true);
    assert_eq!(answer.json()["blacklist"], Value::Null);
}

#[tokio::test]
async fn a_service_whose_clock_was_set_back_is_not_ready() {
    let app = TestApp::spawn().await;

    app.set_time(DateTime::UNIX_EPOCH);

    let answer = get(&app, "/readyz").await;
    assert_eq!(answer.status, 503);
    assert_eq!(answer.json()["clock"], false);
}

#[tokio::test]
async fn what_happens_is_counted_as_prometheus_reads_it() {
    let app = TestApp::spawn_with_alice().await;
    let pair = app.obtain_pair().await;
    app.refresh(&pair.refresh).await;
    app.blacklist(&pair.refresh).await;
    app.refresh(&pair.refresh).await;
    app.login("alice", "wrong").await;
    app.verify("x.y.z").await;
    app.send(Method::from_bytes(b"BREW").unwrap(), "/tea", "")
        .await;

    app.advance(3);

    let answer = get(&app, "/metrics").await;
    let lines: Vec<_> = answer.body.lines().collect();
    for line in [
        "tegata_blacklist_staleness_seconds 3.0",
        "tegata_blacklist_tokens 1",
        "tegata_hashing_running 0",
        "tegata_hashing_waiting 0",
        "tegata_http_request_duration_seconds_count{route=\"/api/token/pair\"} 2",
        "tegata_http_requests_total{method=\"POST\",route=\"/api/token/refresh\",status=\"200\"} 1",
        "tegata_http_requests_total{method=\"POST\",route=\"/api/token/refresh\",status=\"401\"} 1",
        "tegata_http_requests_total{method=\"other\",route=\"none\",status=\"404\"} 1",
        "tegata_ready 1",
        "tegata_refused_total{reason=\"authentication_failed\"} 1",
        "tegata_refused_total{reason=\"token_blacklisted\"} 1",
        "tegata_refused_total{reason=\"token_malformed\"} 1",
        "tegata_tokens_issued_total{token_type=\"access\"} 2",
        "tegata_tokens_issued_total{token_type=\"refresh\"} 1",
        "tegata_tokens_issued_total{token_type=\"sliding\"} 0",
        "# EOF",
    ] {
        assert!(lines.contains(&line), "{line}: {lines:#?}");
    }
    let content_type = answer.header("content-type").unwrap();
    assert!(content_type.starts_with("application/openmetrics-text; version=1.0.0"));
}

#[tokio::test]
async fn tokens_that_nobody_got_are_not_counted() {
    let app = TestApp::spawn_with_alice().await;
    app.execute("ALTER TABLE token_blacklist_outstandingtoken RENAME TO gone");

    let login = app.login("alice", "alice-pw").await;

    assert_eq!(login.status, 503);
    let metrics = get(&app, "/metrics").await.body;
    for token_type in ["access", "refresh"] {
        let none = format!("tegata_tokens_issued_total{{token_type=\"{token_type}\"}} 0\n");
        assert!(metrics.contains(&none), "{metrics}");
    }
}

#[tokio::test]
async fn metrics_with_an_address_of_their_own_are_told_there_alone_and_in_plain_http() {
    let app = TestApp::spawn().await;
    let metrics = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let apart = metrics.local_addr().unwrap();
    let public = app
        .serve(|listeners| listeners.metrics = Some(metrics))
        .await;
    let status = async |address: SocketAddr, path: &str| {
        let answer = client().get(format!("http://{address}{path}")).send().await;
        answer.unwrap().status().as_u16()
    };

    for path in ["/livez", "/readyz"] {
        let statuses = (status(public, path).await, status(apart, path).await);
        assert_eq!(statuses, (200, 200), "{path}");
    }
    let metrics = (
        status(public, "/metrics").await,
        status(apart, "/metrics").await,
    );
    let endpoint = (
        status(public, "/api/token/user").await,
        status(apart, "/api/token/user").await,
    );
    assert_eq!((metrics, endpoint), ((404, 200), (401, 404)));
}
