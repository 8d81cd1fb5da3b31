//! The blacklisted tokens in memory, and how they follow the database.

mod postgres;
mod sqlite;

use tegata::settings::{Settings, StoredToken};
use tegata_jwt::{Lifetime, TokenClass};

use crate::app::{BEGIN, TestApp};
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
async fn what_is_blacklisted_after_the_tables_began_anew_is_refused() {
    let app = TestApp::with_alice(looks_when_it_verifies).await;
    let expired = app.obtain_pair().await;
    app.blacklist(&expired.refresh).await;
    app.advance(2 * DAY);
    app.poll().await;
    app.database.flush_tokens();
    let pair = app.obtain_pair().await;

    app.blacklist(&pair.refresh).await;
    app.advance(60);
    app.poll().await;

    assert_eq!(app.verify(&pair.refresh).await.status, 400);
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
async fn an_access_token_opens_in_any_outage_whatever_else_would_open() {
    let app = TestApp::with_alice(|s| {
        s.jwt.auth_token_classes = vec![TokenClass::Sliding, TokenClass::Access];
    })
    .await;
    let (pair, sliding) = (app.obtain_pair().await, app.obtain_sliding().await);

    app.execute(NOBODY_WRITES);
    app.advance(31);

    assert_eq!(app.auth(&pair.access).await.status, 200);
    assert_eq!(app.auth(&sliding).await.status, 503);
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

const DAY: i64 = 86_400;

/// A sliding token as Django issued it at the beginning, and its row: that expires with the token as
/// it was issued.
fn django_issues_sliding(app: &TestApp, exp: i64, refresh_exp: i64, expires_at: &str) -> String {
    let token = sign(&format!(
        r#"{{"token_type":"sliding","exp":{exp},"iat":{BEGIN},"jti":"django","refresh_exp":{refresh_exp},"user_id":1}}"#
    ));
    app.execute(&format!(
        "INSERT INTO token_blacklist_outstandingtoken (token, created_at, expires_at, user_id, jti) \
         VALUES ('{token}', '2026-11-21 00:01:33', '{expires_at}', 1, 'django')"
    ));
    token
}

#[tokio::test]
async fn a_sliding_token_that_django_blacklisted_is_refused_to_its_last_refresh() {
    let app = TestApp::with_alice(sliding_tokens_open).await;
    let (exp, refresh_exp) = (BEGIN + 300, BEGIN + DAY);
    let token = django_issues_sliding(&app, exp, refresh_exp, "2026-11-21 00:06:33");
    app.advance(200);
    let slid = app.refresh_sliding(&token).await.text("token");
    app.blacklist_all();
    app.poll().await;

    app.advance(290);
    app.poll().await;
    app.execute(NOBODY_WRITES);

    assert_eq!(claim(&slid, "exp"), BEGIN + 500);
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

#[tokio::test]
async fn a_sliding_token_that_django_blacklisted_is_not_flushed_before_its_last_use() {
    let app = TestApp::with_alice(|s| {
        sliding_tokens_open(s);
        s.jwt.sliding_token_lifetime = Lifetime::days(1);
        s.jwt.sliding_token_refresh_lifetime = Lifetime::days(30);
    })
    .await;
    let (exp, refresh_exp) = (BEGIN + DAY, BEGIN + 30 * DAY);
    let token = django_issues_sliding(&app, exp, refresh_exp, "2026-11-22 00:01:33");
    app.advance(DAY - 3_600);
    let slid = app.refresh_sliding(&token).await.text("token");
    app.blacklist_all();

    app.advance(2 * 3_600);
    app.flush().await;
    app.poll().await;

    assert_eq!(app.refresh_sliding(&slid).await.line(), BLACKLISTED);
    assert_eq!(app.auth(&slid).await.status, 401);
    app.advance(30 * DAY);
    app.flush().await;
    assert_eq!(app.select(COUNT), ["0|0|0"]);
}

#[tokio::test]
async fn a_blacklisted_sliding_token_is_refused_to_its_last_refresh_whose_leeway_counts_twice() {
    let app = TestApp::with_alice(|s| {
        sliding_tokens_open(s);
        s.jwt.leeway = Lifetime::seconds(7_200);
        s.blacklist.stored_token = StoredToken::None;
    })
    .await;
    let mut token = app.obtain_sliding().await;
    for _ in 0..13 {
        app.advance(7_199);
        token = app.refresh_sliding(&token).await.text("token");
    }
    app.blacklist_all();

    app.advance(2 * 3_600);
    app.flush().await;
    app.poll().await;

    assert_eq!(app.auth(&token).await.status, 401);
}

#[tokio::test]
async fn a_row_that_ends_hours_before_its_token_as_of_a_django_without_time_zones_is_kept() {
    let app = TestApp::with_alice(looks_when_it_verifies).await;
    let pair = app.obtain_pair().await;
    app.execute("UPDATE token_blacklist_outstandingtoken SET expires_at = '2026-11-20 15:01:33'");

    app.blacklist_all();
    app.flush().await;
    app.poll().await;

    assert_eq!(app.verify(&pair.refresh).await.status, 400);
    assert_eq!(app.refresh(&pair.refresh).await.line(), BLACKLISTED);
}

#[tokio::test]
async fn a_token_that_django_let_live_longer_than_its_row_says_is_blacklisted_to_its_end() {
    let app = TestApp::with_alice(looks_when_it_verifies).await;
    let exp = BEGIN + 30 * DAY;
    let token = sign(&format!(
        r#"{{"token_type":"refresh","exp":{exp},"jti":"remembered","user_id":1}}"#
    ));
    // `RefreshToken.for_user`, which writes the row, and then `set_exp`.
    app.execute(
        "INSERT INTO token_blacklist_outstandingtoken (token, created_at, expires_at, user_id, jti) \
         VALUES ('', '2026-11-21 00:01:33', '2026-11-22 00:01:33', 1, 'remembered')",
    );
    assert_eq!(app.blacklist(&token).await.line(), "200 {}");

    app.advance(2 * DAY);
    app.flush().await;
    app.poll().await;

    assert_eq!(app.refresh(&token).await.line(), BLACKLISTED);
    assert_eq!(app.verify(&token).await.status, 400);
}

#[tokio::test]
async fn a_sliding_token_that_django_issued_is_found_after_a_flush_and_ended_with_its_user() {
    let app = TestApp::with_alice(sliding_tokens_open).await;
    let (exp, refresh_exp) = (BEGIN + 300, BEGIN + DAY);
    let mut token = django_issues_sliding(&app, exp, refresh_exp, "2026-11-21 00:06:33");
    for _ in 0..20 {
        app.advance(240);
        token = app.refresh_sliding(&token).await.text("token");
    }
    app.flush().await;

    assert_eq!(app.revoke_alice().await, 1);

    assert_eq!(app.refresh_sliding(&token).await.line(), BLACKLISTED);
}

/// What left memory at a token's end would open everything again.
#[tokio::test]
async fn a_reload_after_which_tokens_are_of_use_for_longer_asks_the_database_first() {
    let app = TestApp::spawn().await;

    assert!(app.trusts_memory_after(|s| s.jwt.update_last_login = true));
    assert!(!app.trusts_memory_after(|s| s.jwt.leeway = Lifetime::seconds(60)));
}
