//! What other engines' types forbid.

use super::{names_one_by_one, numbered, open, person, person_table, refusal};
use crate::app::TestApp;
use crate::database::Database;

#[tokio::test]
async fn a_damaged_row_is_refused_like_an_unknown_user() {
    let table = "CREATE TABLE person (id integer PRIMARY KEY, username text UNIQUE, \
                 password, is_active); \
                 INSERT INTO person SELECT 1, 'whole', password, 1 FROM auth_user; \
                 INSERT INTO person SELECT 2, 'said', password, 'yes' FROM auth_user; \
                 INSERT INTO person SELECT 3, 'bytes', CAST(password AS blob), 1 FROM auth_user;";
    let django = TestApp::spawn_with_alice().await;
    django.execute(table);
    let app = django.neighbour(numbered).await;
    let unknown = app.login("nobody", "alice-pw").await.line();

    for name in ["said", "bytes"] {
        assert_eq!(app.login(name, "alice-pw").await.line(), unknown, "{name}");
    }

    assert_eq!(app.login("whole", "alice-pw").await.status, 200);
}

#[tokio::test]
async fn whoever_lists_the_users_comes_to_an_end_whatever_their_keys_are() {
    let database = Database::new();
    let rows = "INSERT INTO person VALUES ('6F9619FF8B86D011B42D00C04FC964FF', '', 'a', '', 0), \
                ('7-of-9', '', 'b', '', 0), ('no uuid', '', 'c', '', 0)";
    let store = open(&database, &(person_table() + rows), person)
        .await
        .unwrap();

    assert_eq!(names_one_by_one(&store).await, "abc");
}

#[tokio::test]
async fn look_alikes_of_a_number_are_not_one_name_whatever_its_column_is_called() {
    for column in ["bigint unsigned", "decimal(12, 0)"] {
        let table = person_table().replace("varchar(254)", column);

        let refused = refusal(&table, person).await;

        assert!(refused.contains("holds numbers"), "{refused}");
    }
}
