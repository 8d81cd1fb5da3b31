//! Passwords as they are kept: what a login makes of an old hash, and what a bad one costs.

mod upgrade;

use std::thread::available_parallelism;
use std::time::{Duration, Instant};

use tegata::settings::{PasswordHasher, Settings};

use crate::app::TestApp;

/// Made by Django 5.2 of `alice-pw`.
const ALICE_MD5: &str = "md5$saltsaltsaltsaltsaltsa$bde0cb192358d6b176d66d6c9cc6edcc";
/// Made by Django 5.2 of `new-pw`.
const NEW_MD5: &str = "md5$saltsaltsaltsaltsaltsa$7a00e422a8d538b861195b92227a676a";
const REFUSED: &str = r#"401 {"detail": "No active account found with the given credentials", "code": "authentication_failed"}"#;

/// Every hasher, PBKDF2 first, which is cheap here.
fn every_hasher(settings: &mut Settings) {
    let all = PasswordHasher::ALL.to_vec();
    settings.users.password_hashers = all.try_into().unwrap();
}

impl TestApp {
    /// Puts a hash in the place of each user's.
    fn set_hash(&self, hash: &str) {
        self.execute(&format!("UPDATE auth_user SET password = '{hash}'"));
    }

    /// Alice's hash.
    fn hash(&self) -> String {
        self.select("SELECT password FROM auth_user WHERE username = 'alice'")
            .remove(0)
    }
}

#[tokio::test]
async fn a_hash_whose_algorithm_is_not_listed_fits_no_password() {
    let app = TestApp::spawn_with_alice().await;
    app.set_hash(ALICE_MD5);

    assert_eq!(app.login("alice", "alice-pw").await.line(), REFUSED);
    assert_eq!(app.login("alice", ALICE_MD5).await.line(), REFUSED);
    assert_eq!(app.hash(), ALICE_MD5);
}

#[tokio::test]
async fn a_damaged_or_unusable_hash_answers_as_a_wrong_password_does() {
    let app = TestApp::with_alice(every_hasher).await;

    for hash in [
        "",
        "!",
        "!4kA7mXo2",
        "pbkdf2_sha256$many$salt$AAAA",
        "argon2$argon2id$v=19$m=64,t=1$c2FsdA$AAAA",
        "bcrypt$$2b$99$saltsaltsaltsaltsaltsesRkVQDGJBsvxCx.QCW.QNwtKZc4SCFK",
        "scrypt$15$salt$8$1$AAAA",
        "md5$",
    ] {
        app.set_hash(hash);

        assert_eq!(app.login("alice", "alice-pw").await.line(), REFUSED);
        assert_eq!(app.hash(), hash);
    }
}

#[tokio::test]
async fn a_password_of_five_kilobytes_is_refused_unhashed() {
    let app = TestApp::spawn_with_alice().await;
    let dear = app
        .neighbour(|s| s.users.pbkdf2_iterations = 100_000_000)
        .await;
    let begin = Instant::now();

    let known = dear.login("alice", &"x".repeat(5 * 1024)).await;
    let unknown = dear.login("nobody", &"x".repeat(5 * 1024)).await;

    assert_eq!(
        (known.line(), unknown.line()),
        (REFUSED.into(), REFUSED.into())
    );
    assert!(begin.elapsed() < Duration::from_secs(10));
}

#[tokio::test]
async fn a_flood_of_logins_is_told_to_come_back_and_leaves_everything_else_alone() {
    let app = TestApp::with_alice(|s| s.users.pbkdf2_iterations = 50_000).await;
    let pair = app.obtain_pair().await;
    let flood = 40 * available_parallelism().unwrap().get();
    let body = r#"{"username": "alice", "password": "nope"}"#;

    let (answers, verified) = tokio::join!(
        app.post_at_once("/api/token/pair", body, flood),
        app.verify(&pair.access)
    );

    let (busy, checked): (Vec<_>, Vec<_>) = answers.iter().partition(|a| a.status == 503);
    assert!(!busy.is_empty() && !checked.is_empty());
    assert!(
        busy.iter()
            .all(|answer| answer.header("retry-after") == Some("1"))
    );
    assert!(checked.iter().all(|answer| answer.line() == REFUSED));
    assert_eq!(verified.status, 200);
    assert_eq!(app.login("alice", "alice-pw").await.status, 200);
}
