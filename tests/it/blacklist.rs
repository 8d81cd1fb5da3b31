//! The blacklisted tokens in memory, and how they follow the database.

use tegata::settings::Settings;
use tegata_jwt::{Lifetime, TokenClass};

use crate::app::TestApp;
use crate::token::signed::{claim, sign};
use crate::token::verbs::BLACKLISTED;

fn looks_when_it_verifies(settings: &mut Settings) {
    settings.jwt.blacklist_after_rotation = true;
}

fn sliding_tokens_open(settings: &mut Settings) {
    settings.jwt.auth_token_classes = vec![TokenClass::Sliding];
}

const NOBODY_WRITES: &str = "ALTER TABLE token_blacklist_blacklistedtoken RENAME TO gone";

#[tokio::test]
async fn what_is_blacklisted_here_is_refused_at_once_without_the_database() {
    let app = TestApp::with_alice(looks_when_it_verifies).await;
    let (one, other) = (app.obtain_pair().await, app.obtain_pair().await);

    app.blacklist(&one.refresh).await;
    app.execute(NOBODY_WRITES);

    assert_eq!(app.verify(&one.refresh).await.status, 400);
    assert_eq!(app.verify(&other.refresh).await.status, 200);
}

#[tokio::test]
async fn what_is_blacklisted_elsewhere_is_refused_from_the_next_poll_on() {
    let app = TestApp::with_alice(looks_when_it_verifies).await;
    let pair = app.obtain_pair().await;

    app.blacklist_all();
    app.poll().await;

    assert_eq!(app.verify(&pair.refresh).await.status, 400);
}

#[tokio::test]
async fn a_refresh_knows_at_once_what_is_blacklisted_elsewhere() {
    let app = TestApp::spawn_with_alice().await;
    let pair = app.obtain_pair().await;

    app.blacklist_all();

    assert_eq!(app.refresh(&pair.refresh).await.line(), BLACKLISTED);
}

#[tokio::test]
async fn what_djangos_admin_lets_go_is_accepted_again_within_a_minute() {
    let app = TestApp::with_alice(looks_when_it_verifies).await;
    let (one, other) = (app.obtain_pair().await, app.obtain_pair().await);
    app.blacklist(&one.refresh).await;
    app.blacklist(&other.refresh).await;
    app.poll().await;

    app.execute("DELETE FROM token_blacklist_blacklistedtoken WHERE id = 1");
    app.advance(60);
    app.poll().await;
    app.execute(NOBODY_WRITES);

    assert_eq!(app.verify(&one.refresh).await.status, 200);
    assert_eq!(app.verify(&other.refresh).await.status, 400);
}

#[tokio::test]
async fn at_the_start_what_is_blacklisted_is_read_into_memory() {
    let app = TestApp::with_alice(looks_when_it_verifies).await;
    let (one, other) = (app.obtain_pair().await, app.obtain_pair().await);
    app.blacklist(&one.refresh).await;

    let again = app.neighbour(looks_when_it_verifies).await;
    app.execute(NOBODY_WRITES);

    assert_eq!(again.verify(&one.refresh).await.status, 400);
    assert_eq!(again.verify(&other.refresh).await.status, 200);
}

#[tokio::test]
async fn memory_that_cannot_follow_is_believed_for_max_staleness_and_no_longer() {
    let app = TestApp::with_alice(looks_when_it_verifies).await;
    let pair = app.obtain_pair().await;
    app.execute(NOBODY_WRITES);

    app.advance(30);
    assert_eq!(app.verify(&pair.refresh).await.status, 200);
    app.advance(1);
    let answer = app.verify(&pair.refresh).await;

    assert_eq!(answer.status, 503);
    assert_eq!(answer.header("retry-after"), Some("1"));
}

#[tokio::test]
async fn tokens_that_nothing_looks_up_are_verified_in_any_outage() {
    let app = TestApp::spawn_with_alice().await;
    let pair = app.obtain_pair().await;

    app.execute(NOBODY_WRITES);
    app.advance(31);

    assert_eq!(app.verify(&pair.refresh).await.status, 200);
    assert_eq!(app.auth(&pair.access).await.status, 200);
}

#[tokio::test]
async fn with_max_staleness_zero_the_database_is_asked_each_time() {
    let app = TestApp::with_alice(|s| {
        looks_when_it_verifies(s);
        s.blacklist.max_staleness = Lifetime::seconds(0);
    })
    .await;
    let pair = app.obtain_pair().await;
    app.advance(1);

    app.blacklist_all();

    assert_eq!(app.verify(&pair.refresh).await.status, 400);
}

