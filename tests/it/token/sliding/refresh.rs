use insta::assert_snapshot;

use crate::app::{BEGIN, TestApp};
use crate::token::signed::{claim, claims, sign};
use crate::token::verbs::{INVALID, NO_ACTIVE_ACCOUNT};

#[tokio::test]
async fn a_refresh_moves_the_times_and_nothing_else() {
    let app = TestApp::spawn_with_alice().await;
    let token = app.obtain_sliding().await;

    app.advance(60);
    let refreshed = app.refresh_sliding(&token).await.text("token");

    let moved = claims(&token)
        .replace(
            &format!(r#""exp":{}"#, BEGIN + 300),
            &format!(r#""exp":{}"#, BEGIN + 360),
        )
        .replace(
            &format!(r#""iat":{BEGIN}"#),
            &format!(r#""iat":{}"#, BEGIN + 60),
        );
    assert_eq!(claims(&refreshed), moved);
}

#[tokio::test]
async fn further_claims_stay_in_their_order_and_as_they_are() {
    let app = TestApp::spawn_with_alice().await;
    let token = sign(
        r#"{"role":"admin","token_type":"sliding","refresh_exp":1795305693.5,"exp":1795219593,"jti":"x","n":{"z":[1,2.50]},"user_id":1}"#,
    );

    let refreshed = app.refresh_sliding(&token).await.text("token");

    assert_eq!(
        claims(&refreshed),
        r#"{"role":"admin","token_type":"sliding","refresh_exp":1795305693.5,"exp":1795219593,"jti":"x","n":{"z":[1,2.50]},"user_id":1,"iat":1795219293}"#
    );
}

#[tokio::test]
async fn the_old_token_stays_valid_until_its_own_end() {
    let app = TestApp::spawn_with_alice().await;
    let token = app.obtain_sliding().await;

    app.advance(60);
    app.refresh_sliding(&token).await;

    assert_eq!(app.refresh_sliding(&token).await.status, 200);
    app.advance(240);
    assert_eq!(app.verify(&token).await.line(), INVALID);
}

#[tokio::test]
async fn an_expired_token_is_refused_though_it_could_have_been_refreshed() {
    let app = TestApp::spawn_with_alice().await;
    let token = app.obtain_sliding().await;

    app.advance(300);

    assert_eq!(app.refresh_sliding(&token).await.line(), INVALID);
}

#[tokio::test]
async fn the_last_refresh_reaches_beyond_the_end_of_refreshes() {
    let app = TestApp::with_alice(|s| {
        s.jwt.sliding_token_lifetime = "2h".parse().unwrap();
        s.jwt.sliding_token_refresh_lifetime = "1h".parse().unwrap();
    })
    .await;
    let token = app.obtain_sliding().await;

    app.advance(3_599);
    let last = app.refresh_sliding(&token).await.text("token");
    app.advance(1);

    assert_eq!(claim(&last, "exp"), BEGIN + 3_599 + 7_200);
    assert_eq!(app.verify(&last).await.status, 200);
    assert_snapshot!(app.refresh_sliding(&last).await.line(), @r#"401 {"detail": "Token 'refresh_exp' claim has expired", "code": "token_not_valid"}"#);
}

#[tokio::test]
async fn a_refresh_exp_of_another_form_is_refused_and_never_absent() {
    let app = TestApp::spawn_with_alice().await;

    for refresh_exp in ["\"1795305693\"", "null", "true", "1e300", "[]"] {
        let token = sign(&format!(
            r#"{{"token_type":"sliding","exp":1795219593,"jti":"x","user_id":1,"refresh_exp":{refresh_exp}}}"#
        ));
        assert_eq!(app.refresh_sliding(&token).await.line(), INVALID);
    }
}

#[tokio::test]
async fn a_disabled_user_cannot_refresh() {
    let app = TestApp::spawn_with_alice().await;
    let token = app.obtain_sliding().await;

    app.disable_users();

    assert_eq!(app.refresh_sliding(&token).await.line(), NO_ACTIVE_ACCOUNT);
}

#[tokio::test]
async fn a_deleted_user_cannot_refresh() {
    let app = TestApp::spawn_with_alice().await;
    let token = app.obtain_sliding().await;

    app.delete_users();

    assert_eq!(app.refresh_sliding(&token).await.line(), NO_ACTIVE_ACCOUNT);
}

#[tokio::test]
async fn a_refresh_writes_no_row() {
    let app = TestApp::with_alice(|s| {
        s.jwt.rotate_refresh_tokens = true;
        s.jwt.blacklist_after_rotation = true;
    })
    .await;
    let token = app.obtain_sliding().await;

    app.refresh_sliding(&token).await;

    let outstanding = app.select("SELECT count(*) FROM token_blacklist_outstandingtoken");
    let blacklisted = app.select("SELECT count(*) FROM token_blacklist_blacklistedtoken");
    assert_eq!(
        (outstanding, blacklisted),
        (vec!["1".to_owned()], vec!["0".to_owned()])
    );
}

#[tokio::test]
async fn a_body_that_does_not_fit_is_answered_as_ninja_does() {
    let app = TestApp::spawn().await;

    let bodies = [
        "",
        "{",
        "[]",
        "{}",
        r#"{"token": 0}"#,
        r#"{"token": 1}"#,
        r#"{"token": "x"}"#,
        r#"{"token": "\ud800"}"#,
    ];
    assert_snapshot!(app.transcript("/api/token/sliding/refresh", &bodies).await);
}
