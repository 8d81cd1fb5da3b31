use super::refresh;
use crate::cli::token::issue::{token, with_alice};

#[test]
fn all_tokens_of_the_user_are_blacklisted_and_nobody_elses() {
    let folder = with_alice();
    let create = ["createuser", "bob", "--password-stdin"];
    folder.run_with_input(&create, "bob-pw\n");
    folder.run(&["token", "issue", "alice"]);
    folder.run(&["token", "issue", "alice", "--sliding"]);
    folder.run(&["token", "issue", "bob"]);

    let revoked = folder.run(&["users", "revoke", "alice"]);

    assert_eq!(revoked.code, Some(0), "{revoked:?}");
    assert!(
        revoked.stderr.ends_with("alice: 2 tokens blacklisted\n"),
        "{revoked:?}"
    );
    let blacklisted = folder.select("SELECT id FROM token_blacklist_blacklistedtoken");
    assert_eq!(blacklisted.len(), 2);
}

#[test]
fn once_more_there_is_nothing_left_to_revoke() {
    let folder = with_alice();
    folder.run(&["token", "issue", "alice"]);
    folder.run(&["users", "revoke", "alice"]);

    let again = folder.run(&["users", "revoke", "alice"]);

    assert_eq!(again.code, Some(0));
    assert!(
        again.stderr.ends_with("alice: 0 tokens blacklisted\n"),
        "{again:?}"
    );
}

#[tokio::test]
async fn a_service_that_runs_refuses_them_at_once() {
    let folder = with_alice();
    let issued = folder.run(&["token", "issue", "alice"]);
    let service = folder.serve();

    folder.run(&["users", "revoke", "alice"]);

    let (status, refused) = refresh(&service, &token(&issued, "refresh")).await;
    assert!(
        refused.contains("Token is blacklisted"),
        "{status} {refused}"
    );
}

#[test]
fn nobody_of_that_name_is_told() {
    let refused = with_alice().run(&["users", "revoke", "nobody"]);

    refused.assert_refused("there is no user nobody");
}

#[test]
fn without_the_blacklist_app_there_is_nothing_to_blacklist() {
    let folder = with_alice();
    let mut command = folder.command(&["users", "revoke", "alice"]);
    command.env("TEGATA_BLACKLIST__ENABLED", "no");

    let refused = command.output().unwrap();

    assert_eq!(refused.status.code(), Some(1));
}
