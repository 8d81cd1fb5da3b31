use super::command::{Folder, Outcome};
use super::users::user;

fn create(arguments: &[&str], input: &str) -> (Folder, Outcome) {
    let folder = Folder::new();
    folder.run(&["migrate"]);
    let arguments = [&["createsuperuser"], arguments].concat();
    let outcome = folder.run_with_input(&arguments, input);
    (folder, outcome)
}

#[test]
fn a_superuser_is_staff_too_and_logs_in() {
    let named = ["--username", "root", "--email", "root@example.org"];

    let (folder, created) = create(&[&named[..], &["--password-stdin"]].concat(), "root-pw\n");

    assert_eq!(created.stderr, "created user root with id 1\n");
    let root = user(&folder, "root");
    assert_eq!(root["email"], "root@example.org");
    assert!(root["is_staff"] == true && root["is_superuser"] == true && root["is_active"] == true);
}

#[test]
fn without_input_the_user_has_no_password() {
    let (folder, created) = create(&["--username", "root", "--noinput"], "");

    assert_eq!(created.code, Some(0), "{created:?}");
    let stored = folder.select("SELECT password FROM auth_user");
    assert!(
        stored[0].starts_with('!') && stored[0].len() > 40,
        "{stored:?}"
    );
}

#[test]
fn without_a_terminal_the_name_must_be_given() {
    let (_folder, misused) = create(&["--password-stdin"], "root-pw\n");

    assert_eq!(misused.code, Some(2));
    assert_eq!(misused.stderr, "error: no username given: use --username\n");
}
