//! A rotated refresh token that comes again: `REFRESH_GRACE_PERIOD` and `REFRESH_REUSE_DETECTION`.

use tegata::settings::Settings;
use tegata_jwt::Lifetime;

use crate::app::TestApp;
use crate::token::signed::claims;
use crate::token::verbs::{BLACKLISTED, NO_ACTIVE_ACCOUNT};

/// As the shipped `config.toml` has it: ten seconds of grace, then the family ends.
fn shipped(settings: &mut Settings) {
    without_detection(settings);
    settings.jwt.refresh_reuse_detection = true;
}

fn without_detection(settings: &mut Settings) {
    settings.jwt.rotate_refresh_tokens = true;
    settings.jwt.blacklist_after_rotation = true;
    settings.jwt.refresh_grace_period = Lifetime::seconds(10);
}

fn without_grace(settings: &mut Settings) {
    shipped(settings);
    settings.jwt.refresh_grace_period = Lifetime::seconds(0);
}

#[tokio::test]
async fn within_the_grace_period_the_same_successor_comes_again() {
    let app = TestApp::with_alice(shipped).await;
    let old = app.obtain_pair().await.refresh;

    let first = app.refresh(&old).await;
    app.advance(9);
    let again = app.refresh(&old).await;

    assert_eq!(
        claims(&again.text("refresh")),
        claims(&first.text("refresh"))
    );
    assert_ne!(again.text("access"), first.text("access"), "it is fresh");
    let successor = again.text("refresh");
    assert_eq!(app.refresh(&successor).await.status, 200);
}

#[tokio::test]
async fn within_the_grace_period_a_successor_in_use_does_not_come_again() {
    let app = TestApp::with_alice(shipped).await;
    let old = app.obtain_pair().await.refresh;
    let successor = app.refresh(&old).await.text("refresh");
    let third = app.refresh(&successor).await.text("refresh");

    assert_eq!(app.refresh(&old).await.line(), BLACKLISTED);

    assert_eq!(app.refresh(&third).await.status, 200, "the family is kept");
}

#[tokio::test]
async fn within_the_grace_period_a_successor_that_was_logged_out_does_not_come_again() {
    let app = TestApp::with_alice(shipped).await;
    let old = app.obtain_pair().await.refresh;
    let successor = app.refresh(&old).await.text("refresh");
    app.blacklist(&successor).await;

    assert_eq!(app.refresh(&old).await.line(), BLACKLISTED);
}

#[tokio::test]
async fn the_grace_period_begins_with_the_rotation_and_no_repeat_prolongs_it() {
    let app = TestApp::with_alice(without_detection).await;
    let old = app.obtain_pair().await.refresh;
    app.refresh(&old).await;
    app.advance(9);
    assert_eq!(app.refresh(&old).await.status, 200);

    app.advance(1);

    assert_eq!(app.refresh(&old).await.line(), BLACKLISTED);
}

#[tokio::test]
async fn a_replayed_refresh_token_ends_the_family() {
    let app = TestApp::with_alice(shipped).await;
    let old = app.obtain_pair().await.refresh;
    let second = app.refresh(&old).await.text("refresh");
    let third = app.refresh(&second).await.text("refresh");
    app.advance(10);

    assert_eq!(app.refresh(&old).await.line(), BLACKLISTED);

    assert_eq!(app.refresh(&third).await.line(), BLACKLISTED);
    assert_eq!(app.verify(&third).await.status, 400, "from memory, too");
}

#[tokio::test]
async fn a_replay_ends_one_family_and_leaves_the_users_other_logins_alone() {
    let app = TestApp::with_alice(shipped).await;
    let (old, other) = (app.obtain_pair().await.refresh, app.obtain_pair().await);
    app.refresh(&old).await;
    app.advance(10);

    app.refresh(&old).await;

    assert_eq!(app.refresh(&other.refresh).await.status, 200);
}

#[tokio::test]
async fn without_reuse_detection_a_replay_is_refused_and_no_more() {
    let app = TestApp::with_alice(without_detection).await;
    let old = app.obtain_pair().await.refresh;
    let successor = app.refresh(&old).await.text("refresh");
    app.advance(10);

    assert_eq!(app.refresh(&old).await.line(), BLACKLISTED);

    assert_eq!(app.refresh(&successor).await.status, 200);
}

#[tokio::test]
async fn a_token_blacklisted_without_a_rotation_has_no_grace_and_ends_nothing() {
    let app = TestApp::with_alice(shipped).await;
    let old = app.obtain_pair().await.refresh;
    let successor = app.refresh(&old).await.text("refresh");
    app.blacklist(&successor).await;
    app.advance(10);

    assert_eq!(app.refresh(&successor).await.line(), BLACKLISTED);
    assert_eq!(app.blacklist(&successor).await.line(), BLACKLISTED);
}

#[tokio::test]
async fn blacklisting_a_rotated_token_ends_its_family_and_is_refused() {
    let app = TestApp::with_alice(shipped).await;
    let old = app.obtain_pair().await.refresh;
    let second = app.refresh(&old).await.text("refresh");
    let third = app.refresh(&second).await.text("refresh");

    assert_eq!(app.blacklist(&old).await.line(), BLACKLISTED);

    assert_eq!(app.refresh(&third).await.line(), BLACKLISTED);
    assert_eq!(app.verify(&third).await.status, 400, "from memory, too");
}

