use tegata::settings::Settings;

use super::signed::{claim, claims, sign};
use super::verbs::{BLACKLISTED, NO_ACTIVE_ACCOUNT};
use crate::app::{BEGIN, TestApp};

fn rotate(settings: &mut Settings) {
    settings.jwt.rotate_refresh_tokens = true;
}

fn rotate_and_blacklist(settings: &mut Settings) {
    rotate(settings);
    settings.jwt.blacklist_after_rotation = true;
}

const OUTSTANDING: &str = "SELECT user_id, jti, token, created_at, expires_at \
     FROM token_blacklist_outstandingtoken ORDER BY id";

#[tokio::test]
async fn a_rotated_token_keeps_its_claims_but_for_identifier_and_times() {
    let app = TestApp::with_alice(rotate).await;
    let old = sign(
        r#"{"role":"admin","jti":"old","iat":1,"token_type":"refresh","n":{"z":[1,2.50]},"exp":1795305693,"user_id":1}"#,
    );

    let new = app.refresh(&old).await.text("refresh");

    let jti = claim(&new, "jti");
    assert_ne!(jti, "old");
    assert_eq!(
        claims(&new).replace(jti.as_str().unwrap(), "…"),
        r#"{"role":"admin","jti":"…","iat":1795219293,"token_type":"refresh","n":{"z":[1,2.50]},"exp":1795305693,"user_id":1}"#
    );
}

#[tokio::test]
async fn a_rotated_token_lives_from_its_own_issue_on() {
    let app = TestApp::with_alice(rotate).await;
    let pair = app.obtain_pair().await;

    app.advance(3_600);
    let new = app.refresh(&pair.refresh).await.text("refresh");

    assert_eq!(claim(&new, "iat"), BEGIN + 3_600);
    assert_eq!(claim(&new, "exp"), BEGIN + 3_600 + 86_400);
    app.advance(86_399);
    assert_eq!(app.refresh(&new).await.status, 200);
}

#[tokio::test]
async fn a_rotated_token_is_outstanding_with_its_user() {
    let app = TestApp::with_alice(rotate).await;
    let pair = app.obtain_pair().await;

    app.advance(60);
    let new = app.refresh(&pair.refresh).await.text("refresh");

    let jti = claim(&new, "jti");
    let rows = app.select(OUTSTANDING);
    assert_eq!(rows.len(), 2);
    assert_eq!(
        rows[1],
        format!(
            "1|{}|{new}|2026-11-21 00:02:33|2026-11-22 00:02:33",
            jti.as_str().unwrap()
        )
    );
}

#[tokio::test]
async fn without_blacklist_after_rotation_the_old_token_stays() {
    let app = TestApp::with_alice(rotate).await;
    let pair = app.obtain_pair().await;

    let new = app.refresh(&pair.refresh).await.text("refresh");

    assert_eq!(app.refresh(&pair.refresh).await.status, 200);
    assert_eq!(app.refresh(&new).await.status, 200);
}

#[tokio::test]
async fn refresh_rotates_and_blacklists_the_old_token() {
    let app = TestApp::with_alice(rotate_and_blacklist).await;
    let pair = app.obtain_pair().await;

    let new = app.refresh(&pair.refresh).await.text("refresh");

    assert_eq!(app.refresh(&pair.refresh).await.line(), BLACKLISTED);
    assert_eq!(
        app.verify(&pair.refresh).await.line(),
        r#"400 {"detail": "Token is blacklisted", "code": "invalid"}"#
    );
    assert_eq!(app.refresh(&new).await.status, 200);
}

#[tokio::test]
async fn blacklist_after_rotation_without_rotation_ends_nothing() {
    let app = TestApp::with_alice(|s| s.jwt.blacklist_after_rotation = true).await;
    let pair = app.obtain_pair().await;

    assert_eq!(
        app.refresh(&pair.refresh).await.text("refresh"),
        pair.refresh
    );
    assert_eq!(app.refresh(&pair.refresh).await.status, 200);
}

