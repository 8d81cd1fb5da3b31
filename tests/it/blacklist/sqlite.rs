use super::looks_when_it_verifies;
use crate::app::TestApp;

#[tokio::test]
async fn a_row_that_no_token_has_is_in_nobodys_way() {
    let app = TestApp::with_alice(looks_when_it_verifies).await;
    let pair = app.obtain_pair().await;
    app.execute(
        "INSERT INTO token_blacklist_outstandingtoken (id, token, expires_at, jti) \
         VALUES (-1, x'00ff', 5, x'ff'), (-2, '', 'never', ''), (-3, '', x'', 17)",
    );

    app.blacklist_all();
    app.poll().await;

    assert_eq!(app.verify(&pair.refresh).await.status, 400);
}