#[tokio::test]
async fn blacklisting_a_rotated_token_ends_its_family_whatever_the_settings_say_of_reuse() {
    let app = TestApp::with_alice(|s| {
        s.jwt.rotate_refresh_tokens = true;
        s.jwt.blacklist_after_rotation = true;
    })
    .await;
    let old = app.obtain_pair().await.refresh;
    let successor = app.refresh(&old).await.text("refresh");

    assert_eq!(app.blacklist(&old).await.line(), BLACKLISTED);

    assert_eq!(app.refresh(&successor).await.line(), BLACKLISTED);
}

#[tokio::test]
async fn a_user_disabled_within_the_grace_period_gets_no_successor() {
    let app = TestApp::with_alice(shipped).await;
    let old = app.obtain_pair().await.refresh;
    app.refresh(&old).await;

    app.disable_users();

    assert_eq!(app.refresh(&old).await.line(), NO_ACTIVE_ACCOUNT);
}

#[tokio::test]
async fn a_replay_of_a_disabled_users_token_ends_the_family_all_the_same() {
    let app = TestApp::with_alice(shipped).await;
    let old = app.obtain_pair().await.refresh;
    let successor = app.refresh(&old).await.text("refresh");
    app.advance(10);

    app.disable_users();
    assert_eq!(app.refresh(&old).await.line(), BLACKLISTED);
    app.execute("UPDATE auth_user SET is_active = TRUE");

    assert_eq!(app.refresh(&successor).await.line(), BLACKLISTED);
}

#[tokio::test]
async fn a_successor_comes_again_at_another_service() {
    let app = TestApp::with_alice(shipped).await;
    let other = app.neighbour(shipped).await;
    let old = app.obtain_pair().await.refresh;

    let here = app.refresh(&old).await.text("refresh");
    let there = other.refresh(&old).await.text("refresh");

    assert_eq!(claims(&there), claims(&here));
}

#[tokio::test]
async fn a_rotated_token_that_the_admin_lets_go_stays_rotated() {
    let app = TestApp::with_alice(without_detection).await;
    let old = app.obtain_pair().await.refresh;
    let successor = app.refresh(&old).await.text("refresh");
    app.advance(10);

    app.execute("DELETE FROM token_blacklist_blacklistedtoken");

    assert_eq!(app.refresh(&old).await.line(), BLACKLISTED);
    assert_eq!(app.refresh(&successor).await.status, 200);
}

#[tokio::test]
async fn a_rotated_token_that_the_admin_lets_go_stays_rotated_where_rotation_was_switched_off() {
    let app = TestApp::with_alice(without_detection).await;
    let old = app.obtain_pair().await.refresh;
    let successor = app.refresh(&old).await.text("refresh");
    let off = app.neighbour(|_| {}).await;

    app.execute("DELETE FROM token_blacklist_blacklistedtoken");

    assert_eq!(off.refresh(&old).await.line(), BLACKLISTED);
    assert_eq!(off.refresh(&successor).await.status, 200);
}

#[tokio::test]
async fn a_familys_row_says_what_took_whose_place_and_holds_no_token() {
    let app = TestApp::with_alice(shipped).await;
    let old = app.obtain_pair().await.refresh;
    let second = app.refresh(&old).await.text("refresh");
    app.advance(60);
    app.refresh(&second).await;

    let rows = app.select(
        "SELECT old.id, new.id, first.id, rotated_at, successor_expires_at, rotation.expires_at \
         FROM tegata_rotation AS rotation \
         JOIN token_blacklist_outstandingtoken AS old ON old.jti = parent_jti \
         JOIN token_blacklist_outstandingtoken AS new ON new.jti = successor_jti \
         JOIN token_blacklist_outstandingtoken AS first ON first.jti = family ORDER BY old.id",
    );
    assert_eq!(
        rows,
        [
            "1|2|1|2026-11-21 00:01:33|2026-11-22 00:01:33|2026-11-22 00:01:33",
            "2|3|1|2026-11-21 00:02:33|2026-11-22 00:02:33|2026-11-22 00:02:33",
        ]
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn of_200_parallel_refreshes_without_grace_one_succeeds_fifty_times() {
    let app = TestApp::with_alice(without_grace).await;

    for _ in 0..50 {
        let body = format!(r#"{{"refresh": "{}"}}"#, app.obtain_pair().await.refresh);
        let answers = app.post_at_once("/api/token/refresh", &body, 200).await;

        let winners = answers.iter().filter(|answer| answer.status == 200);
        let losers = answers.iter().filter(|answer| answer.line() == BLACKLISTED);
        assert_eq!((winners.count(), losers.count()), (1, 199));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn of_200_parallel_refreshes_with_grace_all_have_the_same_successor_fifty_times() {
    let app = TestApp::with_alice(shipped).await;

    for _ in 0..50 {
        let body = format!(r#"{{"refresh": "{}"}}"#, app.obtain_pair().await.refresh);
        let answers = app.post_at_once("/api/token/refresh", &body, 200).await;

        let successor = claims(&answers[0].text("refresh"));
        let same = answers
            .iter()
            .filter(|answer| claims(&answer.text("refresh")) == successor);
        assert_eq!(same.count(), 200);
    }
}
