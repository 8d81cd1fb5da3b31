//! The public address over TLS.

use std::os::unix::fs::PermissionsExt;

use chrono::DateTime;
use tegata::http::Tls;
use tokio::net::TcpStream;

use super::raw::{Raw, answers, verify};
use crate::app::{BEGIN, TestApp};
use crate::cli::command::Folder;
use crate::cli::serve::printed_request;
use crate::tls;

/// A folder whose service shows one of the certificates.
fn folder(tls: &str) -> Folder {
    Folder::with_config(&format!(
        "[server]\nbind = \"127.0.0.1:0\"\n[log]\nlevel = \"info\"\n[jwt]\nALGORITHM = \"ES256\"\n\
         [users]\npbkdf2_iterations = 1\n{tls}"
    ))
}

fn read(certificate: &str) -> Tls {
    let now = DateTime::from_timestamp(BEGIN, 0).unwrap();
    Tls::read(&tls::server(certificate), now).unwrap().unwrap()
}

#[tokio::test]
async fn the_first_line_and_the_log_speak_of_https() {
    let folder = folder(&tls::table("server", "key"));
    let service = folder.serve();
    let mut connection = Raw::connect(&service.origin).await;

    connection.send(verify("content-length: 2\r\n", "{}")).await;

    assert!(service.origin.starts_with("https://"));
    assert!(connection.answer().await.contains("token is required"));
    drop(connection);
    let stopped = service.stop();
    let (url, _) = printed_request(&stopped.stdout);
    assert!(url.starts_with("https://127.0.0.1:"), "{url}");
}

#[tokio::test]
async fn a_certificate_is_replaced_for_the_next_handshake_and_no_connection_ends() {
    let app = TestApp::spawn().await;
    let shown = read("of-another-name");
    let address = app.serve(|listeners| listeners.tls = Some(shown.clone()));
    let origin = format!("https://{}", address.await);
    let stream = async || {
        let address = origin.strip_prefix("https://").unwrap();
        TcpStream::connect(address).await.unwrap()
    };
    assert!(tls::connect(stream().await, &[]).await.is_err());

    shown.replace(&read("server"));
    let mut connection = Raw::connect(&origin).await;
    shown.replace(&read("of-another-name"));

    assert!(tls::connect(stream().await, &[]).await.is_err());
    connection.send(verify("content-length: 2\r\n", "{}")).await;
    assert!(connection.answer().await.contains("token is required"));
}

#[tokio::test]
async fn a_certificate_that_was_renewed_is_shown_after_a_reload_and_a_damaged_one_is_not() {
    let folder = folder("[server.tls]\ncertificate_file = \"shown.pem\"\nkey_file = \"key.pem\"\n");
    let show = |name| std::fs::copy(tls::file(name), folder.path().join("shown.pem")).unwrap();
    std::fs::copy(tls::file("key"), folder.path().join("key.pem")).unwrap();
    show("of-another-name");
    let mut service = folder.serve();
    let origin = service.origin.clone();
    let shake_hands = async || {
        let address = origin.strip_prefix("https://").unwrap();
        let stream = TcpStream::connect(address).await.unwrap();
        tls::connect(stream, &[]).await.is_ok()
    };
    assert!(!shake_hands().await);

    show("server");
    service.reload();
    assert!(shake_hands().await);

    show("key");
    let said = service.reload();
    assert!(said.contains("not reloaded"), "{said}");
    assert!(said.contains("[server.tls] certificate_file"), "{said}");
    assert!(shake_hands().await);
}

#[tokio::test]
async fn plain_http_and_noise_where_tls_is_spoken_are_no_lines_of_the_log() {
    let folder = folder(&tls::table("server", "key"));
    let service = folder.serve();
    let plain = service.origin.replace("https", "http");

    for noise in [
        &verify("content-length: 2\r\n", "{}"),
        "\0\0\0\0\0\0",
        "\x16\x03\x01\x7f\x7f\x7f",
    ] {
        let answer = answers(&plain, noise).await;
        assert!(!answer.contains("HTTP"), "{answer}");
    }

    let log = service.stop().stderr;
    let (_, told) = log.split_once("listening on https://").unwrap();
    let of_connections = told.matches("tegata::http").count();
    assert_eq!(
        (of_connections, told.contains("ERROR")),
        (0, false),
        "{log}"
    );
}

#[test]
fn a_certificate_that_expired_is_shown_with_a_warning() {
    let stopped = folder(&tls::table("expired", "key")).serve().stop();

    assert_eq!(stopped.code, Some(0));
    assert!(
        stopped.stderr.contains("expired.pem expired at 2001-"),
        "{stopped:?}"
    );
}

#[test]
fn a_key_that_everyone_can_read_is_warned_of() {
    let folder = folder("");
    let key = folder.path().join("public.pem");
    std::fs::copy(tls::file("key"), &key).unwrap();
    std::fs::set_permissions(&key, std::fs::Permissions::from_mode(0o644)).unwrap();
    let mut command = folder.command(&["config", "check"]);

    let checked = command
        .env("TEGATA_SERVER__TLS__CERTIFICATE_FILE", tls::file("server"))
        .env("TEGATA_SERVER__TLS__KEY_FILE", &key)
        .output()
        .unwrap();

    let log = String::from_utf8(checked.stderr).unwrap();
    assert!(
        log.contains("public.pem can be read by everyone: run `chmod o-rwx"),
        "{log}"
    );
}

#[test]
fn a_key_of_another_certificate_refuses_the_start_and_the_check() {
    let folder = folder(&tls::table("server", "another-key"));

    for command in [["serve"].as_slice(), &["config", "check"]] {
        let refused = folder.run(command);

        refused.assert_refused("another-key.pem, [server.tls] key_file, cannot be used with the");
        refused.assert_refused("give the key that the certificate was issued for");
    }
}
