use serde_json::Value;

use crate::cli::command::{Folder, Outcome};

/// A folder with a database, a key, and the user `alice`.
pub(in crate::cli) fn with_alice() -> Folder {
    let folder = Folder::new();
    assert_eq!(folder.run(&["migrate"]).code, Some(0));
    assert_eq!(folder.run(&["keys", "generate"]).code, Some(0));
    let create = ["createuser", "alice", "--password-stdin"];
    assert_eq!(folder.run_with_input(&create, "alice-pw\n").code, Some(0));
    folder
}

pub(crate) fn token(issued: &Outcome, name: &str) -> String {
    let json: Value = serde_json::from_str(&issued.stdout).unwrap();
    json[name].as_str().unwrap().to_owned()
}

#[test]
fn a_pair_is_issued_as_a_login_would_and_the_refresh_token_is_outstanding() {
    let folder = with_alice();

    let issued = folder.run(&["token", "issue", "alice"]);

    let verify = |class: &str, token: &str| {
        let command = ["token", "verify", "--class", class, token];
        folder.run(&command).code
    };
    assert_eq!(verify("access", &token(&issued, "access")), Some(0));
    assert_eq!(verify("refresh", &token(&issued, "refresh")), Some(0));
    let stored =
        folder.select("SELECT token FROM token_blacklist_outstandingtoken WHERE user_id = 1");
    assert_eq!(stored, [token(&issued, "refresh")]);
}

#[test]
fn a_sliding_token_is_issued_on_request() {
    let folder = with_alice();

    let issued = folder.run(&["token", "issue", "alice", "--sliding"]);

    let sliding = token(&issued, "token");
    let verified = folder.run(&["token", "verify", "--class", "sliding", &sliding]);
    assert_eq!(verified.code, Some(0));
    assert!(verified.stdout.contains("\"refresh_exp\":"), "{verified:?}");
}

#[test]
fn nobody_and_the_disabled_get_no_token() {
    let folder = with_alice();
    folder.execute("UPDATE auth_user SET is_active = FALSE");

    let disabled = folder.run(&["token", "issue", "alice"]);
    let nobody = folder.run(&["token", "issue", "nobody"]);

    disabled.assert_refused("there is no active user alice");
    nobody.assert_refused("there is no active user nobody");
}

#[test]
fn without_a_key_nothing_is_issued_and_none_is_made() {
    let folder = Folder::new();

    let refused = folder.run(&["token", "issue", "alice"]);

    refused.assert_refused("keys holds no key: `tegata keys generate` makes one");
    assert!(!folder.path().join("keys").exists());
}
