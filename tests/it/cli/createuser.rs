use super::command::{Folder, Outcome};
use crate::database::key_type;

fn create(folder: &Folder, arguments: &[&str], password: &str) -> Outcome {
    let arguments = [&["createuser", "--password-stdin"], arguments].concat();
    folder.run_with_input(&arguments, password)
}

#[test]
fn a_user_is_created_with_all_that_was_said() {
    let folder = Folder::new();
    folder.run(&["migrate"]);

    let created = create(
        &folder,
        &["ａｌｉｃｅ", "--email", "a@example.org", "--staff"],
        "pw\n",
    );

    assert_eq!(
        (created.code, created.stderr.as_str()),
        (Some(0), "created user alice with id 1\n")
    );
    let row = "SELECT username, email, is_staff, is_superuser, is_active FROM auth_user";
    assert_eq!(folder.select(row), ["alice|a@example.org|1|0|1"]);
}

#[test]
fn an_e_mail_address_is_kept_as_django_keeps_it() {
    let folder = Folder::new();
    folder.run(&["migrate"]);

    let created = create(&folder, &["alice", "--email", "A.B@Example.ORG"], "pw");

    assert_eq!(created.code, Some(0), "{created:?}");
    assert_eq!(
        folder.select("SELECT email FROM auth_user"),
        ["A.B@example.org"]
    );
}

#[test]
fn what_is_no_e_mail_address_is_refused() {
    let folder = Folder::new();
    folder.run(&["migrate"]);

    let long = format!("{}@example.org", "x".repeat(250));
    for address in ["alice", "@", "a@", "@b", "a b@c", "a@b\nBcc: c@d", &long] {
        let refused = create(&folder, &["alice", "--email", address], "pw");

        assert_eq!(refused.code, Some(2), "{address:?}: {refused:?}");
        assert!(refused.stderr.contains("e-mail address"), "{refused:?}");
    }
}

#[test]
fn a_domain_in_capitals_is_no_second_user() {
    let folder = Folder::with_config(
        "[blacklist]\nenabled = false\n[users]\ntable = \"person\"\nusername_field = \"email\"\n\
         is_active_column = \"\"\nlast_login_column = \"\"",
    );
    folder.execute(&format!(
        "CREATE TABLE person (id {}, email varchar(254) NOT NULL UNIQUE, \
         password varchar(128) NOT NULL)",
        key_type()
    ));
    create(&folder, &["alice@example.org"], "pw");

    let refused = create(&folder, &["alice@EXAMPLE.org"], "pw");

    refused.assert_refused("there is a user alice@example.org already");
}

#[test]
fn a_name_that_is_taken_is_refused() {
    let folder = Folder::new();
    folder.run(&["migrate"]);
    create(&folder, &["alice"], "pw");

    let refused = create(&folder, &["alice"], "other");

    assert_eq!(refused.code, Some(1));
    assert_eq!(refused.stderr, "error: there is a user alice already\n");
}

#[test]
fn a_look_alike_of_a_name_neither_overwrites_nor_impersonates_its_user() {
    let folder = Folder::new();
    folder.run(&["migrate"]);
    create(&folder, &["alice"], "pw");
    let before = folder.select("SELECT * FROM auth_user");

    for look_alike in ["ａｌｉｃｅ", "ａlice", "\u{2170}"] {
        create(&folder, &[look_alike], "other");
    }

    let names = folder.select("SELECT username FROM auth_user ORDER BY id");
    assert_eq!(names, ["alice", "i"]);
    assert_eq!(folder.select("SELECT * FROM auth_user")[0], before[0]);
}

#[test]
fn what_cannot_be_a_user_is_refused() {
    let folder = Folder::new();
    folder.run(&["migrate"]);

    assert_eq!(create(&folder, &["a b"], "pw").code, Some(2));
    assert_eq!(
        create(&folder, &["alice"], "\n").stderr,
        "error: the password is empty\n"
    );
    for long in ["x".repeat(4097), "é".repeat(3000)] {
        let refused = create(&folder, &["alice"], &long);
        refused.assert_refused("the password is over 4096 bytes");
    }
}

#[test]
fn without_a_terminal_the_password_must_come_by_standard_input() {
    let folder = Folder::new();
    folder.run(&["migrate"]);

    let misused = folder.run(&["createuser", "alice"]);

    assert_eq!(misused.code, Some(2));
    assert!(
        misused.stderr.contains("use --password-stdin"),
        "{}",
        misused.stderr
    );
}

#[test]
fn without_a_database_the_way_to_one_is_told() {
    let refused = create(&Folder::new(), &["alice"], "pw");

    refused.assert_refused(": run `tegata migrate`");
}
