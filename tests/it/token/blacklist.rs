use insta::assert_snapshot;

use super::signed::{claim, sign};
use super::verbs::{BLACKLISTED, INVALID, WRONG_TYPE};
use crate::app::TestApp;

const BLACKLISTED_ROWS: &str = "SELECT user_id, jti, created_at, expires_at, blacklisted_at \
     FROM token_blacklist_blacklistedtoken AS blacklisted \
     JOIN token_blacklist_outstandingtoken AS outstanding ON outstanding.id = token_id";

#[tokio::test]
async fn a_blacklisted_token_is_of_no_use_from_then_on() {
    let app = TestApp::spawn_with_alice().await;
    let pair = app.obtain_pair().await;

    assert_eq!(app.blacklist(&pair.refresh).await.line(), "200 {}");

    assert_eq!(app.refresh(&pair.refresh).await.line(), BLACKLISTED);
    assert_eq!(app.blacklist(&pair.refresh).await.line(), BLACKLISTED);
}

#[tokio::test]
async fn one_blacklisted_token_leaves_the_others_alone() {
    let app = TestApp::spawn_with_alice().await;
    let (one, other) = (app.obtain_pair().await, app.obtain_pair().await);

    app.blacklist(&one.refresh).await;

    assert_eq!(app.refresh(&other.refresh).await.status, 200);
    assert_eq!(app.get_user(&one.access).await.status, 200);
}

#[tokio::test]
async fn the_rows_of_a_blacklisted_token_are_django_s() {
    let app = TestApp::spawn_with_alice().await;
    let pair = app.obtain_pair().await;

    app.advance(60);
    app.blacklist(&pair.refresh).await;

    let jti = claim(&pair.refresh, "jti");
    assert_eq!(
        app.select(BLACKLISTED_ROWS),
        [format!(
            "1|{}|2026-11-21 00:01:33|2026-11-22 00:01:33|2026-11-21 00:02:33",
            jti.as_str().unwrap()
        )]
    );
}

#[tokio::test]
async fn a_token_without_a_row_gets_one_with_its_user() {
    let app = TestApp::spawn_with_alice().await;
    let token =
        sign(r#"{"token_type":"refresh","exp":1795305693.5,"jti":"elsewhere","user_id":1}"#);

    assert_eq!(app.blacklist(&token).await.status, 200);

    assert_eq!(
        app.select(BLACKLISTED_ROWS),
        ["1|elsewhere|2026-11-21 00:01:33|2026-11-22 00:01:33.500000|2026-11-21 00:01:33"]
    );
    let stored = app.select("SELECT token FROM token_blacklist_outstandingtoken");
    assert_eq!(stored, [token]);
}

#[tokio::test]
async fn a_token_of_no_user_gets_a_row_of_nobody() {
    let app = TestApp::spawn_with_alice().await;
    let token = |jti: &str, user: &str| {
        let claims = format!(r#"{{"token_type":"refresh","exp":1795305693,"jti":"{jti}"{user}}}"#);
        sign(&claims)
    };

    for token in [
        token("absent", ""),
        token("unknown", r#","user_id":99"#),
        token("junk", r#","user_id":"junk""#),
        token("none", r#","user_id":[1]"#),
    ] {
        assert_eq!(app.blacklist(&token).await.status, 200);
    }

    let rows = app.select("SELECT user_id, jti FROM token_blacklist_outstandingtoken");
    assert_eq!(
        rows,
        ["NULL|absent", "NULL|unknown", "NULL|junk", "NULL|none"]
    );
}

#[tokio::test]
async fn a_user_named_like_anothers_number_is_not_taken_for_that_one() {
    let app = TestApp::with_alice(|s| s.jwt.user_id_field = "username".to_owned()).await;
    app.create_user("1", "pw").await;
    let token = sign(r#"{"token_type":"refresh","exp":1795305693,"jti":"x","user_id":"1"}"#);

    app.blacklist(&token).await;

    let rows = app.select("SELECT user_id FROM token_blacklist_outstandingtoken");
    assert_eq!(rows, ["2"]);
}

#[tokio::test]
async fn a_disabled_user_can_still_log_out() {
    let app = TestApp::spawn_with_alice().await;
    let pair = app.obtain_pair().await;

    app.disable_users();

    assert_eq!(app.blacklist(&pair.refresh).await.status, 200);
}

#[tokio::test]
async fn a_blacklisted_token_of_the_wrong_type_is_told_to_be_blacklisted() {
    let app = TestApp::spawn_with_alice().await;
    let token = app.obtain_sliding().await;
    app.blacklist_all();

    assert_eq!(app.blacklist(&token).await.line(), BLACKLISTED);
}

#[tokio::test]
async fn a_blacklisted_token_that_expired_is_told_to_be_expired() {
    let app = TestApp::spawn_with_alice().await;
    let pair = app.obtain_pair().await;
    app.blacklist(&pair.refresh).await;

    app.advance(86_400);

    assert_eq!(app.blacklist(&pair.refresh).await.line(), INVALID);
    assert_eq!(app.refresh(&pair.refresh).await.line(), INVALID);
}

#[tokio::test]
async fn verify_does_not_ask_the_blacklist_without_blacklist_after_rotation() {
    let app = TestApp::spawn_with_alice().await;
    let pair = app.obtain_pair().await;

    app.blacklist(&pair.refresh).await;

    assert_eq!(app.verify(&pair.refresh).await.status, 200);
}

#[tokio::test]
async fn only_refresh_tokens_can_be_blacklisted() {
    let app = TestApp::spawn_with_alice().await;
    let (pair, sliding) = (app.obtain_pair().await, app.obtain_sliding().await);

    assert_eq!(app.blacklist(&pair.access).await.line(), WRONG_TYPE);
    assert_eq!(app.blacklist(&sliding).await.line(), WRONG_TYPE);

    let rows = app.select("SELECT * FROM token_blacklist_blacklistedtoken");
    assert!(rows.is_empty(), "{rows:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn of_many_blacklistings_of_one_token_one_is_the_first() {
    let app = TestApp::spawn_with_alice().await;
    let body = format!(r#"{{"refresh": "{}"}}"#, app.obtain_pair().await.refresh);

    let answers = app.post_at_once("/api/token/blacklist", &body, 20).await;

    let first = answers.iter().filter(|answer| answer.line() == "200 {}");
    let others = answers.iter().filter(|answer| answer.line() == BLACKLISTED);
    assert_eq!((first.count(), others.count()), (1, 19));
}

#[tokio::test]
async fn a_body_that_does_not_fit_is_answered_as_ninja_does() {
    let app = TestApp::spawn().await;

    let bodies = [
        "",
        "{",
        "null",
        "{}",
        r#"{"refresh": ""}"#,
        r#"{"refresh": 1}"#,
        r#"{"refresh": "\ud800"}"#,
        r#"{"refresh": "x"}"#,
    ];
    assert_snapshot!(app.transcript("/api/token/blacklist", &bodies).await);
}
