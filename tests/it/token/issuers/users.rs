//! Whom the tokens of an issuer name: nobody, unless its table says so.

use serde_json::{Value, json};

use super::{NOBODY, by_name, trusting};
use crate::app::{Answer, TestApp};
use crate::fake_issuer::FakeIssuer;

/// A service with Alice, who is named by the claim `uid` of the issuer's tokens.
async fn by_id(issuer: &FakeIssuer) -> TestApp {
    TestApp::with_alice(|s| issuer.names_users_by("uid", "id", s)).await
}

/// What a proxy hands on of a user.
fn told(answer: &Answer) -> [&str; 4] {
    ["user-id", "username", "token-id", "is-staff"]
        .map(|name| answer.header(&format!("x-auth-{name}")).unwrap())
}

/// Of Alice, whose key is 1.
fn assert_tells_the_key_alone(auth: &Answer) {
    assert_eq!(told(auth), ["1", "", "x", ""]);
    assert_eq!(
        auth.line(),
        r#"200 {"id": 1, "username": "", "is_staff": false}"#
    );
}

#[tokio::test]
async fn the_subject_of_an_issuer_is_not_our_user_of_that_number() {
    let issuer = FakeIssuer::spawn();
    let app = trusting(&issuer).await;

    let token = issuer.token(&json!({ "sub": "1", "user_id": 1, "token_type": "access" }));

    assert_eq!(app.verify(&token).await.status, 200);
    assert_eq!(app.get_user(&token).await.line(), NOBODY);
    assert_eq!(app.auth(&token).await.line(), NOBODY);
}

#[tokio::test]
async fn a_claim_that_the_settings_name_names_a_user_by_name() {
    let issuer = FakeIssuer::spawn();
    let app = by_name(&issuer).await;

    let token = issuer.token(&json!({ "name": "alice" }));
    let auth = app.auth(&token).await;

    assert_eq!(
        app.get_user(&token).await.line(),
        r#"200 {"id": 1, "username": "alice"}"#
    );
    assert_eq!(told(&auth), ["", "alice", "x", ""]);
    assert_eq!(
        auth.line(),
        r#"200 {"id": null, "username": "alice", "is_staff": false}"#
    );
}

#[tokio::test]
async fn a_claim_that_the_settings_name_names_a_user_by_key() {
    let issuer = FakeIssuer::spawn();
    let app = by_id(&issuer).await;

    let token = issuer.token(&json!({ "uid": 1, "sub": "7" }));

    assert_eq!(app.get_user(&token).await.text("username"), "alice");
    assert_tells_the_key_alone(&app.auth(&token).await);
}

#[tokio::test]
async fn a_subject_that_reads_like_our_users_number_is_not_that_user() {
    let issuer = FakeIssuer::spawn();
    let app = by_id(&issuer).await;

    for alias in ["01", "+1", " 1", "1 ", "0_1", "-01", "\u{661}", "\u{ff11}"] {
        let token = issuer.token(&json!({ "uid": alias }));

        assert_eq!(app.auth(&token).await.line(), NOBODY, "{alias}");
        assert_eq!(app.get_user(&token).await.line(), NOBODY, "{alias}");
    }
    let token = issuer.token(&json!({ "uid": "1" }));
    assert_eq!(app.auth(&token).await.header("x-auth-user-id"), Some("1"));
}

#[tokio::test]
async fn a_foreign_token_that_says_is_staff_is_not_staff() {
    let issuer = FakeIssuer::spawn();
    let app = by_id(&issuer).await;

    let token = issuer.token(&json!({ "uid": 1, "is_staff": true, "username": "root" }));

    assert_tells_the_key_alone(&app.auth(&token).await);
}

#[tokio::test]
async fn a_token_that_names_nobody_is_nobodys() {
    let issuer = FakeIssuer::spawn();
    let app = by_name(&issuer).await;
    let answer = async |name: Value| app.get_user(&issuer.token(&json!({ "name": name }))).await;

    assert_eq!(answer(Value::Null).await.line(), NOBODY);
    assert_eq!(answer(json!("")).await.line(), NOBODY);
    assert_eq!(answer(json!({ "a": 1 })).await.line(), NOBODY);
    assert_eq!(answer(json!("al\u{0}ice")).await.line(), NOBODY);
    assert!(answer(json!("bob")).await.line().contains("User not found"));
    assert!(
        answer(json!("Alice"))
            .await
            .line()
            .contains("User not found")
    );
}

#[tokio::test]
async fn a_user_who_is_disabled_here_is_refused_whoever_issued_the_token() {
    let issuer = FakeIssuer::spawn();
    let app = by_name(&issuer).await;

    app.disable_users();

    let answer = app
        .get_user(&issuer.token(&json!({ "name": "alice" })))
        .await;
    assert!(answer.line().contains("User is inactive"), "{answer:?}");
}

#[tokio::test]
async fn a_changed_password_here_ends_no_token_of_another_issuer() {
    let issuer = FakeIssuer::spawn();
    let app = TestApp::with_alice(|s| {
        s.jwt.check_revoke_token = true;
        issuer.names_users_by("name", "username", s);
    })
    .await;

    app.change_passwords();

    let token = issuer.token(&json!({ "name": "alice" }));
    assert_eq!(app.get_user(&token).await.status, 200);
}
