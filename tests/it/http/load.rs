//! What one client could take from the others.

use super::raw::{Raw, answers, verify};
use crate::app::TestApp;

const TOO_LARGE: &str = r#"{"detail": "Request body is too large", "code": "request_too_large"}"#;
const MEGABYTES_100: usize = 100 << 20;

#[tokio::test]
async fn a_length_of_a_hundred_megabytes_is_refused_before_the_body_comes() {
    let app = TestApp::spawn().await;

    for (path, status) in [
        ("/api/token/pair", "413"),
        ("/api/token/verify", "413"),
        ("/api/token/auth", "401"),
        ("/nowhere", "404"),
    ] {
        let request = format!(
            "POST {path} HTTP/1.1\r\nhost: x\r\ncontent-length: {MEGABYTES_100}\r\n\
             expect: 100-continue\r\n\r\n"
        );
        let answer = answers(&app.url(""), request).await;

        assert!(
            answer.starts_with(&format!("HTTP/1.1 {status} ")),
            "{answer}"
        );
        assert_eq!(answer.ends_with(TOO_LARGE), status == "413", "{answer}");
    }
}

#[tokio::test]
async fn a_hundred_megabytes_in_chunks_are_refused_after_the_first_few() {
    let app = TestApp::spawn().await;
    let mut connection = Raw::connect(&app.url("")).await;
    let chunk = format!("10000\r\n{}\r\n", "x".repeat(0x10000)).repeat(MEGABYTES_100 >> 16);

    connection
        .send(verify("transfer-encoding: chunked\r\n", ""))
        .await;
    let taken = connection.send(chunk).await;
    let answer = connection.rest().await;

    // What the two sockets hold between them was taken by nobody.
    assert!(taken < MEGABYTES_100 / 5, "{taken}");
    assert!(answer.starts_with("HTTP/1.1 413 "), "{answer}");
    assert!(answer.ends_with(TOO_LARGE), "{answer}");
}

#[tokio::test]
async fn too_many_headers_are_refused() {
    let app = TestApp::spawn().await;
    let lines = |count: usize| "x: y\r\n".repeat(count - 3) + "content-length: 2\r\n";
    let close = "connection: close\r\n";

    let most = answers(&app.url(""), verify(&(lines(100) + close), "{}")).await;
    let more = answers(&app.url(""), verify(&(lines(101) + close), "{}")).await;

    assert!(most.contains("token is required"), "{most}");
    assert!(more.starts_with("HTTP/1.1 431 "), "{more}");
}

#[tokio::test]
async fn too_long_a_header_is_refused_wherever_it_is_long() {
    let app = TestApp::spawn().await;
    let long = "x".repeat(70 * 1024);

    for request in [
        verify(&format!("x: {long}\r\n"), ""),
        verify(&format!("{long}: x\r\n"), ""),
        format!("GET /{long} HTTP/1.1\r\nhost: x\r\n\r\n"),
        format!("{long} / HTTP/1.1\r\nhost: x\r\n\r\n"),
        // It has no end.
        verify("", "").trim_end().to_owned() + &long,
    ] {
        let answer = answers(&app.url(""), request).await;

        assert!(answer.starts_with("HTTP/1.1 431 "), "{answer}");
    }
}

#[tokio::test]
async fn a_token_of_the_greatest_length_fits_into_a_header() {
    let app = TestApp::spawn().await;
    let token = "x".repeat(16 * 1024);

    let lines = format!("authorization: Bearer {token}\r\nconnection: close\r\n");
    let request = verify(&lines, "").replace("POST /api/token/verify", "GET /api/token/user");
    let answer = answers(&app.url(""), request).await;

    assert!(answer.starts_with("HTTP/1.1 401 "), "{answer}");
}

#[tokio::test]
async fn a_connection_beyond_those_allowed_is_closed_and_one_that_ends_makes_room() {
    let app = TestApp::with(|s| s.server.max_connections = 2).await;
    let request = verify("content-length: 2\r\n", "{}");
    let [mut one, mut other] = [
        Raw::connect(&app.url("")).await,
        Raw::connect(&app.url("")).await,
    ];
    one.send(&request).await;
    other.send(&request).await;
    let answered = [one.answer().await, other.answer().await];

    let beyond = answers(&app.url(""), &request).await;
    drop(one);
    let room = loop {
        let mut next = Raw::connect(&app.url("")).await;
        next.send(&request).await;
        let answer = next.answer().await;
        if !answer.is_empty() {
            break answer;
        }
    };

    assert_eq!(beyond, "");
    for answer in answered.iter().chain([&room]) {
        assert!(answer.contains("token is required"), "{answer}");
    }
}
