use super::refresh;
use crate::cli::token::issue::{token, with_alice};

#[tokio::test]
async fn the_tokens_of_a_deleted_user_end() {
    let folder = with_alice();
    folder.execute("INSERT INTO auth_group (name) VALUES ('staff')");
    folder.execute("INSERT INTO auth_user_groups (user_id, group_id) VALUES (1, 1)");
    let token = token(&folder.run(&["token", "issue", "alice"]), "refresh");

    let deleted = folder.run(&["users", "delete", "alice", "--yes"]);

    assert_eq!(deleted.stderr, "alice: deleted\n");
    assert!(folder.select("SELECT username FROM auth_user").is_empty());
    assert!(
        folder
            .select("SELECT user_id FROM auth_user_groups")
            .is_empty()
    );
    let service = folder.serve();
    let (status, refused) = refresh(&service, &token).await;
    assert!(
        refused.contains("Token is blacklisted"),
        "{status} {refused}"
    );
}

#[test]
fn tokens_end_also_where_no_foreign_key_says_whose_they_are() {
    let folder = with_alice();
    folder.database.drop_owners_of_tokens();
    folder.run(&["token", "issue", "alice"]);

    folder.run(&["users", "delete", "alice", "--yes"]);

    let left = "SELECT user_id FROM token_blacklist_blacklistedtoken AS b \
                JOIN token_blacklist_outstandingtoken AS o ON o.id = b.token_id";
    assert_eq!(folder.select(left), ["NULL"]);
}

#[test]
fn a_user_whose_rows_only_django_knows_stays() {
    let folder = with_alice();
    folder.run(&["token", "issue", "alice"]);
    folder.execute(
        "CREATE TABLE shop_order (id integer PRIMARY KEY, \
         buyer_id integer NOT NULL REFERENCES auth_user (id) DEFERRABLE INITIALLY DEFERRED)",
    );
    folder.execute("INSERT INTO shop_order VALUES (1, 1)");

    let refused = folder.run(&["users", "delete", "alice", "--yes"]);

    refused.assert_refused("the table shop_order has rows of alice");
    assert_eq!(folder.select("SELECT username FROM auth_user"), ["alice"]);
    let blacklisted = "SELECT id FROM token_blacklist_blacklistedtoken";
    assert!(folder.select(blacklisted).is_empty());
}

#[test]
fn rows_that_name_a_user_by_another_column_are_found_too() {
    let folder = with_alice();
    folder.execute(
        "CREATE TABLE shop_note (id integer PRIMARY KEY, author_id varchar(150) NOT NULL \
         REFERENCES auth_user (username) DEFERRABLE INITIALLY DEFERRED)",
    );
    folder.execute("INSERT INTO shop_note VALUES (1, 'alice')");

    let refused = folder.run(&["users", "delete", "alice", "--yes"]);

    refused.assert_refused("the table shop_note has rows of alice");
    assert_eq!(folder.select("SELECT username FROM auth_user"), ["alice"]);
}

#[test]
fn nobody_is_deleted_by_mistake() {
    let folder = with_alice();

    let misused = folder.run(&["users", "delete", "alice"]);

    assert_eq!(misused.code, Some(2));
    assert_eq!(folder.select("SELECT username FROM auth_user"), ["alice"]);
}
