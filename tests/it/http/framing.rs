//! What two readers could read as two things (RFC 9112 6).

use super::raw::{self, verify};
use crate::app::TestApp;

/// A request that is hidden in what may be the body of another one.
const SMUGGLED: &str = "GET /smuggled HTTP/1.1\r\nhost: x\r\n\r\n";

/// The service's answers to a request with this header and body, and one more after it. They end,
/// so it has closed the connection.
async fn answered(app: &TestApp, lines: &str, body: &str) -> String {
    answers(app, verify(lines, body) + SMUGGLED).await
}

/// The service's answers to these bytes, which over TLS are the same.
async fn answers(app: &TestApp, bytes: impl AsRef<[u8]>) -> String {
    let plain = raw::answers(&app.url(""), &bytes).await;
    let secure = raw::answers(app.secure_origin().await, &bytes).await;
    assert_eq!(lasting(&plain), lasting(&secure));
    plain
}

/// Answers without what differs from one time to the next.
fn lasting(answers: &str) -> Vec<&str> {
    let lines = answers.lines();
    let differs = |line: &&str| line.starts_with("x-request-id: ") || line.starts_with("date: ");
    lines.filter(|line| !differs(line)).collect()
}

#[track_caller]
fn assert_refused(answers: &str, status: &str, lines: &str) {
    assert!(
        answers.starts_with(&format!("HTTP/1.1 {status}")),
        "{lines}: {answers}"
    );
    assert_eq!(answers.matches("HTTP/1.1").count(), 1, "{lines}: {answers}");
}

#[tokio::test]
async fn a_length_that_is_no_number_or_two_is_refused() {
    let app = TestApp::spawn().await;

    for length in [
        "2\r\ncontent-length: 3",
        "2, 3",
        "+2",
        "-1",
        "0x2",
        "2 2",
        "2.0",
        "",
        "18446744073709551616",
        "99999999999999999999999999",
    ] {
        let answers = answered(&app, &format!("content-length: {length}\r\n"), "{}").await;

        assert_refused(&answers, "400", length);
    }
}

#[tokio::test]
async fn a_length_given_twice_alike_counts_once() {
    let app = TestApp::spawn().await;
    let lines = "content-length: 2\r\ncontent-length: 2\r\n";
    let next = verify("connection: close\r\n", "").replace("verify", "nowhere");

    let answers = answers(&app, verify(lines, "{}") + &next).await;

    assert_eq!(answers.matches("HTTP/1.1").count(), 2, "{answers}");
    assert!(answers.contains("token is required"), "{answers}");
    assert!(answers.ends_with(r#"{"detail": "Not Found"}"#), "{answers}");
}

#[tokio::test]
async fn a_coding_other_than_chunked_alone_is_refused() {
    let app = TestApp::spawn().await;

    for coding in [
        "gzip",
        "identity",
        "xchunked",
        "chunked, gzip",
        "",
        "\u{b}chunked",
    ] {
        let lines = format!("transfer-encoding: {coding}\r\n");
        assert_refused(&answered(&app, &lines, "0\r\n\r\n").await, "400", &lines);
    }
    for coding in [
        "gzip, chunked",
        "chunked, chunked",
        "identity, chunked",
        ", chunked",
        "chunked\r\ntransfer-encoding: chunked",
        "gzip\r\ntransfer-encoding: chunked",
    ] {
        let lines = format!("transfer-encoding: {coding}\r\n");
        assert_refused(&answered(&app, &lines, "0\r\n\r\n").await, "501", &lines);
    }
}

#[tokio::test]
async fn a_request_for_two_hosts_or_none_is_refused() {
    let app = TestApp::spawn().await;
    let ask = |version: &str, hosts: &str| {
        format!("GET /api/token/user HTTP/{version}\r\n{hosts}connection: close\r\n\r\n")
    };

    for hosts in ["", "host: a\r\nhost: b\r\n", "host: a\r\nhost: a\r\n"] {
        let refused = answers(&app, ask("1.1", hosts)).await;
        assert!(refused.starts_with("HTTP/1.1 400 "), "{refused}");
        assert!(refused.contains("ambiguous_host"), "{refused}");
    }
    let old = answers(&app, ask("1.0", "")).await;
    assert!(old.starts_with("HTTP/1.0 401 "), "{old}");
}

#[tokio::test]
async fn a_request_smuggled_behind_a_chunked_body_within_the_length_is_never_answered() {
    let app = TestApp::spawn().await;
    let body = "2\r\n{}\r\n0\r\n\r\n";
    let length = format!("content-length: {}\r\n", body.len() + SMUGGLED.len());

    for lines in [
        length.clone() + "transfer-encoding: chunked\r\n",
        "transfer-encoding: chunked\r\n".to_owned() + &length,
        format!("{length}{length}Transfer-Encoding:chunked\r\n"),
        format!("transfer-encoding: chunked\r\nconnection: keep-alive\r\n{length}"),
    ] {
        let answers = answered(&app, &lines, body).await;

        assert_refused(&answers, "400", &lines);
        assert!(answers.contains("token is required"), "{lines}: {answers}");
    }
}

#[tokio::test]
async fn a_chunk_whose_size_is_no_number_is_refused() {
    let app = TestApp::spawn().await;

    for chunk in [
        "FFFFFFFFFFFFFFFFF\r\n{}\r\n",
        "10000000000000002\r\n{}\r\n",
        "-2\r\n{}\r\n",
        "+2\r\n{}\r\n",
        "0x2\r\n{}\r\n",
        "2 2\r\n{}\r\n",
        "\r\n{}\r\n",
        "2\n{}\r\n",
        "2\r\n{}2\r\n",
        "2\r\n{}\n0\r\n",
        "2;\r\r\n{}\r\n",
        "2;\n{}\r\n",
    ] {
        let body = format!("{chunk}0\r\n\r\n");
        let answers = answered(&app, "transfer-encoding: chunked\r\n", &body).await;

        assert_refused(&answers, "400", chunk);
        assert!(answers.contains("Cannot parse request body"), "{chunk}");
    }
}

#[tokio::test]
async fn a_chunked_body_in_http_1_0_is_refused() {
    let app = TestApp::spawn().await;

    let request = verify("transfer-encoding: chunked\r\n", "0\r\n\r\n").replace("/1.1", "/1.0");
    let answers = answers(&app, request + SMUGGLED).await;

    assert_eq!(answers.matches("HTTP/1.").count(), 1, "{answers}");
    assert!(answers.contains(" 400 "), "{answers}");
}

#[tokio::test]
async fn a_header_line_that_can_be_read_in_two_ways_is_refused() {
    let app = TestApp::spawn().await;

    for line in [
        "content-length : 2",
        " content-length: 2",
        "x: a\r\n content-length: 2",
        "x: a\r\n\tcontent-length: 2",
        "x: a\rcontent-length: 2",
        "x: a\0",
        "content\0-length: 2",
        "content-length",
        ": 2",
        "x y: 2",
    ] {
        let answers = answered(&app, &format!("{line}\r\n"), "{}").await;

        assert_refused(&answers, "400", line);
    }
}
