//! The log of a whole run at `trace`, in both formats: what is in it, and what never is.

use std::fs::File;
use std::io::{BufRead, BufReader};
use std::process::Stdio;
use std::time::Duration;

use chrono::DateTime;
use reqwest::Method;
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio::time::timeout;

use super::command::{Folder, Service, start};
use super::serve::printed_request;
use crate::app::client;

/// A name that would forge a line, colour a terminal, and turn the rest of the line around.
const HOSTILE: &str =
    "mallory\r\n2026-11-21T00:00:00Z  INFO forged \u{1b}[31m\u{9b}2J\u{2028}\u{202e}";
const SIGNING_KEY: &str = "a-signing-key-nobody-may-ever-see-in-any-log";

/// What a service and some commands logged, and what must not be in it.
struct Run {
    log: String,
    told: String,
    secrets: Vec<String>,
}

/// The service, asked rightly and wrongly.
struct Caller<'a> {
    service: &'a Service,
    answers: String,
}

impl Caller<'_> {
    async fn send(&mut self, method: Method, path: &str, bearer: &str, body: String) -> Value {
        let url = format!("{}{path}", self.service.origin);
        let request = client().request(method, url).body(body);
        let request = request.header("authorization", format!("Bearer {bearer}"));
        let answer = request.send().await.unwrap().text().await.unwrap();
        self.answers += &answer;
        serde_json::from_str(&answer).unwrap_or_default()
    }

    async fn post(&mut self, path: &str, body: Value) -> Value {
        let path = format!("/api/token{path}");
        self.send(Method::POST, &path, "", body.to_string()).await
    }

    /// Logins, refreshes, a replay, a logout, bearers.
    async fn ask_rightly(&mut self) {
        let login = json!({ "username": "alice", "password": "alice-secret" });
        let pair = self.post("/pair", login.clone()).await;
        let sliding = self.post("/sliding", login.clone()).await;
        self.post("/sliding/refresh", sliding.clone()).await;
        let refresh = json!({ "refresh": pair["refresh"] });
        self.post("/refresh", refresh.clone()).await;
        self.post("/refresh", refresh).await;
        let other = self.post("/pair", login).await;
        self.post("/blacklist", other).await;
        self.post("/verify", json!({ "token": pair["access"] }))
            .await;
        let access = pair["access"].as_str().unwrap();
        for path in ["/api/token/user", "/api/token/auth"] {
            self.send(Method::GET, path, access, String::new()).await;
        }
    }

    async fn ask_wrongly(&mut self) {
        for username in ["alice", "nobody", HOSTILE] {
            let login = json!({ "username": username, "password": "hunter2-wrong" });
            self.post("/pair", login.clone()).await;
            self.post("/sliding", login).await;
        }
        for _ in 0..2 {
            let login = json!({ "username": "alice", "password": "hunter2-limited" });
            self.post("/pair", login).await;
        }
        let none = "eyJhbGciOiJub25lIn0.eyJodW50ZXIyIjoxfQ.";
        for path in ["/verify", "/refresh", "/blacklist", "/sliding/refresh"] {
            let body = json!({ "token": "hunter2.x.y", "refresh": none });
            self.post(path, body).await;
        }
        let broken = "{\"username\": \"alice\", \"password\": \"hunter2-broken\"".to_owned();
        self.send(Method::POST, "/api/token/pair", none, broken)
            .await;
        self.send(Method::GET, "/api/token/user", none, String::new())
            .await;
        let long = format!("/{}/%0a%1b[31m", "long".repeat(5000));
        self.send(Method::GET, &long, "hunter2", String::new())
            .await;
    }
}