#[tokio::test]
async fn a_clock_that_jumps_ahead_and_back_revives_no_blacklisted_token() {
    let app = TestApp::with_alice(looks_when_it_verifies).await;
    let pair = app.obtain_pair().await;
    app.blacklist(&pair.refresh).await;

    app.advance(10 * 86_400);
    app.poll().await;
    app.advance(-10 * 86_400);

    assert_eq!(app.verify(&pair.refresh).await.status, 400);
    app.poll().await;
    app.execute(NOBODY_WRITES);
    assert_eq!(app.verify(&pair.refresh).await.status, 400);
}

#[tokio::test]
async fn a_blacklisted_token_is_refused_until_its_leeway_has_passed() {
    let app = TestApp::with_alice(|s| {
        looks_when_it_verifies(s);
        s.jwt.leeway = Lifetime::seconds(600);
    })
    .await;
    let pair = app.obtain_pair().await;
    app.blacklist(&pair.refresh).await;

    app.advance(86_400 + 599);
    app.poll().await;
    app.execute(NOBODY_WRITES);

    assert_eq!(app.verify(&pair.refresh).await.status, 400);
}

#[tokio::test]
async fn a_sliding_token_that_django_blacklisted_is_refused_to_its_last_refresh() {
    let app = TestApp::with_alice(sliding_tokens_open).await;
    let token = sign(
        r#"{"token_type":"sliding","exp":1795219593,"iat":1795219293,"jti":"django","refresh_exp":1795305693,"user_id":1}"#,
    );
    // Django's row expires with the token as it was issued.
    app.execute(&format!(
        "INSERT INTO token_blacklist_outstandingtoken (token, created_at, expires_at, user_id, jti) \
         VALUES ('{token}', '2026-11-21 00:01:33', '2026-11-21 00:06:33', 1, 'django')"
    ));
    app.advance(200);
    let slid = app.refresh_sliding(&token).await.text("token");
    app.blacklist_all();
    app.poll().await;

    app.advance(290);
    app.poll().await;
    app.execute(NOBODY_WRITES);

    assert_eq!(claim(&slid, "exp"), 1_795_219_293 + 500);
    assert_eq!(app.auth(&slid).await.status, 401);
}

const COUNT: &str = "SELECT (SELECT count(*) FROM token_blacklist_outstandingtoken), \
     (SELECT count(*) FROM token_blacklist_blacklistedtoken), \
     (SELECT count(*) FROM tegata_rotation)";

fn rotates(settings: &mut Settings) {
    settings.jwt.rotate_refresh_tokens = true;
    settings.jwt.blacklist_after_rotation = true;
}

#[tokio::test]
async fn what_expired_is_flushed_after_leeway_and_an_hour() {
    let app = TestApp::with_alice(|s| {
        rotates(s);
        s.jwt.leeway = Lifetime::seconds(10);
    })
    .await;
    app.refresh(&app.obtain_pair().await.refresh).await;

    app.advance(86_400 + 3_600 + 9);
    app.flush().await;
    assert_eq!(app.select(COUNT), ["2|1|1"]);
    app.advance(1);
    app.flush().await;

    assert_eq!(app.select(COUNT), ["0|0|0"]);
}

#[tokio::test]
async fn a_flush_while_the_clock_is_ahead_revives_no_blacklisted_token() {
    let app = TestApp::with_alice(rotates).await;
    let old = app.obtain_pair().await.refresh;
    app.refresh(&old).await;

    app.advance(86_400 + 3_599);
    app.flush().await;
    app.poll().await;
    app.advance(-86_400);

    assert_eq!(app.refresh(&old).await.line(), BLACKLISTED);
    assert_eq!(app.verify(&old).await.status, 400);
}

#[tokio::test]
async fn a_blacklisted_sliding_token_is_not_flushed_while_it_can_be_refreshed() {
    let app = TestApp::with_alice(sliding_tokens_open).await;
    let token = app.obtain_sliding().await;
    app.blacklist_all();

    app.advance(250);
    app.flush().await;

    assert_eq!(app.select(COUNT), ["1|1|0"]);
    assert_eq!(app.refresh_sliding(&token).await.line(), BLACKLISTED);
}
