use tegata::settings::Settings;

use crate::app::TestApp;
use crate::token::signed::{claim, claims, sign};
use crate::token::verbs::PASSWORD_CHANGED;

const LAST_LOGIN: &str = "SELECT last_login FROM auth_user";

fn check_revoke_token(settings: &mut Settings) {
    settings.jwt.check_revoke_token = true;
}

/// The logins that were written, once all that was submitted before is.
async fn last_login(app: &TestApp) -> Vec<String> {
    app.written().await;
    app.select(LAST_LOGIN)
}

#[tokio::test]
async fn update_last_login() {
    let app = TestApp::with_alice(|s| s.jwt.update_last_login = true).await;

    app.obtain_pair().await;
    assert_eq!(last_login(&app).await, ["2026-11-21 00:01:33"]);
    app.advance(60);
    app.obtain_sliding().await;
    assert_eq!(last_login(&app).await, ["2026-11-21 00:02:33"]);
}

#[tokio::test]
async fn update_last_login_is_one_write_a_minute() {
    let app = TestApp::with_alice(|s| s.jwt.update_last_login = true).await;
    app.obtain_pair().await;

    app.advance(59);
    app.obtain_pair().await;

    assert_eq!(last_login(&app).await, ["2026-11-21 00:01:33"]);
}

#[tokio::test]
async fn update_last_login_of_a_hundred_logins_at_once_is_one_write() {
    let app = TestApp::with_alice(|s| s.jwt.update_last_login = true).await;
    app.database.record_updates_of("last_login");

    let login = r#"{"username": "alice", "password": "alice-pw"}"#;
    app.post_at_once("/api/token/pair", login, 30).await;
    app.written().await;

    assert_eq!(app.select("SELECT value FROM updates").len(), 1);
}

#[tokio::test]
async fn update_last_login_leaves_no_time_to_come_as_it_is() {
    let app = TestApp::with_alice(|s| s.jwt.update_last_login = true).await;
    app.execute("UPDATE auth_user SET last_login = '2030-01-01 00:00:00'");

    app.obtain_pair().await;

    assert_eq!(last_login(&app).await, ["2026-11-21 00:01:33"]);
}

#[tokio::test]
async fn update_last_login_counts_logins_alone() {
    let app = TestApp::with_alice(|s| s.jwt.update_last_login = true).await;
    let (pair, sliding) = (app.obtain_pair().await, app.obtain_sliding().await);

    app.advance(60);
    app.login("alice", "nope").await;
    app.refresh(&pair.refresh).await;
    app.refresh_sliding(&sliding).await;
    app.get_user(&pair.access).await;

    assert_eq!(last_login(&app).await, ["2026-11-21 00:01:33"]);
}

#[tokio::test]
async fn update_last_login_needs_no_blacklist() {
    let app = TestApp::with_alice(|s| {
        s.jwt.update_last_login = true;
        s.blacklist.enabled = false;
    })
    .await;

    app.obtain_pair().await;

    assert_eq!(last_login(&app).await, ["2026-11-21 00:01:33"]);
}

#[tokio::test]
async fn without_update_last_login_it_is_left_alone() {
    let app = TestApp::spawn_with_alice().await;

    app.obtain_pair().await;

    assert_eq!(last_login(&app).await, ["NULL"]);
}

#[tokio::test]
async fn check_revoke_token_ends_tokens_with_their_password() {
    let app = TestApp::with_alice(check_revoke_token).await;
    let (pair, sliding) = (app.obtain_pair().await, app.obtain_sliding().await);
    let access = app.refresh(&pair.refresh).await.text("access");
    assert_eq!(app.get_user(&access).await.status, 200);

    app.change_passwords();

    assert_eq!(app.get_user(&pair.access).await.line(), PASSWORD_CHANGED);
    assert_eq!(app.get_user(&access).await.line(), PASSWORD_CHANGED);
    assert_eq!(app.refresh(&pair.refresh).await.line(), PASSWORD_CHANGED);
    assert_eq!(app.refresh_sliding(&sliding).await.line(), PASSWORD_CHANGED);
}