async fn whole_run(format: &str) -> Run {
    let folder = Folder::with_config(&format!(
        "[server]\nbind = \"127.0.0.1:0\"\n[users]\npbkdf2_iterations = 1\n\
         [log]\nlevel = \"trace\"\nformat = \"{format}\"\n[jwt]\nsigning_key = \"{SIGNING_KEY}\"\n\
         ROTATE_REFRESH_TOKENS = true\nBLACKLIST_AFTER_ROTATION = true\n\
         REFRESH_REUSE_DETECTION = true\nCHECK_REVOKE_TOKEN = true\n\
         [limits]\nlogin_per_account_and_address = \"2/d\"\n"
    ));
    let service = folder.serve();
    let create = ["createuser", "alice", "--password-stdin"];
    let mut commands = vec![folder.run_with_input(&create, "alice-secret\n")];
    let mut caller = Caller {
        service: &service,
        answers: String::new(),
    };
    caller.ask_rightly().await;
    caller.ask_wrongly().await;
    let mut answers = caller.answers;
    for arguments in [
        &["token", "issue", "alice"][..],
        &["token", "verify", "eyJhbGciOiJub25lIn0.eyJodW50ZXIyIjoxfQ."],
        &["users", "revoke", "alice"],
        &["users", "revoke", HOSTILE],
        &["users", "disable", "alice"],
        &["users", "enable", "alice"],
        &["users", "list"],
        &["flushexpiredtokens"],
        &["migrate"],
        &["keys", "list"],
        &["config", "check"],
    ] {
        commands.push(folder.run(arguments));
    }
    answers += &commands[1].stdout;
    let stopped = service.stop();
    let (_, admin) = printed_request(&stopped.stdout);
    let admin: Value = serde_json::from_str(&admin).unwrap();

    let mut secrets = hashes(&folder);
    secrets.extend(
        answers
            .split('"')
            .filter(|text| is_token(text))
            .flat_map(parts),
    );
    secrets.extend(["hunter2", "alice-secret", SIGNING_KEY, "eyJ", "Bearer"].map(str::to_owned));
    secrets.push(admin["password"].as_str().unwrap().to_owned());
    Run {
        log: stopped.stderr,
        told: commands.into_iter().map(|ended| ended.stderr).collect(),
        secrets,
    }
}

fn hashes(folder: &Folder) -> Vec<String> {
    let passwords = folder.select("SELECT password FROM auth_user");
    let hash = |password: &String| password.rsplit_once('$').unwrap().1.to_owned();
    passwords.iter().map(hash).collect()
}

fn is_token(text: &str) -> bool {
    text.starts_with("eyJ") && text.split('.').count() == 3
}

/// The claims and the signature of a token.
fn parts(token: &str) -> impl Iterator<Item = String> {
    token.split('.').skip(1).map(str::to_owned)
}

#[tokio::test]
async fn no_password_token_key_or_hash_reaches_the_log_or_what_commands_tell() {
    for format in ["text", "json"] {
        let Run { log, told, secrets } = whole_run(format).await;

        assert!(secrets.len() > 20, "all that was issued: {secrets:?}");
        for secret in secrets {
            assert!(!log.contains(&secret), "{format}, {secret}: {log}");
            assert!(!told.contains(&secret), "{format}, {secret}: {told}");
        }
    }
}

#[tokio::test]
async fn a_name_that_would_forge_a_line_or_command_the_terminal_does_neither() {
    let text = whole_run("text").await;
    let json = whole_run("json").await;

    for line in text.log.lines() {
        let time = line.split(' ').next().unwrap();
        assert!(time.ends_with('Z'), "{line}");
        assert!(DateTime::parse_from_rfc3339(time).is_ok(), "{line}");
        assert!(line.len() < 600, "{line}");
    }
    for line in json.log.lines() {
        let event: Value = serde_json::from_str(line).unwrap();
        assert!(event["timestamp"].is_string(), "{line}");
        assert!(event["level"].is_string(), "{line}");
        assert!(line.len() < 600, "{line}");
    }
    for Run { log, told, .. } in [text, json] {
        assert_eq!(log.matches("forged").count(), 2, "{log}");
        let mut hostile = log.chars().chain(told.chars()).filter(|c| *c != '\n');
        assert!(!hostile.any(|c| c.is_control() || "\u{2028}\u{202e}".contains(c)));
    }
}

