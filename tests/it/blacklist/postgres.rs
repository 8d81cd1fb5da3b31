use super::looks_when_it_verifies;
use crate::app::TestApp;

#[tokio::test]
#[ignore = "needs PostgreSQL"]
async fn a_row_of_a_time_that_no_calendar_has_is_in_nobodys_way() {
    let app = TestApp::with_alice(looks_when_it_verifies).await;
    let pair = app.obtain_pair().await;
    app.execute(
        "INSERT INTO token_blacklist_outstandingtoken (id, token, created_at, expires_at, jti) \
         VALUES (-1, '', NULL, timestamptz 'infinity', ''), \
         (-2, '', timestamptz 'infinity', timestamptz '-infinity', 'a'), \
         (-3, '', NULL, timestamptz '294276-12-31 23:59:59+00', 'b'), \
         (-4, '', NULL, timestamptz '4713-01-01 BC', 'c')",
    );

    app.blacklist_all();
    app.poll().await;

    assert_eq!(app.verify(&pair.refresh).await.status, 400);
}
