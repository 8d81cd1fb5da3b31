//! The end of a service, whoever is connected.

use std::time::{Duration, Instant};

use tokio::sync::mpsc;
use tokio::task::JoinSet;

use super::frames::{DATA, END_STREAM, GOAWAY, HEADERS, frame, next, post, preface};
use super::raw::{Raw, verify};
use crate::cli::command::{Folder, start};

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
    assert!(!ended.stderr.contains("given up"), "{ended:?}");
    assert_eq!((header.rest().await, body.rest().await), Default::default());
}

#[tokio::test]
async fn under_load_each_request_is_answered_whole_or_not_at_all() {
    let folder = folder("1m");
    let service = folder.serve();
    let (report, mut reports) = mpsc::unbounded_channel();
    let mut clients = JoinSet::new();
    for _ in 0..CLIENTS {
        clients.spawn(ask_until_closed(service.origin.clone(), report.clone()));
    }
    for _ in 0..CLIENTS * 20 {
        reports.recv().await.unwrap();
    }

    service.terminate();
    let last = clients.join_all().await;
    let ended = service.wait();

    assert_eq!(ended.code, Some(0), "{ended:?}");
    assert!(last.iter().any(Last::is_answered), "{last:?}");
    for last in last {
        assert!(last.is_answered() || last.is_silent(), "{last:?}");
    }
}

const CLIENTS: usize = 16;

/// How a connection of many requests came to its end.
#[derive(Debug)]
struct Last {
    /// The last answer of all.
    answer: String,
    /// What came after it.
    rest: String,
}

impl Last {
    /// Whether the answer is whole and said that no other would come, and none came.
    fn is_answered(&self) -> bool {
        self.answer.contains("\r\nconnection: close\r\n")
            && self.answer.ends_with(r#""token": "token is required"}"#)
            && self.rest.is_empty()
    }

    /// Whether the connection was closed without a byte, as one is on which there is no request.
    fn is_silent(&self) -> bool {
        self.answer.is_empty() && self.rest.is_empty()
    }
}

/// Asks again as soon as there is an answer, and reports each.
async fn ask_until_closed(origin: String, report: mpsc::UnboundedSender<()>) -> Last {
    let mut connection = Raw::connect(&origin).await;
    loop {
        connection.send(verify("content-length: 2\r\n", "{}")).await;
        let answer = connection.answer().await;
        let _ = report.send(());
        if answer.is_empty() || answer.contains("connection: close") {
            let rest = connection.rest().await;
            return Last { answer, rest };
        }
    }
}

#[tokio::test]
async fn a_request_of_http_2_whose_body_is_to_come_is_answered_after_the_farewell() {
    let folder = folder("1m");
    let service = folder.serve();
    let mut connection = Raw::connect(&service.origin).await;
    let mut other = Raw::connect(&service.origin).await;
    let request = post(1, "/api/token/verify");
    connection.send([preface(), request].concat()).await;
    other.send(preface()).await;

    service.terminate();
    assert!(next(&mut connection, &[GOAWAY]).await.is_some());
    connection.send(frame(DATA, END_STREAM, 1, b"{}")).await;

    let answer = next(&mut connection, &[HEADERS]).await.unwrap();
    assert_eq!((answer.stream, answer.status()), (1, 400));
    assert!(next(&mut other, &[GOAWAY]).await.is_some());
    let begun = Instant::now();
    assert_eq!(service.wait().code, Some(0));
    assert!(begun.elapsed() < SOON, "{:?}", begun.elapsed());
}

#[tokio::test]
async fn a_second_signal_ends_the_service_at_once() {
    let folder = folder("1h");
    let service = folder.serve();
    let mut connection = Raw::connect(&service.origin).await;
    let lines = "content-length: 2\r\nexpect: 100-continue\r\n";
    connection.send(verify(lines, "")).await;
    assert!(connection.answer().await.starts_with("HTTP/1.1 100 "));

    service.terminate();
    while !Raw::is_refused(&service.origin).await {}
    service.terminate();
    let ended = service.wait();

    assert_eq!(ended.code, Some(1), "{ended:?}");
    assert!(ended.stderr.contains("told twice to stop"), "{ended:?}");
    assert_eq!(connection.rest().await, "");
}

#[tokio::test]
async fn a_database_that_keeps_a_request_waiting_keeps_the_service_for_the_drain_time_only() {
    let folder = folder("200ms");
    folder.run(&["migrate"]);
    folder.run_with_input(&["createuser", "alice", "--password-stdin"], "alice-pw\n");
    let service = start(&mut folder.command(&["serve"])).listening();
    let mut connection = Raw::connect(&service.origin).await;
    let body = r#"{"username": "alice", "password": "alice-pw"}"#;
    let login = verify(&format!("content-length: {}\r\n", body.len()), body);

    let lock = folder.database.lock_out_writers();
    connection.send(login.replace("verify", "pair")).await;
    let begun = Instant::now();
    let ended = service.stop();
    let took = begun.elapsed();
    lock.release();

    assert_eq!(ended.code, Some(0), "{ended:?}");
    assert!(took < Duration::from_secs(3), "{took:?}");
    assert_eq!(connection.rest().await, "");
}

/// Far less than any time limit that could end a connection in the drain's place.
const SOON: Duration = Duration::from_secs(10);
