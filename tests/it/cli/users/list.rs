use serde_json::Value;

use super::user;
use crate::cli::command::Folder;
use crate::cli::token::issue::with_alice;

fn listed(folder: &Folder) -> Vec<Value> {
    let listed = folder.run(&["users", "list", "--json"]);
    serde_json::from_str(&listed.stdout).unwrap_or_else(|_| panic!("{listed:?}"))
}

#[test]
fn users_are_listed_with_what_they_may() {
    let folder = with_alice();
    let bob = ["createuser", "bob", "--email", "b@example.org", "--staff"];
    folder.run_with_input(&[&bob[..], &["--password-stdin"]].concat(), "bob-pw");
    folder.run(&["users", "disable", "bob"]);

    let listed = folder.run(&["users", "list"]);

    assert_eq!(
        listed.stdout,
        "1  alice\n2  bob  b@example.org  disabled,staff\n"
    );
}

#[test]
fn a_list_of_thousands_is_one_json_array() {
    let folder = with_alice();
    folder.execute(
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 2500) \
         INSERT INTO auth_user (username, password, email, is_staff, is_superuser, is_active, \
         date_joined, first_name, last_name) \
         SELECT 'user' || i, '!', '', FALSE, FALSE, TRUE, '2026-11-21 00:00:00', '', '' FROM n",
    );

    let users = listed(&folder);

    assert_eq!(users.len(), 2501);
    assert_eq!(users[2500]["username"], "user2500");
}

#[test]
fn whoever_reads_the_beginning_of_a_list_only_is_told_of_no_error() {
    let folder = with_alice();
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);

    let listed = folder
        .command(&["users", "list"])
        .stdout(writer)
        .output()
        .unwrap();

    assert_eq!((listed.status.code(), listed.stderr), (Some(0), Vec::new()));
}

#[test]
fn a_list_of_nobody_is_an_empty_array() {
    let folder = Folder::new();
    folder.run(&["migrate"]);

    assert!(listed(&folder).is_empty());
    assert_eq!(folder.run(&["users", "list"]).stdout, "");
}

#[test]
fn a_user_is_shown_with_times_and_without_the_password() {
    let folder = with_alice();
    folder.execute(
        "UPDATE auth_user SET last_login = '2026-11-21 00:01:33.5', \
         date_joined = '2026-11-20 00:00:00'",
    );

    let alice = user(&folder, "alice");

    assert_eq!(alice["last_login"], "2026-11-21T00:01:33.500Z");
    assert_eq!(alice["date_joined"], "2026-11-20T00:00:00Z");
    assert!(!alice.to_string().contains("pbkdf2"));
    let nobody = folder.run(&["users", "show", "nobody"]);
    nobody.assert_refused("there is no user nobody");
}

#[test]
fn a_name_that_commands_a_terminal_is_shown_harmless() {
    let folder = with_alice();
    folder.execute("UPDATE auth_user SET username = 'a\u{1b}[31m\nb'");

    let listed = folder.run(&["users", "list"]);

    assert_eq!(listed.stdout, "1  a\u{fffd}[31m\u{fffd}b\n");
}
