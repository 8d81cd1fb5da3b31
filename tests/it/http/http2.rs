//! HTTP/2, and what one client could take from the others by it.

use reqwest::{Client, RequestBuilder, StatusCode, Version};

use super::frames::{
    CONTINUATION, DATA, END_STREAM, ENHANCE_YOUR_CALM, Frame, GOAWAY, HEADERS, REFUSED_STREAM,
    RST_STREAM, frame, get, header, next, post, preface,
};
use super::raw::Raw;
use crate::app::TestApp;

/// A client that knows beforehand whom it speaks to.
fn client() -> Client {
    let client = Client::builder()
        .no_proxy()
        .no_gzip()
        .http2_prior_knowledge();
    client.build().unwrap()
}

fn ask(app: &TestApp) -> RequestBuilder {
    client().post(app.url("/api/token/verify")).body("{}")
}

/// A connection of HTTP/2 that has sent these bytes.
async fn after(origin: &str, bytes: &[u8]) -> Raw {
    let mut connection = Raw::connect(origin).await;
    connection.send([&preface(), bytes].concat()).await;
    connection
}

async fn answer(connection: &mut Raw) -> Frame {
    next(connection, &[HEADERS, GOAWAY]).await.unwrap()
}

#[tokio::test]
async fn a_client_that_knows_beforehand_is_answered_as_in_http_1() {
    let app = TestApp::spawn().await;

    let answer = ask(&app).send().await.unwrap();

    assert_eq!(answer.version(), Version::HTTP_2);
    assert_eq!(answer.status(), StatusCode::BAD_REQUEST);
    let body = answer.text().await.unwrap();
    assert!(body.contains("token is required"), "{body}");
}

#[tokio::test]
async fn an_answer_to_head_has_the_length_of_one_to_get_and_no_body() {
    let app = TestApp::spawn().await;

    for (path, status, length) in [
        ("/livez", 200, "3"),
        ("/api/token/pair", 405, "18"),
        ("/api/token/auth/below", 401, "26"),
        ("/nowhere", 404, "23"),
    ] {
        let answer = client().head(app.url(path)).send().await.unwrap();

        assert_eq!(answer.status(), status, "{path}");
        assert_eq!(answer.headers()["content-length"], length, "{path}");
        assert!(answer.bytes().await.unwrap().is_empty(), "{path}");
    }
}

#[tokio::test]
async fn a_client_that_offers_it_in_its_handshake_is_answered() {
    let app = TestApp::spawn().await;
    let origin = app.secure_origin().await;
    let mut connection = Raw::connect_offering(origin, &["h2", "http/1.1"]).await;

    let request = get(1, "/livez", &[(":authority", "x")]);
    connection.send([preface(), request].concat()).await;

    assert_eq!(answer(&mut connection).await.status(), 200);
}

#[tokio::test]
async fn a_request_for_two_hosts_or_none_is_refused() {
    let app = TestApp::spawn().await;
    let (authority, host, other) = ((":authority", "x"), ("host", "x"), ("host", "y"));

    for (lines, status) in [
        (vec![authority], 200),
        (vec![authority, ("host", "X")], 200),
        (vec![host], 200),
        (vec![], 400),
        (vec![authority, other], 400),
        (vec![authority, host, host], 400),
    ] {
        let mut connection = after(&app.url(""), &get(1, "/livez", &lines)).await;

        assert_eq!(answer(&mut connection).await.status(), status, "{lines:?}");
    }
}

#[tokio::test]
async fn too_many_headers_are_refused() {
    let app = TestApp::spawn().await;
    let own = 2; // Of the client.
    let with = |count: usize| (own..count).fold(ask(&app), |ask, _| ask.header("x", "y"));

    let most = with(100).send().await.unwrap();
    let more = with(110).send().await.unwrap();

    assert_eq!(most.status(), 400);
    assert_eq!(more.status(), 431);
}

#[tokio::test]
async fn too_long_a_header_is_refused() {
    let app = TestApp::spawn().await;

    let token = ask(&app).header("x", "x".repeat(16 * 1024)).send().await;
    let longer = ask(&app).header("x", "x".repeat(33 * 1024)).send().await;

    assert_eq!(token.unwrap().status(), 400);
    assert_eq!(longer.unwrap().status(), 431);
}

