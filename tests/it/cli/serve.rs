mod issuers;
mod reload;
mod sqlite;

use std::fs;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::thread;
use std::time::Duration;

use super::command::{Folder, Outcome, start};
use super::token::issue::token;
use crate::app::client;

/// Refresh tokens are of use once, and one that comes again ends its family.
const ROTATES: &str = "[server]\nbind = \"127.0.0.1:0\"\n[users]\npbkdf2_iterations = 1\n[jwt]\n\
     ALGORITHM = \"ES256\"\nROTATE_REFRESH_TOKENS = true\nBLACKLIST_AFTER_ROTATION = true\n\
     REFRESH_REUSE_DETECTION = true\n";

/// The command between the quotes of the printed `curl` line: its URL and its body.
pub(crate) fn printed_request(stdout: &str) -> (String, String) {
    let (_, line) = stdout
        .split_once("  curl ")
        .expect("a curl line is printed");
    let (url, rest) = line.split_once(" -d '").unwrap();
    (url.to_owned(), rest.split('\'').next().unwrap().to_owned())
}

pub(crate) async fn post(url: &str, body: String) -> (u16, String) {
    let client = client();
    let answer = client.post(url).body(body).send().await.unwrap();
    (answer.status().as_u16(), answer.text().await.unwrap())
}

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o777
}

fn assert_nothing_is_made(folder: &Folder) {
    let files = fs::read_dir(folder.path()).unwrap().count();
    assert_eq!(files, 1, "config.toml alone");
    assert!(folder.database.is_untouched());
}

fn key_file(folder: &Folder) -> std::path::PathBuf {
    fs::read_dir(folder.path().join("keys"))
        .unwrap()
        .next()
        .unwrap()
        .unwrap()
        .path()
}

#[test]
fn a_table_of_users_of_a_projects_own_is_given_no_admin() {
    let folder = Folder::with_config(ROTATES);
    folder.run(&["migrate"]);
    folder.execute("ALTER TABLE auth_user RENAME TO person");
    let table = "table = \"person\"\npbkdf2_iterations";
    let config = ROTATES.replace("pbkdf2_iterations", table);
    fs::write(folder.path().join("config.toml"), config).unwrap();

    let served = folder.serve().stop();

    assert_eq!((served.code, served.stdout.as_str()), (Some(0), ""));
    assert!(folder.select("SELECT username FROM person").is_empty());
}

