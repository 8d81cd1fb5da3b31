use std::hint::spin_loop;
use std::sync::Arc;

use super::{ALICE_MD5, NEW_MD5, REFUSED, every_hasher};
use crate::app::TestApp;
use crate::token::verbs::PASSWORD_CHANGED;

async fn with_an_old_hash() -> TestApp {
    let app = TestApp::with_alice(every_hasher).await;
    app.set_hash(ALICE_MD5);
    app
}

#[tokio::test]
async fn a_login_replaces_an_old_hash_and_the_next_one_leaves_it() {
    let app = with_an_old_hash().await;

    assert_eq!(app.login("alice", "alice-pw").await.status, 200);
    let upgraded = app.hash();
    assert_eq!(app.login("alice", "alice-pw").await.status, 200);

    assert!(upgraded.starts_with("pbkdf2_sha256$1$"), "{upgraded}");
    assert_eq!(app.hash(), upgraded);
}

#[tokio::test]
async fn a_sliding_login_replaces_an_old_hash_likewise() {
    let app = with_an_old_hash().await;

    assert_eq!(app.login_sliding("alice", "alice-pw").await.status, 200);

    assert!(app.hash().starts_with("pbkdf2_sha256$1$"));
}

#[tokio::test]
async fn a_refused_login_replaces_nothing() {
    let app = with_an_old_hash().await;

    assert_eq!(app.login("alice", "nope").await.line(), REFUSED);
    app.disable_users();
    assert_eq!(app.login("alice", "alice-pw").await.line(), REFUSED);

    assert_eq!(app.hash(), ALICE_MD5);
}

#[tokio::test]
async fn without_upgrades_an_old_hash_stays_as_it_is() {
    let app = TestApp::with_alice(|s| {
        every_hasher(s);
        s.users.upgrade_password_hashes = false;
    })
    .await;
    app.set_hash(ALICE_MD5);

    assert_eq!(app.login("alice", "alice-pw").await.status, 200);

    assert_eq!(app.hash(), ALICE_MD5);
}

#[tokio::test]
async fn the_tokens_of_a_login_that_upgrades_fit_the_new_hash() {
    let app = TestApp::with_alice(|s| {
        every_hasher(s);
        s.jwt.check_revoke_token = true;
    })
    .await;
    app.set_hash(ALICE_MD5);

    let pair = app.obtain_pair().await;

    assert!(app.hash().starts_with("pbkdf2_sha256$1$"));
    assert_eq!(app.get_user(&pair.access).await.status, 200);
    assert_eq!(app.refresh(&pair.refresh).await.status, 200);
}

#[tokio::test]
async fn an_upgrade_ends_what_was_obtained_with_the_old_hash_where_tokens_end_with_it() {
    let app = TestApp::with_alice(|s| s.jwt.check_revoke_token = true).await;
    let old = app.obtain_pair().await;
    let check = |s: &mut tegata::settings::Settings| {
        s.jwt.check_revoke_token = true;
        s.users.pbkdf2_iterations = 2;
    };

    app.neighbour(check).await.obtain_pair().await;

    assert_eq!(app.get_user(&old.access).await.line(), PASSWORD_CHANGED);
}

#[tokio::test]
async fn an_upgrade_that_cannot_be_written_refuses_nobody() {
    let app = with_an_old_hash().await;
    app.database.refuse_updates_of("password");

    let pair = app.obtain_pair().await;

    assert_eq!(app.hash(), ALICE_MD5);
    assert_eq!(app.refresh(&pair.refresh).await.status, 200);
}

#[tokio::test]
async fn logins_at_once_all_succeed_and_one_of_them_upgrades() {
    let app = with_an_old_hash().await;
    app.database.record_updates_of("password");
    let body = r#"{"username": "alice", "password": "alice-pw"}"#;

    let answers = app.post_at_once("/api/token/pair", body, 16).await;

    assert!(answers.iter().all(|answer| answer.status == 200));
    assert_eq!(app.select("SELECT count(*) FROM updates"), ["1"]);
}

#[tokio::test]
async fn a_password_changed_during_a_login_that_upgrades_is_never_undone_by_it() {
    let app = TestApp::with_alice(|s| {
        every_hasher(s);
        s.users.pbkdf2_iterations = 2_000;
    })
    .await;
    let app = Arc::new(app);

    for round in 0..200 {
        app.set_hash(ALICE_MD5);

        let beside = Arc::clone(&app);
        let change = tokio::task::spawn_blocking(move || {
            // Each round changes it a little later than the one before.
            (0..round * 500).for_each(|_| spin_loop());
            beside.set_hash(NEW_MD5);
        });
        let (old, changed) = tokio::join!(app.login("alice", "alice-pw"), change);
        changed.unwrap();

        assert!(old.status == 200 || old.line() == REFUSED, "{}", old.line());
        assert_eq!(app.login("alice", "new-pw").await.status, 200, "{round}");
        assert_eq!(app.login("alice", "alice-pw").await.line(), REFUSED);
    }
}

#[tokio::test]
async fn a_hash_that_django_makes_anew_during_a_login_refuses_nobody() {
    let app = TestApp::with_alice(|s| s.users.pbkdf2_iterations = 2_000).await;
    app.create_user("bob", "alice-pw").await;
    let [old, new] = ["alice", "bob"].map(|name| {
        let sql = format!("SELECT password FROM auth_user WHERE username = '{name}'");
        app.select(&sql).remove(0)
    });
    let app = Arc::new(app);

    for round in 0..200 {
        app.set_hash(&old);

        let (beside, new) = (Arc::clone(&app), new.clone());
        let upgrade = tokio::task::spawn_blocking(move || {
            (0..round * 500).for_each(|_| spin_loop());
            beside.set_hash(&new);
        });
        let (login, upgraded) = tokio::join!(app.login("alice", "alice-pw"), upgrade);

        upgraded.unwrap();
        assert_eq!(login.status, 200, "{round}");
    }
}