#[tokio::test]
async fn a_token_issued_elsewhere_is_rotated_once() {
    let app = TestApp::with_alice(rotate_and_blacklist).await;
    let old = sign(r#"{"token_type":"refresh","exp":1795305693,"jti":"old","user_id":1}"#);

    assert_eq!(app.refresh(&old).await.status, 200);
    assert_eq!(app.refresh(&old).await.line(), BLACKLISTED);

    let users = app.select("SELECT user_id FROM token_blacklist_outstandingtoken");
    assert_eq!(users, ["1", "1"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn parallel_refreshes_of_one_token_have_one_successor() {
    let app = TestApp::with_alice(rotate_and_blacklist).await;
    let body = format!(r#"{{"refresh": "{}"}}"#, app.obtain_pair().await.refresh);

    let answers = app.post_at_once("/api/token/refresh", &body, 40).await;

    let winners = answers.iter().filter(|answer| answer.status == 200);
    let losers = answers.iter().filter(|answer| answer.line() == BLACKLISTED);
    assert_eq!((winners.count(), losers.count()), (1, 39));
    assert_eq!(app.select(OUTSTANDING).len(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn parallel_refreshes_at_two_services_have_one_successor() {
    let app = TestApp::with_alice(rotate_and_blacklist).await;
    let other = app.neighbour(rotate_and_blacklist).await;
    let body = format!(r#"{{"refresh": "{}"}}"#, app.obtain_pair().await.refresh);

    let (here, there) = tokio::join!(
        app.post_at_once("/api/token/refresh", &body, 20),
        other.post_at_once("/api/token/refresh", &body, 20)
    );

    let answers = here.iter().chain(&there);
    let losers = answers.filter(|answer| answer.line() == BLACKLISTED);
    assert_eq!(losers.count(), 39);
    assert_eq!(app.select(OUTSTANDING).len(), 2);
}

#[tokio::test]
async fn a_blacklisting_is_felt_at_every_service_by_refreshes_at_once_and_by_others_with_a_poll() {
    let app = TestApp::with_alice(rotate_and_blacklist).await;
    let other = app.neighbour(rotate_and_blacklist).await;
    let pair = app.obtain_pair().await;

    app.blacklist(&pair.refresh).await;

    assert_eq!(other.refresh(&pair.refresh).await.line(), BLACKLISTED);
    other.poll().await;
    assert_eq!(other.verify(&pair.refresh).await.status, 400);
}

#[tokio::test]
async fn replays_of_tokens_rotated_within_one_second_are_refused() {
    let app = TestApp::with_alice(rotate_and_blacklist).await;
    let first = app.obtain_pair().await.refresh;

    let second = app.refresh(&first).await.text("refresh");
    let third = app.refresh(&second).await.text("refresh");
    let fourth = app.refresh(&third).await.text("refresh");

    assert_eq!(app.refresh(&first).await.line(), BLACKLISTED);
    assert_eq!(app.refresh(&second).await.line(), BLACKLISTED);
    assert_eq!(app.refresh(&third).await.line(), BLACKLISTED);
    assert_eq!(app.refresh(&fourth).await.status, 200);
}

#[tokio::test]
async fn after_a_blacklisting_no_refresh_survives() {
    let app = TestApp::with_alice(rotate_and_blacklist).await;
    let pair = app.obtain_pair().await;

    app.blacklist(&pair.refresh).await;

    assert_eq!(app.refresh(&pair.refresh).await.line(), BLACKLISTED);
    assert_eq!(app.select(OUTSTANDING).len(), 1, "no successor");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refresh_and_a_blacklisting_at_once_have_one_winner() {
    let app = TestApp::with_alice(rotate_and_blacklist).await;
    let body = format!(r#"{{"refresh": "{}"}}"#, app.obtain_pair().await.refresh);

    let (refreshes, blacklistings) = tokio::join!(
        app.post_at_once("/api/token/refresh", &body, 10),
        app.post_at_once("/api/token/blacklist", &body, 10)
    );

    let answers = refreshes.iter().chain(&blacklistings);
    let losers = answers.filter(|answer| answer.line() == BLACKLISTED);
    assert_eq!(losers.count(), 19);
}

#[tokio::test]
async fn a_disabled_user_gets_no_rotated_token_and_keeps_the_old_one() {
    let app = TestApp::with_alice(rotate_and_blacklist).await;
    let pair = app.obtain_pair().await;

    app.disable_users();
    assert_eq!(app.refresh(&pair.refresh).await.line(), NO_ACTIVE_ACCOUNT);
    app.execute("UPDATE auth_user SET is_active = TRUE");

    assert_eq!(app.refresh(&pair.refresh).await.status, 200);
}

#[tokio::test]
async fn a_deleted_user_gets_no_rotated_token() {
    let app = TestApp::with_alice(rotate_and_blacklist).await;
    let pair = app.obtain_pair().await;

    app.delete_users();

    assert_eq!(app.refresh(&pair.refresh).await.line(), NO_ACTIVE_ACCOUNT);
    assert_eq!(app.select(OUTSTANDING).len(), 1);
}

#[tokio::test]
async fn refresh_without_user_lets_disabled_and_deleted_users_go_on() {
    let app = TestApp::with_alice(|s| {
        rotate_and_blacklist(s);
        s.compat.refresh_without_user = true;
    })
    .await;
    let pair = app.obtain_pair().await;

    app.disable_users();
    let second = app.refresh(&pair.refresh).await.text("refresh");
    app.delete_users();
    let third = app.refresh(&second).await;

    assert_eq!(third.status, 200);
    assert_eq!(app.refresh(&second).await.line(), BLACKLISTED);
}

#[tokio::test]
async fn refresh_without_user_still_records_whose_token_it_is() {
    let app = TestApp::with_alice(|s| {
        rotate(s);
        s.compat.refresh_without_user = true;
    })
    .await;

    app.refresh(&app.obtain_pair().await.refresh).await;

    let users = app.select("SELECT user_id FROM token_blacklist_outstandingtoken");
    assert_eq!(users, ["1", "1"]);
}