#[tokio::test]
async fn the_line_printed_at_the_first_start_obtains_a_pair() {
    let folder = Folder::new();
    let first = folder.serve().stop();
    let (url, body) = printed_request(&first.stdout);

    let second = folder.serve();
    let path = url.split_once("/api").unwrap().1;
    let (status, answer) = post(&format!("{}/api{path}", second.origin), body).await;

    assert_eq!(first.code, Some(0));
    assert_eq!(status, 200, "{answer}");
    assert!(
        answer.starts_with(r#"{"username": "admin", "refresh": "eyJ"#),
        "{answer}"
    );
    assert_eq!(second.stop().stdout, "", "the password is printed once");
}

#[tokio::test]
async fn a_token_outlives_a_restart() {
    let folder = Folder::new();
    folder.run(&["migrate"]);
    folder.run_with_input(&["createuser", "alice", "--password-stdin"], "alice-pw\n");
    let login = r#"{"username": "alice", "password": "alice-pw"}"#.to_owned();

    let first = folder.serve();
    let (_, pair) = post(&format!("{}/api/token/pair", first.origin), login).await;
    assert_eq!(first.stop().code, Some(0));
    let second = folder.serve();
    let (status, _) = post(&format!("{}/api/token/refresh", second.origin), pair).await;

    assert_eq!(status, 200);
}

#[tokio::test]
async fn what_was_acknowledged_outlives_a_kill() {
    let folder = Folder::with_config(ROTATES);
    let service = folder.serve();
    let url = format!("{}/api/token", service.origin);
    let [one, other] =
        [(), ()].map(|()| token(&folder.run(&["token", "issue", "admin"]), "refresh"));
    let refresh = |token: &str| format!(r#"{{"refresh": "{token}"}}"#);
    let (blacklisted, _) = post(&format!("{url}/blacklist"), refresh(&one)).await;
    let (rotated, successor) = post(&format!("{url}/refresh"), refresh(&other)).await;
    assert_eq!((blacklisted, rotated), (200, 200));

    // Kills it.
    drop(service);
    let again = folder.serve();
    let url = format!("{}/api/token/refresh", again.origin);

    assert_eq!(post(&url, successor).await.0, 200);
    for token in [one, other] {
        let (status, refused) = post(&url, refresh(&token)).await;
        assert!(
            refused.contains("Token is blacklisted"),
            "{status} {refused}"
        );
    }
}

#[test]
fn the_key_of_the_first_start_is_for_its_owner_alone() {
    let folder = Folder::new();
    let service = folder.serve();

    assert_eq!(mode(&folder.path().join("keys")), 0o700);
    assert_eq!(mode(&key_file(&folder)), 0o600);
    drop(service);
}

#[tokio::test]
async fn a_replayed_refresh_token_is_told_in_the_log_once_and_without_the_token() {
    let folder = Folder::with_config(ROTATES);
    let service = folder.serve();
    let issued = folder.run(&["token", "issue", "admin"]);
    let refresh = token(&issued, "refresh");

    let url = format!("{}/api/token/refresh", service.origin);
    let mut answers = Vec::new();
    for _ in 0..3 {
        let (status, _) = post(&url, format!(r#"{{"refresh": "{refresh}"}}"#)).await;
        answers.push(status);
    }

    assert_eq!(answers, [200, 401, 401]);
    let log = service.stop().stderr;
    let told = log.matches("came again after its rotation").count();
    assert_eq!(told, 1, "{log}");
    assert!(!log.contains("eyJ"), "{log}");
}

#[test]
fn a_password_that_could_not_be_shown_never_counts() {
    let folder = Folder::new();
    let full = fs::File::options().write(true).open("/dev/full").unwrap();

    let failed = folder.command(&["serve"]).stdout(full).output().unwrap();
    let again = folder.serve().stop();

    assert_eq!(failed.status.code(), Some(1));
    assert!(again.stdout.contains("  curl "), "{again:?}");
}

#[test]
fn a_request_under_way_is_answered_before_the_end() {
    let folder = Folder::new();
    let service = folder.serve();
    let address = service.origin.strip_prefix("http://").unwrap().to_owned();
    let mut connection = TcpStream::connect(&address).unwrap();
    let head = "POST /api/token/verify HTTP/1.1\r\nhost: x\r\ncontent-length: 2\r\n\
                expect: 100-continue\r\n\r\n";
    connection.write_all(head.as_bytes()).unwrap();
    let mut begun = [0; 25];
    connection.read_exact(&mut begun).unwrap();
    assert_eq!(&begun, b"HTTP/1.1 100 Continue\r\n\r\n");

    service.terminate();
    // The end has begun when nobody is let in any more.
    while TcpStream::connect(&address).is_ok() {}
    connection.write_all(b"{}").unwrap();
    let mut answer = String::new();
    connection.read_to_string(&mut answer).unwrap();

    assert!(answer.starts_with("HTTP/1.1 400 Bad Request"), "{answer}");
    assert!(
        answer.ends_with(r#""token": "token is required"}"#),
        "{answer}"
    );
    assert_eq!(service.wait().code, Some(0));
}

#[test]
fn an_emptied_database_beside_a_key_is_not_taken_for_a_first_start() {
    let folder = Folder::new();
    folder.serve().stop();
    folder.database.empty();

    let refused = folder.run(&["serve"]);
    let migrated = folder.run(&["migrate"]);

    let name = folder.database.name();
    refused.assert_refused(&format!(
        "keys holds a key, but the database {name} is empty"
    ));
    assert_eq!(migrated.code, Some(0));
    assert_eq!(folder.serve().stop().code, Some(0));
}

#[test]
fn without_the_blacklist_app_a_lost_key_is_noticed_by_the_users() {
    let folder = Folder::with_config(
        "[server]\nbind = \"127.0.0.1:0\"\n[jwt]\nALGORITHM = \"ES256\"\n\
         [users]\npbkdf2_iterations = 1\n[blacklist]\nenabled = false\n",
    );
    folder.serve().stop();
    fs::remove_file(key_file(&folder)).unwrap();

    let refused = folder.run(&["serve"]);

    refused.assert_refused("keys holds no key");
}

#[tokio::test]
async fn an_unmounted_key_folder_does_not_become_a_new_identity() {
    let folder = Folder::new();
    let first = folder.serve();
    let origin = first.origin.clone();
    let (url, body) = {
        let stopped = first.stop();
        printed_request(&stopped.stdout)
    };
    assert!(url.starts_with(&origin));
    let second = folder.serve();
    let pair = post(&format!("{}/api/token/pair", second.origin), body).await;
    assert_eq!(pair.0, 200);
    second.stop();

    fs::remove_file(key_file(&folder)).unwrap();
    let refused = folder.run(&["serve"]);

    refused.assert_refused("keys holds no key, but tokens may have been issued");
}

#[test]
fn a_key_file_others_can_read_is_refused() {
    let folder = Folder::new();
    folder.serve().stop();
    fs::set_permissions(key_file(&folder), fs::Permissions::from_mode(0o644)).unwrap();

    let refused = folder.run(&["serve"]);

    refused.assert_refused("can be read by others: run `chmod 600");
}

#[test]
fn a_damaged_key_file_is_refused_and_never_replaced() {
    let folder = Folder::new();
    folder.serve().stop();
    fs::write(key_file(&folder), "-----BEGIN PRIVATE KEY-----\nc2VjcmV0\n").unwrap();

    let refused = folder.run(&["serve"]);

    refused.assert_refused("not a key for ES256");
    assert!(!refused.stderr.contains("c2VjcmV0"), "{}", refused.stderr);
}

#[test]
fn hs256_without_a_secret_is_refused_and_leaves_nothing_behind() {
    let folder = Folder::with_config("[server]\nbind = \"127.0.0.1:0\"\n");

    let refused = folder.run(&["serve"]);

    refused.assert_refused("set [jwt] signing_key");
    assert_nothing_is_made(&folder);
}

#[test]
fn an_address_in_use_is_refused_before_anything_is_made() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap();
    let folder = Folder::with_config(&format!(
        "[server]\nbind = \"{address}\"\n[jwt]\nALGORITHM = \"ES256\"\n"
    ));

    let refused = folder.run(&["serve"]);

    refused.assert_refused(&format!("cannot listen on {address}"));
    assert_nothing_is_made(&folder);
}

#[test]
fn of_two_first_starts_at_once_one_makes_everything_and_both_serve() {
    for _ in 0..5 {
        let folder = Folder::new();
        let starts = [(), ()].map(|()| start(&mut folder.command(&["serve"])));

        let [one, other] = starts.map(|start| start.listening().stop());

        assert_eq!((one.code, other.code), (Some(0), Some(0)));
        let counting = |outcome: &Outcome| {
            outcome.stdout.contains("  curl ") && !outcome.stdout.contains("this password is void")
        };
        assert!(counting(&one) != counting(&other), "{one:?}\n{other:?}");
        let keys = fs::read_dir(folder.path().join("keys")).unwrap();
        assert_eq!(keys.count(), 1);
    }
}

#[tokio::test]
async fn a_replay_whose_sender_hangs_up_is_told_in_the_log_and_felt_at_once() {
    let seldom = "[blacklist]\npoll_interval = \"1h\"\nmax_staleness = \"2h\"\n";
    let folder = Folder::with_config(&(ROTATES.to_owned() + seldom));
    let service = folder.serve();
    let refresh = token(&folder.run(&["token", "issue", "admin"]), "refresh");
    let url = format!("{}/api/token", service.origin);
    let body = format!(r#"{{"refresh": "{refresh}"}}"#);
    let (_, rotated) = post(&format!("{url}/refresh"), body.clone()).await;

    let lock = folder.database.lock_out_writers();
    hang_up_after(&service.origin, &body);
    lock.release();
    // The next write comes after it.
    post(&format!("{url}/blacklist"), body).await;
    let rotated: serde_json::Value = serde_json::from_str(&rotated).unwrap();
    let successor = format!(r#"{{"token": {}}}"#, rotated["refresh"]);
    let verify = format!("{url}/verify");
    // At once is as soon as the task that nobody waits for has gone on.
    let mut verified = 200;
    for _ in 0..1000 {
        if verified == 200 {
            (verified, _) = post(&verify, successor.clone()).await;
        }
    }

    assert_eq!(verified, 400);
    let log = service.stop().stderr;
    assert!(log.contains("came again after its rotation"), "{log}");
}

/// Sends a refresh and closes the connection when the service is about to write.
fn hang_up_after(origin: &str, body: &str) {
    let mut connection = TcpStream::connect(origin.strip_prefix("http://").unwrap()).unwrap();
    let length = body.len();
    let head =
        format!("POST /api/token/refresh HTTP/1.1\r\nhost: x\r\ncontent-length: {length}\r\n\r\n");
    connection
        .write_all((head + body).as_bytes())
        .and_then(|()| connection.set_read_timeout(Some(Duration::from_secs(1))))
        .unwrap();
    let waited = connection.read(&mut [0]);
    assert!(waited.is_err(), "it waits for the lock");
    drop(connection);
    thread::sleep(Duration::from_millis(100));
}

#[test]
fn clients_that_come_all_at_once_are_let_in_without_a_wait() {
    let service = Folder::new().serve();
    let address = service.origin.trim_start_matches("http://");
    let address = address.parse().unwrap();

    service.signal("STOP");
    let patience = Duration::from_secs(10);
    let clients: Vec<_> = (0..300)
        .map(|_| TcpStream::connect_timeout(&address, patience))
        .take_while(Result::is_ok)
        .collect();
    service.signal("CONT");

    assert_eq!(clients.len(), 300);
    drop(clients);
    assert_eq!(service.stop().code, Some(0));
}
