//! SIGHUP: another file takes effect whole or not at all.

use std::fs;

use reqwest::header::AUTHORIZATION;
use serde_json::{Value, json};
use tokio::net::TcpStream;

use super::{key_file, post};
use crate::app::client;
use crate::cli::command::{Folder, Service, start};
use crate::cli::token::issue;
use crate::tls;

const SETTINGS: &str = "[server]\nbind = \"127.0.0.1:0\"\n[users]\npbkdf2_iterations = 1\n[jwt]\n\
     ALGORITHM = \"ES256\"\nBLACKLIST_AFTER_ROTATION = true\n";

/// A service with the user `alice`.
fn folder() -> Folder {
    let folder = Folder::with_config(SETTINGS);
    folder.serve().stop();
    folder.run_with_input(&["createuser", "alice", "--password-stdin"], "alice-pw\n");
    folder
}

/// One of the tokens of a pair of Alice's.
fn issued(folder: &Folder, name: &str) -> String {
    issue::token(&folder.run(&["token", "issue", "alice"]), name)
}

/// What a bearer of this scheme is answered.
async fn bear(service: &Service, scheme: &str, token: &str) -> u16 {
    let url = format!("{}/api/token/auth", service.origin);
    let bearer = format!("{scheme} {token}");
    let request = client().get(url).header(AUTHORIZATION, bearer);
    request.send().await.unwrap().status().as_u16()
}

async fn verify(service: &Service, token: &str) -> (u16, String) {
    let url = format!("{}/api/token/verify", service.origin);
    post(&url, json!({ "token": token }).to_string()).await
}

async fn login(service: &Service, password: &str) -> u16 {
    let url = format!("{}/api/token/pair", service.origin);
    let body = json!({ "username": "alice", "password": password });
    post(&url, body.to_string()).await.0
}

async fn metrics(service: &Service) -> String {
    let url = format!("{}/metrics", service.origin);
    client()
        .get(url)
        .send()
        .await
        .unwrap()
        .text()
        .await
        .unwrap()
}

#[tokio::test]
async fn what_changed_in_the_file_holds_for_the_next_request() {
    let folder = folder();
    let mut service = folder.serve();
    let access = issued(&folder, "access");
    assert_eq!(bear(&service, "Bearer", &access).await, 200);
    assert_eq!(bear(&service, "JWT", &access).await, 401);

    folder.configure(&format!("{SETTINGS}AUTH_HEADER_TYPES = [\"JWT\"]\n"));
    let said = service.reload();

    assert!(said.contains(" INFO "), "{said}");
    assert_eq!(bear(&service, "Bearer", &access).await, 401);
    assert_eq!(bear(&service, "JWT", &access).await, 200);
    let figures = metrics(&service).await;
    assert!(figures.contains("tegata_reloads_total{result=\"done\"} 1"));
}

#[tokio::test]
async fn a_broken_file_changes_nothing_and_is_told_with_its_key() {
    let folder = folder();
    let mut service = folder.serve();
    let access = issued(&folder, "access");

    for (broken, told) in [
        ("ALGORITHM", "config.toml"),
        ("LEEWAI = 1", "leeway"),
        ("LEEWAY = \"soon\"", "leeway"),
        (
            "ALGORITHM = \"HS256\"\nSIGNING_KEY = \"short\"",
            "at least 32",
        ),
        ("ALGORITHM = \"HS256\"", "signing_key"),
        ("ALGORITHM = \"RS256\"", "signing key"),
    ] {
        folder.configure(&SETTINGS.replace("ALGORITHM = \"ES256\"", broken));
        let said = service.reload();
        assert!(said.contains("ERROR"), "{said}");
        assert!(said.to_lowercase().contains(told), "{said}");
        assert!(!said.contains("\"short\""), "{said}");
        assert_eq!(verify(&service, &access).await.0, 200, "{broken}");
    }
    fs::remove_file(folder.path().join("config.toml")).unwrap();
    assert!(service.reload().contains("not reloaded"));

    assert_eq!(login(&service, "alice-pw").await, 200);
    let figures = metrics(&service).await;
    assert!(
        figures.contains("tegata_reloads_total{result=\"refused\"} 7"),
        "{figures}"
    );
}

#[tokio::test]
async fn a_file_that_is_gone_does_not_leave_the_service_with_the_defaults() {
    let folder = folder();
    folder.configure("[jwt]\nAUTH_HEADER_TYPES = [\"JWT\"]\n");
    let mut command = folder.command(&["serve"]);
    // All that the defaults lack or would change.
    command.env("TEGATA_JWT__ALGORITHM", "ES256");
    command.env("TEGATA_SERVER__BIND", "127.0.0.1:0");
    let mut service = start(&mut command).listening();

    fs::remove_file(folder.path().join("config.toml")).unwrap();
    let said = service.reload();

    assert!(said.contains("not reloaded"), "{said}");
    assert!(said.contains("config.toml: No such file"), "{said}");
}

