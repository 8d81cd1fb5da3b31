use std::fs::{self, File};
use std::process::Command;

use reqwest::StatusCode;
use serde_json::json;
use uuid::Uuid;

use crate::app::client;
use crate::cli::command::{Folder, start};

/// A role of nobody's that is gone with the test.
struct Role<'a> {
    folder: &'a Folder,
    name: String,
}

impl<'a> Role<'a> {
    fn create(folder: &'a Folder) -> Self {
        let name = format!("tegata-{}", Uuid::new_v4().simple());
        folder.execute(&format!("CREATE ROLE \"{name}\" LOGIN"));
        Self { folder, name }
    }

    /// A command that comes as this role.
    fn command(&self, arguments: &[&str]) -> Command {
        let url = self.folder.database.url();
        let url = url.replace("//tegata@", &format!("//{}@", self.name));
        let mut command = self.folder.command(arguments);
        command.env("TEGATA_DATABASE__URL", url);
        command
    }
}

impl Drop for Role<'_> {
    fn drop(&mut self) {
        let name = &self.name;
        let sql = format!("DROP OWNED BY \"{name}\"; DROP ROLE \"{name}\"");
        self.folder.execute(&sql);
    }
}

#[tokio::test]
#[ignore = "needs PostgreSQL"]
async fn a_role_with_the_least_privileges_serves() {
    let folder = Folder::with_config(
        "[server]\nbind = \"127.0.0.1:0\"\n\
         [jwt]\nALGORITHM = \"ES256\"\nROTATE_REFRESH_TOKENS = true\n\
         BLACKLIST_AFTER_ROTATION = true\nUPDATE_LAST_LOGIN = true\n\
         [users]\npbkdf2_iterations = 1\n",
    );
    folder.run(&["migrate"]);
    folder.run_with_input(&["createuser", "alice", "--password-stdin"], "alice-pw-1");
    let role = Role::create(&folder);
    let grants = folder.run(&["migrate", "--print-grants", &role.name]);
    let serve = grants
        .stdout
        .split("-- For `tegata createuser`")
        .next()
        .unwrap();

    folder.execute(serve);
    let service = start(&mut role.command(&["serve"])).listening();
    let post = async |path: &str, body: serde_json::Value| {
        let url = format!("{}/api/token/{path}", service.origin);
        let answer = client()
            .post(url)
            .body(body.to_string())
            .send()
            .await
            .unwrap();
        (answer.status(), answer.text().await.unwrap())
    };

    let alice = json!({ "username": "alice", "password": "alice-pw-1" });
    let (status, pair) = post("pair", alice).await;
    assert_eq!(status, StatusCode::OK, "{pair}");
    let pair: serde_json::Value = serde_json::from_str(&pair).unwrap();
    let (status, next) = post("refresh", json!({ "refresh": pair["refresh"] })).await;
    assert_eq!(status, StatusCode::OK, "{next}");
    let next: serde_json::Value = serde_json::from_str(&next).unwrap();
    let (status, ended) = post("blacklist", json!({ "refresh": next["refresh"] })).await;
    assert_eq!(status, StatusCode::OK, "{ended}");
    let flushed = role.command(&["flushexpiredtokens"]).status().unwrap();
    assert!(flushed.success());
    let log = service.stop();
    assert!(!log.stderr.contains("ERROR"), "{}", log.stderr);
}

#[test]
#[ignore = "needs PostgreSQL"]
fn a_role_with_the_privileges_for_users_creates_and_deletes_them() {
    let folder = Folder::new();
    folder.run(&["migrate"]);
    let role = Role::create(&folder);
    let grants = folder.run(&["migrate", "--print-grants", &role.name]);

    folder.execute(&grants.stdout);

    let password = folder.path().join("password");
    fs::write(&password, "alice-pw-1").unwrap();
    for arguments in [
        "createuser alice --password-stdin",
        "users disable alice",
        "users revoke alice",
        "users delete alice --yes",
    ] {
        let arguments: Vec<_> = arguments.split(' ').collect();
        let mut command = role.command(&arguments);
        command.stdin(File::open(&password).unwrap());
        let done = command.output().unwrap();
        assert!(done.status.success(), "{arguments:?} {done:?}");
    }
}

#[test]
#[ignore = "needs PostgreSQL"]
fn a_database_of_nothing_but_an_extension_is_empty() {
    let folder = Folder::new();
    folder.execute("CREATE EXTENSION pg_stat_statements");

    let migrated = folder.run(&["migrate"]);

    assert!(
        migrated.stderr.ends_with("tables created\n"),
        "{migrated:?}"
    );
}