#[tokio::test]
async fn of_a_hundred_and_one_requests_at_a_time_the_last_is_refused() {
    let app = TestApp::spawn().await;
    let streams = (0..101).map(|index| 2 * index + 1);
    let requests: Vec<_> = streams
        .flat_map(|id| post(id, "/api/token/verify"))
        .collect();

    let mut connection = after(&app.url(""), &requests).await;

    let refused = next(&mut connection, &[HEADERS, RST_STREAM, GOAWAY]).await;
    let refused = refused.unwrap();
    assert_eq!((refused.kind, refused.stream), (RST_STREAM, 201));
    assert_eq!(refused.error(), REFUSED_STREAM);
}

#[tokio::test]
async fn a_request_beyond_those_allowed_on_all_connections_is_refused_and_one_that_ends_makes_room()
{
    let app = TestApp::with(|s| s.server.max_connections = 2).await;
    let request = |id| post(id, "/api/token/verify");
    let probe = |id| get(id, "/livez", &[(":authority", "x")]);
    let mut one = after(&app.url(""), &[request(1), probe(3)].concat()).await;
    assert_eq!(
        answer(&mut one).await.stream,
        3,
        "the first waits for its body"
    );
    let mut other = after(&app.url(""), &[request(1), request(3)].concat()).await;

    let beyond = answer(&mut other).await;
    one.send(frame(DATA, END_STREAM, 1, b"{}")).await;
    let ended = answer(&mut one).await;
    one.send(probe(5)).await;
    let next = answer(&mut one).await;

    assert_eq!((beyond.stream, &beyond.payload[..5]), (3, STATUS_503));
    assert_eq!((ended.status(), next.status()), (400, 200));
}

#[tokio::test]
async fn a_request_beyond_those_allowed_is_told_and_counted_as_any_that_is_refused() {
    let app = TestApp::with(|s| s.server.max_connections = 2).await;
    let requests = [1, 3, 5].map(|id| post(id, "/api/token/verify")).concat();
    let mut full = after(&app.url(""), &requests).await;
    let beyond = answer(&mut full).await.stream;
    let client = client();

    let refused = client.post(app.url("/api/token/verify")).send().await;

    let refused = refused.unwrap();
    assert_eq!(refused.status(), StatusCode::SERVICE_UNAVAILABLE);
    for header in ["retry-after", "x-content-type-options", "x-request-id"] {
        assert!(refused.headers().contains_key(header), "{header}");
    }
    let under_way = if beyond == 1 { 3 } else { 1 };
    full.send(frame(DATA, END_STREAM, under_way, b"{}")).await;
    answer(&mut full).await;
    let metrics = client.get(app.url("/metrics")).send().await.unwrap();
    let metrics = metrics.text().await.unwrap();
    let counted = "tegata_refused_total{reason=\"max_connections\"} 2\n";
    assert!(metrics.contains(counted), "{metrics}");
}

/// A status that HPACK has no number for: its name has one, and its digits are by Huffman's code.
const STATUS_503: &[u8] = b"\x48\x83\x6c\x0c\xff";

#[tokio::test]
async fn a_client_that_cancels_its_requests_rapidly_is_cut_off() {
    let app = TestApp::spawn().await;
    let begin_and_cancel = |id: u32| {
        let cancel = frame(RST_STREAM, 0, id, &8_u32.to_be_bytes());
        [get(id, "/livez", &[(":authority", "x")]), cancel].concat()
    };
    let flood: Vec<_> = (0..1000)
        .flat_map(|index| begin_and_cancel(2 * index + 1))
        .collect();

    let mut connection = after(&app.url(""), &flood).await;

    let end = next(&mut connection, &[GOAWAY]).await.unwrap();
    assert_eq!(end.error(), ENHANCE_YOUR_CALM);
    assert!(next(&mut connection, &[GOAWAY]).await.is_none());
}

#[tokio::test]
async fn a_header_continued_without_end_is_cut_off() {
    let app = TestApp::spawn().await;
    let block = header("GET", "/livez", &[(":authority", "x")]);
    let begin = frame(HEADERS, END_STREAM, 1, &block);
    let more = frame(CONTINUATION, 0, 1, &header("GET", "/", &[])[..0]);

    let mut connection = after(&app.url(""), &[begin, more.repeat(1000)].concat()).await;

    let end = next(&mut connection, &[GOAWAY]).await.unwrap();
    assert_eq!(end.error(), ENHANCE_YOUR_CALM);
    assert!(next(&mut connection, &[HEADERS]).await.is_none());
}
