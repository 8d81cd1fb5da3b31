use super::command::Folder;
use super::serve::post;

/// A folder with this in its table of users, and Alice with this hash.
fn with_hash(users: &str, hash: &str) -> Folder {
    let folder = with_users(users);
    let created = folder.run_with_input(&["createuser", "--password-stdin", "alice"], "alice-pw");
    assert_eq!(created.code, Some(0), "{created:?}");
    folder.execute(&format!("UPDATE auth_user SET password = '{hash}'"));
    folder
}

fn with_users(users: &str) -> Folder {
    let head = "[server]\nbind = \"127.0.0.1:0\"\n[jwt]\nALGORITHM = \"ES256\"\n[users]\n";
    let folder = Folder::with_config(&format!("{head}{users}"));
    folder.run(&["migrate"]);
    folder
}

#[tokio::test]
async fn a_damaged_hash_is_told_in_the_log_without_the_hash() {
    let folder = with_hash("pbkdf2_iterations = 1", "scrypt$0$pepper$8$1$AAAA");
    let service = folder.serve();
    let url = format!("{}/api/token/pair", service.origin);
    let login = r#"{"username": "alice", "password": "alice-pw"}"#.to_owned();

    let (status, _) = post(&url, login).await;

    assert_eq!(status, 401);
    let log = service.stop().stderr;
    let told = log.matches("a stored password hash is damaged").count();
    assert_eq!(told, 1, "{log}");
    assert!(log.contains("scrypt") && !log.contains("pepper"), "{log}");
}

#[test]
fn a_password_that_bcrypt_would_cut_is_refused_with_the_way_out() {
    let folder = with_users("password_hashers = \"bcrypt\"\nbcrypt_rounds = 4");
    let create = ["createuser", "--password-stdin", "alice"];

    let refused = folder.run_with_input(&create, &"x".repeat(73));

    refused.assert_refused("more than 72 bytes");
    refused.assert_refused("bcrypt_sha256");
    assert_eq!(
        folder.run_with_input(&create, &"x".repeat(72)).code,
        Some(0)
    );
}

#[test]
fn hashers_may_be_listed_in_the_environment() {
    let folder = with_users("argon2_memory_cost = 64\nargon2_time_cost = 1");
    let mut command = folder.command(&["config", "show"]);
    command.env(
        "TEGATA_USERS__PASSWORD_HASHERS",
        "[Argon2PasswordHasher, md5]",
    );

    let shown = String::from_utf8(command.output().unwrap().stdout).unwrap();

    assert!(
        shown.contains(r#"password_hashers = ["argon2", "md5"]"#),
        "{shown}"
    );
}
