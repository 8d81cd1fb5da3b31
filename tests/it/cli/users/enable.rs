use super::{refresh, user};
use crate::cli::serve::post;
use crate::cli::token::issue::{token, with_alice};

#[tokio::test]
async fn a_disabled_user_neither_logs_in_nor_refreshes_until_enabled() {
    let folder = with_alice();
    let token = token(&folder.run(&["token", "issue", "alice"]), "refresh");
    let service = folder.serve();
    let login = async || {
        let body = r#"{"username": "alice", "password": "alice-pw"}"#.to_owned();
        post(&format!("{}/api/token/pair", service.origin), body)
            .await
            .0
    };

    let disabled = folder.run(&["users", "disable", "alice"]);

    assert_eq!(disabled.stderr, "alice: disabled\n");
    assert_eq!(user(&folder, "alice")["is_active"], false);
    assert_eq!(login().await, 401);
    assert_eq!(refresh(&service, &token).await.0, 401);
    assert_eq!(
        folder.run(&["users", "enable", "alice"]).stderr,
        "alice: enabled\n"
    );
    assert_eq!(login().await, 200);
}

#[test]
fn nobody_of_that_name_is_told() {
    let folder = with_alice();

    for command in ["enable", "disable"] {
        let refused = folder.run(&["users", command, "nobody"]);
        refused.assert_refused("there is no user nobody");
    }
}
