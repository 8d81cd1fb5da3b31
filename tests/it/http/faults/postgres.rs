use crate::app::TestApp;

#[tokio::test]
#[ignore = "needs PostgreSQL"]
async fn connections_that_the_server_ends_are_replaced_before_anybody_notices() {
    let app = TestApp::with_alice(|s| s.jwt.rotate_refresh_tokens = true).await;
    let pair = app.obtain_pair().await;

    app.execute(END_THE_OTHERS);
    let refreshed = app.refresh(&pair.refresh).await;
    app.execute(END_THE_OTHERS);
    let login = app.login("alice", "alice-pw").await;

    assert_eq!(
        (refreshed.status.as_u16(), login.status.as_u16()),
        (200, 200)
    );
}

/// As a restart of the server does, or of what is between.
const END_THE_OTHERS: &str = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity \
     WHERE datname = current_database() AND pid <> pg_backend_pid()";
