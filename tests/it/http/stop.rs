//! The end of a service, whoever is connected.

use std::time::{Duration, Instant};

use super::raw::{Raw, verify};
use crate::cli::command::Folder;

fn folder(drain_time: &str) -> Folder {
    Folder::with_config(&format!(
        "[server]\nbind = \"127.0.0.1:0\"\ndrain_time = \"{drain_time}\"\n\
         [jwt]\nALGORITHM = \"ES256\"\n[users]\npbkdf2_iterations = 1\n"
    ))
}

#[tokio::test]
async fn connections_without_a_request_do_not_keep_the_service() {
    let folder = folder("1m");
    let service = folder.serve();
    let silent = Raw::connect(&service.origin).await;
    let mut idle = Raw::connect(&service.origin).await;
    idle.send(verify("content-length: 2\r\n", "{}")).await;
    assert!(idle.answer().await.contains("token is required"));

    let begun = Instant::now();
    let ended = service.stop();

    assert_eq!(ended.code, Some(0), "{ended:?}");
    assert!(begun.elapsed() < SOON, "{:?}", begun.elapsed());
    assert!(ended.stderr.ends_with("stopped"), "{ended:?}");
    drop((silent, idle));
}

#[tokio::test]
async fn a_request_that_never_ends_keeps_the_service_for_the_drain_time_only() {
    let folder = folder("200ms");
    let service = folder.serve();
    let mut header = Raw::connect(&service.origin).await;
    header.send("POST /api/token/verify HTTP/1.1\r\nhost").await;
    let mut body = Raw::connect(&service.origin).await;
    let lines = "content-length: 2\r\nexpect: 100-continue\r\n";
    body.send(verify(lines, "")).await;
    assert!(body.answer().await.starts_with("HTTP/1.1 100 "));

    let begun = Instant::now();
    let ended = service.stop();

    assert_eq!(ended.code, Some(0), "{ended:?}");
    assert!(begun.elapsed() < SOON, "{:?}", begun.elapsed());
    assert_eq!((header.rest().await, body.rest().await), Default::default());
}

/// Far less than any time limit that could end a connection in the drain's place.
const SOON: Duration = Duration::from_secs(10);