#[tokio::test]
async fn what_is_no_file_of_settings_neither_holds_reloads_up_nor_takes_all_memory() {
    let folder = folder();
    let mut service = folder.serve();
    let path = folder.path().join("config.toml");

    fs::File::create(&path).unwrap().set_len(1 << 40).unwrap();
    assert!(service.reload().contains("config.toml: it is too long"));
    fs::remove_file(&path).unwrap();
    let made = folder.program("mkfifo").arg(&path).status();
    assert!(made.unwrap().success());
    assert!(service.reload().contains("config.toml: it is not a file"));

    fs::remove_file(&path).unwrap();
    folder.configure(SETTINGS);
    assert!(service.reload().contains(" reloaded config.toml"));
}

#[tokio::test]
async fn what_holds_for_the_life_of_the_process_cannot_change() {
    let folder = folder();
    let mut service = folder.serve();

    for (from, to, told) in [
        (
            "bind = \"127.0.0.1:0\"",
            "bind = \"127.0.0.1:1\"",
            "[server] bind",
        ),
        (
            "[users]",
            "api_prefix = \"/v1\"\n[users]",
            "[server] api_prefix",
        ),
        (
            "[users]",
            "max_connections = 7\n[users]",
            "[server] max_connections",
        ),
        (
            "[users]",
            "[database]\nauto_migrate = false\n[users]",
            "[database] auto_migrate",
        ),
        (
            "[users]",
            "[users]\nemail_column = \"mail\"",
            "email_column",
        ),
        (
            "[users]",
            "[users]\nusername_column = \"name\"",
            "[users] username_column",
        ),
    ] {
        folder.configure(&SETTINGS.replace(from, to));
        let said = service.reload();
        assert!(
            said.contains("not reloaded") && said.contains(told),
            "{said}"
        );
    }
    assert_eq!(login(&service, "alice-pw").await, 200);
}

#[tokio::test]
async fn a_key_that_is_gone_does_not_end_the_service_and_another_one_is_told() {
    let folder = folder();
    let mut service = folder.serve();
    let access = issued(&folder, "access");
    let key = key_file(&folder);

    let aside = folder.path().join("aside.pem");
    fs::rename(&key, &aside).unwrap();
    assert!(service.reload().contains("holds no key"));
    assert_eq!(verify(&service, &access).await.0, 200);

    folder.run(&["keys", "generate"]);
    service.reload();
    assert_eq!(verify(&service, &access).await.0, 401);
    assert_eq!(login(&service, "alice-pw").await, 200);
    let ended = service.stop();
    assert!(
        ended.stderr.contains("the signing key is another one"),
        "{ended:?}"
    );
}

#[tokio::test]
async fn a_reload_forgets_no_revocation_and_no_wrong_guess() {
    let folder = folder();
    let limits = "[limits]\nlogin_per_account_and_address = \"2/d\"\n";
    folder.configure(&format!("{SETTINGS}{limits}"));
    let mut service = folder.serve();
    let refresh = issued(&folder, "refresh");
    let blacklist = format!("{}/api/token/blacklist", service.origin);
    post(&blacklist, json!({ "refresh": refresh }).to_string()).await;
    assert_eq!(login(&service, "wrong").await, 401);
    assert_eq!(login(&service, "wrong").await, 401);

    folder.configure(&format!("{SETTINGS}LEEWAY = 1\n{limits}"));
    service.reload();

    assert_eq!(verify(&service, &refresh).await.0, 400);
    assert_eq!(login(&service, "alice-pw").await, 429);
}

#[tokio::test]
async fn the_log_changes_its_level_and_its_form() {
    let folder = folder();
    let mut service = folder.serve();
    login(&service, "alice-pw").await;

    folder.configure(&format!(
        "{SETTINGS}[log]\nlevel = \"debug\"\nformat = \"json\"\n"
    ));
    let said: Value = serde_json::from_str(&service.reload()).unwrap();
    login(&service, "alice-pw").await;

    assert_eq!(said["level"], "INFO");
    let ended = service.stop();
    assert_eq!(ended.stderr.matches("answered").count(), 1, "{ended:?}");
}

#[tokio::test]
async fn a_key_of_another_certificate_changes_nothing_and_tls_is_not_turned_off() {
    let folder = folder();
    let put = |name: &str, from: &str| {
        fs::copy(tls::file(from), folder.path().join(name)).unwrap();
    };
    put("chain.pem", "server");
    put("key.pem", "key");
    let files = "[server.tls]\ncertificate_file = \"chain.pem\"\nkey_file = \"key.pem\"\n";
    folder.configure(&format!("{SETTINGS}{files}"));
    let mut service = folder.serve();

    put("key.pem", "another-key");
    let unfit = service.reload();
    folder.configure(SETTINGS);
    let turned_off = service.reload();

    assert!(unfit.contains("key_file"), "{unfit}");
    assert!(
        turned_off.contains("[server.tls] cannot be turned on or off"),
        "{turned_off}"
    );
    let address = service.origin.replace("https://", "");
    let stream = TcpStream::connect(address).await.unwrap();
    assert!(tls::connect(stream, &[]).await.is_ok());
}
