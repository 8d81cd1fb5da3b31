use std::io::Write;

use flate2::Compression;
use flate2::write::GzEncoder;

use super::fake_issuer::tls_file;
use super::*;

/// The keys of `issuer`, fetched by such a client.
async fn fetched_by(http: HttpClient, issuer: &FakeIssuer) -> (bool, KeySetStatus) {
    let source = KeySetSource::Jwks(issuer.url(PATH));
    let keys = RemoteKeys::new("id.example", source, &ALGORITHMS, rules(), &http, clock());
    let keys = keys.unwrap();
    (keys.get().await.is_some(), keys.status())
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

#[tokio::test]
async fn of_an_answer_without_an_end_little_is_read() {
    let case = Case::of([Answer::endless()]).await;

    assert_eq!(case.kids().await, None);

    assert_eq!(case.fetches(FetchOutcome::TooLarge), 1);
    // What it got rid of beyond the limit fills the buffers of the two sockets.
    assert!(case.issuer.sent().await < 16 * 1024 * 1024);
}

#[tokio::test]
async fn an_answer_that_announces_too_much_is_not_read() {
    let large = Answer::endless().header("content-length", "104857600");
    let case = Case::of([large]).await;

    assert_eq!(case.kids().await, None);

    assert_eq!(case.fetches(FetchOutcome::TooLarge), 1);
}

#[tokio::test]
async fn a_gzip_bomb_is_counted_as_it_unfolds() {
    let bomb = gzip(&vec![b' '; 100 * 1024 * 1024]);
    assert!(bomb.len() < 128 * 1024);
    let case = Case::of([Answer::ok(bomb).header("content-encoding", "gzip")]).await;

    assert_eq!(case.kids().await, None);

    assert_eq!(case.fetches(FetchOutcome::TooLarge), 1);
}

#[tokio::test]
async fn a_compressed_set_is_read() {
    let compressed = Answer::ok(gzip(set(&["a"]).as_bytes())).header("content-encoding", "gzip");
    let case = Case::of([compressed]).await;

    assert_eq!(case.kids().await, Some(names(&["a"])));
}

#[tokio::test]
async fn a_redirect_is_not_followed() {
    let case = Case::of([Answer::status(302).header("location", "/other")]).await;
    case.issuer.answer("/other", Answer::ok(set(&["a"])));

    assert_eq!(case.kids().await, None);

    assert!(case.error().ends_with("the answer is 302"));
    assert_eq!(case.requests(), 1);
}

#[tokio::test]
async fn a_redirect_within_the_origin_is_followed_where_one_asks_for_it() {
    let issuer = FakeIssuer::start().await;
    issuer.answer(PATH, Answer::status(307).header("location", "/other"));
    issuer.answer("/other", Answer::ok(set(&["a"])));
    let http = HttpClient::builder()
        .same_origin_redirects()
        .build()
        .unwrap();

    assert!(fetched_by(http, &issuer).await.0);

    assert_eq!(issuer.requests()[1].header("referer"), None);
}

#[tokio::test]
async fn a_loop_of_redirects_ends_after_three() {
    let issuer = FakeIssuer::start().await;
    issuer.answer(PATH, Answer::status(302).header("location", PATH));
    let http = HttpClient::builder()
        .same_origin_redirects()
        .build()
        .unwrap();

    let (fetched, status) = fetched_by(http, &issuer).await;

    assert!(!fetched);
    assert!(status.last_error.unwrap().ends_with("the answer is 302"));
    assert_eq!(issuer.requests().len(), 4);
}

#[tokio::test]
async fn a_redirect_to_another_origin_is_never_followed() {
    let (issuer, other) = (FakeIssuer::start().await, FakeIssuer::start().await);
    issuer.answer(
        PATH,
        Answer::status(302).header("location", other.url(PATH)),
    );
    other.answer(PATH, Answer::ok(set(&["a"])));
    let http = HttpClient::builder()
        .same_origin_redirects()
        .build()
        .unwrap();

    assert!(!fetched_by(http, &issuer).await.0);

    assert_eq!(other.requests().len(), 0);
}

#[tokio::test]
async fn a_request_says_who_asks_and_nothing_of_why() {
    let case = Case::of([Answer::ok(set(&["a"])).header("set-cookie", "a=b")]).await;
    case.kids().await;
    case.advance(600);
    case.kids().await;

    let request = case.issuer.requests().pop().unwrap();

    assert!(request.header("user-agent").unwrap().starts_with("tegata/"));
    assert_eq!(request.path, PATH);
    assert_eq!(request.header("cookie"), None);
    assert_eq!(request.header("referer"), None);
    assert_eq!(request.header("authorization"), None);
}

#[tokio::test]
async fn keys_come_over_tls_from_an_authority_of_ones_own() {
    let issuer = FakeIssuer::start_with_tls().await;
    issuer.answer(PATH, Answer::ok(set(&["a"])));
    let authority = std::fs::read(tls_file("authority")).unwrap();
    let http = HttpClient::builder()
        .root_certificate_pem(&authority)
        .unwrap();

    let (fetched, status) = fetched_by(http.build().unwrap(), &issuer).await;

    assert!(fetched, "{status:?}");
}

#[tokio::test]
async fn a_certificate_of_an_unknown_authority_is_a_failure() {
    let issuer = FakeIssuer::start_with_tls().await;
    issuer.answer(PATH, Answer::ok(set(&["a"])));

    let (fetched, status) = fetched_by(HttpClient::new().unwrap(), &issuer).await;

    let error = status.last_error.unwrap();
    assert!(!fetched);
    assert!(error.contains("certificate"), "{error}");
    assert_eq!(issuer.requests().len(), 0);
}

#[tokio::test]
async fn what_is_no_certificate_is_no_root() {
    assert!(
        HttpClient::builder()
            .root_certificate_pem(b"-----BEGIN CERTIFICATE-----")
            .is_err()
    );
}
