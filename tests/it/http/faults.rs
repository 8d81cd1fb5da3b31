//! What fails under the service: what needs it is 503, the rest goes on, and so does the service.

mod postgres;
mod sqlite;

use serde_json::json;

use super::raw::{Raw, answers, verify};
use crate::cli::command::{Folder, Service, start};
use crate::cli::serve::post;
use crate::cli::token::issue::token;

/// A service whose process may take no more than this `ulimit` says, after a first start without.
fn limited(folder: &Folder, ulimit: &str) -> Service {
    folder.serve().stop();
    let binary = env!("CARGO_BIN_EXE_tegata");
    let mut command = folder.program("sh");
    command.args(["-c", &format!("ulimit {ulimit}; exec {binary} serve")]);
    start(&mut command).listening()
}

async fn login(service: &Service) -> (u16, String) {
    let body = json!({ "username": "alice", "password": "alice-pw" });
    post(
        &format!("{}/api/token/pair", service.origin),
        body.to_string(),
    )
    .await
}

async fn is_verified(service: &Service, access: &str) -> bool {
    let body = json!({ "token": access });
    let url = format!("{}/api/token/verify", service.origin);
    post(&url, body.to_string()).await.0 == 200
}

fn with_alice() -> Folder {
    let folder = Folder::new();
    folder.run(&["migrate"]);
    let create = ["createuser", "alice", "--password-stdin"];
    folder.run_with_input(&create, "alice-pw\n");
    folder
}

#[tokio::test]
async fn while_another_program_locks_the_database_logins_are_503_and_verification_goes_on() {
    let folder = with_alice();
    let service = folder.serve();
    let access = token(&folder.run(&["token", "issue", "alice"]), "access");

    let lock = folder.database.lock_out_writers();
    let (locked, told) = login(&service).await;
    let verified = is_verified(&service, &access).await;
    lock.release();
    let (recovered, _) = login(&service).await;

    assert_eq!((locked, verified, recovered), (503, true, 200));
    assert_eq!(
        told,
        r#"{"detail": "The service is unavailable, try again", "code": "unavailable"}"#
    );
}

#[tokio::test]
async fn a_service_out_of_files_comes_back_by_itself_and_says_so_once() {
    let folder = with_alice();
    let service = limited(&folder, "-n 40");
    let access = token(&folder.run(&["token", "issue", "alice"]), "access");
    let request = verify("content-length: 2\r\nconnection: close\r\n", "{}");

    let mut crowd = Vec::new();
    for _ in 0..200 {
        crowd.push(Raw::connect(&service.origin).await);
    }
    drop(crowd);
    while answers(&service.origin, &request).await.is_empty() {}
    let verified = is_verified(&service, &access).await;
    let (login, _) = login(&service).await;
    let log = service.stop().stderr;

    assert_eq!((verified, login), (true, 200), "{log}");
    assert!(log.contains("max_connections is reached"), "{log}");
    assert!(log.lines().count() < 10, "{log}");
}

#[tokio::test]
async fn a_low_soft_limit_on_files_is_raised_by_the_service_itself() {
    let folder = with_alice();
    let service = limited(&folder, "-S -n 40");
    let request = verify("content-length: 2\r\n", "{}");

    let mut crowd = Vec::new();
    for _ in 0..100 {
        let mut connection = Raw::connect(&service.origin).await;
        connection.send(&request).await;
        assert!(connection.answer().await.contains("token is required"));
        crowd.push(connection);
    }

    assert!(!service.stop().stderr.contains("max_connections"));
}