#[tokio::test]
async fn each_audit_event_has_its_name_and_its_fields() {
    let run = whole_run("json").await;
    let told = run.told.lines().filter(|line| line.starts_with('{'));

    let audited = run.log.lines().chain(told).filter_map(|line| {
        let event: Value = serde_json::from_str(line).unwrap();
        let everywhere = ["timestamp", "target", "message", "event", "level", "span"];
        let members = event.as_object().unwrap().keys().map(String::as_str);
        let own: Vec<_> = members.filter(|name| !everywhere.contains(name)).collect();
        let [level, name] = ["level", "event"].map(|name| event[name].as_str());
        let is_audit = event["target"] == "tegata::audit";
        is_audit.then(|| format!("{} {}: {}", level.unwrap(), name.unwrap(), own.join(", ")))
    });

    let audited: Vec<_> = audited.collect();
    insta::assert_snapshot!(audited.join("\n"), @"
    INFO login: jti, kind, user_id, username
    INFO login: jti, kind, user_id, username
    WARN reuse_detected: ended, jti, user_id
    INFO login: jti, kind, user_id, username
    INFO token_blacklisted: jti, user_id
    WARN login_refused: username
    WARN login_refused: username
    WARN login_refused: username
    WARN login_refused: username
    WARN login_refused: username
    WARN login_refused: username
    WARN login_limited: username
    INFO user_revoked: tokens, user_id, username
    ");
}

#[tokio::test]
async fn every_event_of_a_request_tells_which_and_its_end_how_it_went() {
    let run = whole_run("json").await;

    let events = run
        .log
        .lines()
        .map(|line| serde_json::from_str(line).unwrap());
    let ends: Vec<Value> = events
        .filter(|event: &Value| event["message"] == "answered")
        .collect();

    assert_eq!(ends[0]["span"]["method"], "POST");
    assert_eq!(ends[0]["span"]["path"], "/api/token/pair");
    assert_eq!(ends[0]["span"]["id"].as_str().unwrap().len(), 36);
    assert_eq!(ends[0]["status"], 200);
    assert!(ends[0]["microseconds"].is_u64(), "{}", ends[0]);
    let last = ends.last().unwrap();
    assert_eq!(last["span"]["path"].as_str().unwrap().len(), 100, "{last}");
}

#[test]
fn a_standard_error_that_is_full_or_closed_ends_no_command() {
    let folder = Folder::new();
    let full = || File::options().write(true).open("/dev/full").unwrap();
    let code = |arguments: &[&str]| {
        let status = folder.command(arguments).stderr(full()).status();
        status.unwrap().code()
    };

    assert_eq!(code(&["migrate"]), Some(0));
    assert_eq!(code(&["config", "check"]), Some(0));
    assert_eq!(code(&["users", "revoke", "nobody"]), Some(1));
    assert_eq!(code(&["createuser", "a b", "--password-stdin"]), Some(2));
}

#[tokio::test]
async fn a_standard_error_that_is_full_ends_no_service() {
    let folder = Folder::new();
    let full = File::options().write(true).open("/dev/full").unwrap();
    let mut command = folder.command(&["serve"]);
    let mut child = command.stdout(Stdio::piped()).stderr(full).spawn().unwrap();
    let lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let line = lines
        .map(Result::unwrap)
        .find(|line| line.contains("  curl "));

    let (url, body) = printed_request(&line.unwrap());
    let answer = client().post(url).body(body).send().await;
    child.kill().unwrap();
    child.wait().unwrap();

    assert_eq!(answer.unwrap().status(), 200);
}

#[tokio::test]
async fn a_standard_error_that_nobody_reads_holds_up_neither_requests_nor_the_end() {
    let folder = Folder::new();
    let mut command = folder.command(&["serve"]);
    let service = start(command.env("TEGATA_LOG__LEVEL", "debug")).listening();
    let url = format!("{}/livez", service.origin);

    // Each is a line of more than a hundred bytes, and a pipe takes 64 KiB.
    let asked = async {
        for _ in 0..1_000 {
            let answer = client().get(&url).send().await.unwrap();
            assert_eq!(answer.status(), 200);
        }
    };
    let answered = timeout(Duration::from_mins(1), asked).await;
    service.terminate();
    let address = service.origin.trim_start_matches("http://");
    let ended = async { while TcpStream::connect(address).await.is_ok() {} };
    let ended = timeout(Duration::from_mins(1), ended).await;

    assert!(answered.is_ok() && ended.is_ok());
    assert_eq!(service.wait().code, Some(0));
}