#[tokio::test]
async fn check_revoke_token_refuses_a_token_that_does_not_know_its_password() {
    let app = TestApp::with_alice(check_revoke_token).await;
    let token = |token_type: &str, further: &str| {
        sign(&format!(
            r#"{{"token_type":"{token_type}","exp":1795219593,"jti":"x","user_id":1,"refresh_exp":1795219593{further}}}"#
        ))
    };
    let null = token("access", r#","hash_password":null"#);

    assert_eq!(
        app.refresh(&token("refresh", "")).await.line(),
        PASSWORD_CHANGED
    );
    assert_eq!(
        app.refresh_sliding(&token("sliding", "")).await.line(),
        PASSWORD_CHANGED
    );
    assert_eq!(
        app.get_user(&token("access", "")).await.line(),
        PASSWORD_CHANGED
    );
    assert_eq!(app.get_user(&null).await.line(), PASSWORD_CHANGED);
}

#[tokio::test]
async fn the_digest_of_a_password_tells_nothing_of_it() {
    let app = TestApp::with_alice(check_revoke_token).await;
    app.create_user("bob", "bob-pw").await;
    let stored = app.select("SELECT password FROM auth_user ORDER BY id");
    app.execute(&format!(
        "UPDATE auth_user SET password = '{}' WHERE username = 'bob'",
        stored[0]
    ));

    let digest = claim(&app.obtain_pair().await.access, "hash_password");
    let again = claim(&app.obtain_sliding().await, "hash_password");

    let digest = digest.as_str().unwrap();
    assert_eq!(digest, again);
    assert_eq!(digest.len(), 22, "128 bits in base64url, no MD5 in hex");
    assert!(!stored[0].contains(digest));
}

#[tokio::test]
async fn md5_revoke_token_has_simple_jwts_digest() {
    let app = TestApp::with_alice(|s| {
        check_revoke_token(s);
        s.compat.md5_revoke_token = true;
    })
    .await;
    app.change_passwords();
    // As `get_md5_hash_password` of Simple JWT 5.5.1 has it of `!another`.
    let theirs = sign(
        r#"{"token_type":"refresh","exp":1795219593,"jti":"x","user_id":1,"hash_password":"ABDBE44124077E47C2F37653251F6F33"}"#,
    );

    let access = app.refresh(&theirs).await.text("access");

    assert_eq!(app.get_user(&access).await.status, 200);
    app.execute("UPDATE auth_user SET password = '!a third'");
    assert_eq!(app.refresh(&theirs).await.line(), PASSWORD_CHANGED);
}

#[tokio::test]
async fn md5_revoke_token_is_written_as_it_is_read() {
    let app = TestApp::with_alice(|s| {
        check_revoke_token(s);
        s.compat.md5_revoke_token = true;
    })
    .await;

    let pair = app.obtain_pair().await;

    let digest = claim(&pair.access, "hash_password");
    let digest = digest.as_str().unwrap();
    assert!(digest.len() == 32 && !digest.contains(|c: char| c.is_lowercase()));
    assert_eq!(app.refresh(&pair.refresh).await.status, 200);
}

#[tokio::test]
async fn no_claim_speaks_of_a_password_without_check_revoke_token() {
    let app = TestApp::spawn_with_alice().await;
    let pair = app.obtain_pair().await;

    app.change_passwords();

    assert!(!claims(&pair.access).contains("hash"));
    assert_eq!(app.refresh(&pair.refresh).await.status, 200);
}

#[tokio::test]
async fn revoke_token_claim() {
    let app = TestApp::with_alice(|s| {
        check_revoke_token(s);
        s.jwt.revoke_token_claim = "pwd".to_owned();
    })
    .await;
    let pair = app.obtain_pair().await;
    let access = app.refresh(&pair.refresh).await.text("access");

    assert_eq!(claim(&access, "pwd").as_str().unwrap().len(), 22);
    assert_eq!(app.get_user(&access).await.status, 200);
    app.change_passwords();
    assert_eq!(app.get_user(&access).await.line(), PASSWORD_CHANGED);
}

#[tokio::test]
async fn without_check_user_is_active_disabled_users_go_on() {
    let app = TestApp::with_alice(|s| {
        s.jwt.check_user_is_active = false;
        s.jwt.rotate_refresh_tokens = true;
        s.jwt.blacklist_after_rotation = true;
    })
    .await;
    let (pair, sliding) = (app.obtain_pair().await, app.obtain_sliding().await);

    app.disable_users();

    assert_eq!(app.get_user(&pair.access).await.status, 200);
    assert_eq!(app.refresh(&pair.refresh).await.status, 200);
    assert_eq!(app.refresh_sliding(&sliding).await.status, 200);
    assert_eq!(app.login("alice", "alice-pw").await.status, 401);
    assert_eq!(app.login_sliding("alice", "alice-pw").await.status, 401);
}

#[tokio::test]
async fn without_check_user_is_active_deleted_users_still_end() {
    let app = TestApp::with_alice(|s| s.jwt.check_user_is_active = false).await;
    let pair = app.obtain_pair().await;

    app.delete_users();

    assert_eq!(app.get_user(&pair.access).await.status, 401);
    assert_eq!(app.refresh(&pair.refresh).await.status, 401);
}
