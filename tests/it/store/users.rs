//! Tables of users that a project made: what is read of them, and what is refused.

mod sqlite;

use anyhow::Result;
use serde_json::json;
use tegata::settings::{Settings, Users};
use tegata::store::Store;

use super::now;
use crate::app::TestApp;
use crate::database::{Database, uuid_type};
use crate::token::signed::claim;

/// As Django declares a model with a UUID as its key and an e-mail address as its name.
fn person_table() -> String {
    format!(
        "CREATE TABLE person (uid {} NOT NULL PRIMARY KEY, pw varchar(128) NOT NULL, \
         mail varchar(254) NOT NULL UNIQUE, nickname varchar(50) NOT NULL, is_admin bool NOT NULL);",
        uuid_type()
    )
}

/// Tokens of these users have no rows: those that are there belong to `auth_user`.
fn person(settings: &mut Settings) {
    settings.blacklist.enabled = false;
    settings.users = Users {
        table: "person".to_owned(),
        id_column: "uid".to_owned(),
        username_field: "email".to_owned(),
        username_column: "mail".to_owned(),
        password_column: "pw".to_owned(),
        is_active_column: String::new(),
        last_login_column: String::new(),
        ..settings.users.clone()
    };
}

/// A model whose keys are Django's usual ones.
fn numbered(settings: &mut Settings) {
    settings.blacklist.enabled = false;
    settings.users.table = "person".into();
    settings.users.last_login_column = String::new();
}

/// A service on a database with this table.
async fn spawn(table: &str, change: impl FnOnce(&mut Settings)) -> (TestApp, TestApp) {
    let django = TestApp::spawn().await;
    django.execute(table);
    let app = django.neighbour(change).await;
    (django, app)
}

/// Why a table is refused.
async fn refusal(table: &str, change: impl FnOnce(&mut Settings)) -> String {
    let database = Database::new();
    let opened = open(&database, table, change).await;
    format!("{:#}", opened.err().unwrap())
}

/// The store of a database that has this table besides.
async fn open(
    database: &Database,
    table: &str,
    change: impl FnOnce(&mut Settings),
) -> Result<Store> {
    let mut settings = Settings::default();
    settings.database.url = database.url().try_into().unwrap();
    Store::migrate(&settings, now()).await.unwrap();
    database.execute(table);
    change(&mut settings);
    Store::open(&settings).await
}

/// The names of a few users, listed a page for each.
async fn names_one_by_one(store: &Store) -> String {
    let (mut names, mut place) = (String::new(), None);
    for _ in 0..5 {
        let page = store.users_after(place.clone(), 1).await.unwrap();
        names.extend(page.iter().map(|user| user.username.as_str()));
        place = page.last().map(|user| user.place.clone()).or(place);
    }
    names
}

#[tokio::test]
async fn a_model_may_name_everything_otherwise() {
    let (_django, app) = spawn(&person_table(), person).await;
    let id = app.create_user("alice@example.org", "alice-pw").await;

    let login = json!({ "email": "alice@example.org", "password": "alice-pw" });
    let pair = app.post("/api/token/pair", login.to_string()).await;

    assert_eq!(pair.status, 200, "{pair:?}");
    assert_eq!(pair.text("email"), "alice@example.org");
    let access = pair.text("access");
    assert_eq!(claim(&access, "user_id"), id.to_string());
    assert_eq!(app.get_user(&access).await.json()["id"], id.to_string());
    assert_eq!(app.refresh(&pair.text("refresh")).await.status, 200);
}

#[tokio::test]
async fn a_uuid_is_kept_as_django_keeps_it() {
    let (django, app) = spawn(&person_table(), person).await;

    let id = app.create_user("alice@example.org", "alice-pw").await;

    let simple = id.to_string().replace('-', "");
    assert_eq!(id.to_string().len(), 36);
    assert_eq!(
        django.select("SELECT uid, nickname, is_admin FROM person"),
        [format!("{simple}||0")]
    );
}

#[tokio::test]
async fn keys_may_be_texts() {
    let table = "CREATE TABLE person (code varchar(10) NOT NULL PRIMARY KEY, \
                 username varchar(20) NOT NULL UNIQUE, password varchar(128) NOT NULL); \
                 INSERT INTO person SELECT '007', 'james', password FROM auth_user";
    let django = TestApp::spawn_with_alice().await;
    django.execute(table);
    let app = django
        .neighbour(|s| {
            person(s);
            s.users = Users {
                id_column: "code".to_owned(),
                username_field: "username".to_owned(),
                username_column: String::new(),
                password_column: "password".to_owned(),
                ..s.users.clone()
            };
        })
        .await;

    let pair = app.login("james", "alice-pw").await;

    assert_eq!(claim(&pair.text("access"), "user_id"), "007");
    assert_eq!(app.get_user(&pair.text("access")).await.status, 200);
}

#[tokio::test]
async fn the_length_of_a_name_is_that_of_its_column() {
    let (_django, app) = spawn(&person_table(), person).await;
    let post = async |length: usize| {
        let login = json!({ "email": "x".repeat(length), "password": "pw" });
        app.post("/api/token/pair", login.to_string()).await
    };

    assert_eq!(post(254).await.status, 401);
    let refused = post(255).await;
    assert_eq!(refused.status, 422);
    assert!(
        refused.body.contains("at most 254 characters"),
        "{refused:?}"
    );
}

#[tokio::test]
async fn a_row_that_does_not_say_all_is_refused_like_an_unknown_user() {
    let table = "CREATE TABLE person (id integer PRIMARY KEY, username varchar(20) UNIQUE, \
                 password varchar(128), is_active bool); \
                 INSERT INTO person SELECT 1, 'whole', password, TRUE FROM auth_user; \
                 INSERT INTO person SELECT 2, 'unsaid', password, NULL FROM auth_user; \
                 INSERT INTO person VALUES (3, 'nothing', NULL, TRUE), (4, NULL, NULL, NULL);";
    let django = TestApp::spawn_with_alice().await;
    django.execute(table);
    let app = django.neighbour(numbered).await;
    let unknown = app.login("nobody", "alice-pw").await.line();

    for name in ["unsaid", "nothing"] {
        assert_eq!(app.login(name, "alice-pw").await.line(), unknown, "{name}");
    }

    assert_eq!(app.login("whole", "alice-pw").await.status, 200);
}

#[tokio::test]
async fn users_are_listed_once_each_whatever_their_keys_are() {
    let uuids = "INSERT INTO person VALUES \
                 ('6f9619ff8b86d011b42d00c04fc96400', '', 'a', '', FALSE), \
                 ('6f9619ff8b86d011b42d00c04fc964ff', '', 'b', '', FALSE), \
                 ('ffffffffffffffffffffffffffffffff', '', 'c', '', FALSE)";
    let texts = "CREATE TABLE person (id varchar(9) PRIMARY KEY, username varchar(20) UNIQUE, \
                 password varchar(128), is_active bool); \
                 INSERT INTO person VALUES ('', 'a', '', TRUE), ('007', 'b', '', TRUE), \
                 ('7', 'c', '', TRUE)";
    let [one, other] = [Database::new(), Database::new()];
    let with_uuids = open(&one, &(person_table() + uuids), person).await.unwrap();
    let with_texts = open(&other, texts, numbered).await.unwrap();

    assert_eq!(names_one_by_one(&with_uuids).await, "abc");
    assert_eq!(names_one_by_one(&with_texts).await, "abc");
}

#[tokio::test]
async fn a_name_that_two_users_have_is_nobodys() {
    let table = person_table().replace(" UNIQUE", "");
    let django = TestApp::spawn_with_alice().await;
    django.execute(&table);
    let insert = |uid: &str| {
        django.execute(&format!(
            "INSERT INTO person SELECT '{uid}', password, 'alice@example.org', '', FALSE FROM auth_user"
        ));
    };
    let app = django.neighbour(person).await;
    let login = json!({ "email": "alice@example.org", "password": "alice-pw" }).to_string();
    insert("6f9619ff8b86d011b42d00c04fc964ff");
    assert_eq!(app.post("/api/token/pair", login.clone()).await.status, 200);

    insert("6f9619ff8b86d011b42d00c04fc96400");

    assert_eq!(app.post("/api/token/pair", login).await.status, 401);
}

#[tokio::test]
async fn look_alikes_of_a_number_are_not_one_name() {
    for column in ["integer", "bigint", "numeric(12,0)", "real"] {
        let table = person_table().replace("varchar(254)", column);

        let refused = refusal(&table, person).await;

        let expected = format!("the column `mail` of the table person holds numbers ({column})");
        assert!(refused.starts_with(&expected), "{refused}");
    }
}

#[tokio::test]
async fn a_column_that_is_not_there_is_told_with_those_that_are() {
    let refused = refusal(&person_table(), |s| {
        person(s);
        s.users.password_column = "hash".into();
    })
    .await;

    assert_eq!(
        refused,
        "the table person has no column `hash`: name the right one in [users] password_column. It \
         has uid, pw, mail, nickname, is_admin"
    );
}

#[tokio::test]
async fn a_table_whose_users_no_token_belongs_to_is_refused() {
    let refused = refusal(&person_table(), |s| {
        person(s);
        s.blacklist.enabled = true;
    })
    .await;

    assert_eq!(
        refused,
        "tokens belong to users of the table auth_user, and not of person: name the table of \
         AUTH_USER_MODEL in [users] table"
    );
}

#[tokio::test]
async fn a_table_of_tokens_that_no_login_could_be_recorded_in_is_refused() {
    let change = "ALTER TABLE token_blacklist_outstandingtoken RENAME COLUMN jti TO jti_hex;";

    let refused = refusal(change, |s| s.blacklist.enabled = true).await;

    assert!(
        refused.starts_with("the table token_blacklist_outstandingtoken is not as"),
        "{refused}"
    );
}

#[tokio::test]
async fn update_last_login_needs_its_column() {
    let refused = refusal(&person_table(), |s| {
        person(s);
        s.users.last_login_column = "last_login".into();
        s.jwt.update_last_login = true;
    })
    .await;

    assert!(refused.contains("[users] last_login_column"), "{refused}");
}

#[tokio::test]
async fn a_table_that_is_not_there_is_told() {
    let refused = refusal("", person).await;

    assert!(
        refused.contains("has no table person: run `manage.py migrate`, or name the right one"),
        "{refused}"
    );
}

#[tokio::test]
async fn an_empty_database_gets_no_table_that_a_project_must_make() {
    let database = Database::new();
    let mut settings = Settings::default();
    settings.database.url = database.url().try_into().unwrap();
    person(&mut settings);

    let refused = Store::migrate(&settings, now()).await;
    let refused = refused.unwrap_err().to_string();

    assert!(refused.contains("run `manage.py migrate`"), "{refused}");
    assert!(database.is_untouched());
}

#[tokio::test]
async fn what_a_row_must_say_and_nobody_knows_is_told() {
    let table = person_table().replace(");", ", birthday date NOT NULL);");
    let (_django, app) = spawn(&table, person).await;

    let refused = app.try_to_create_user("alice@example.org").await;

    assert!(
        refused.contains("each row of the table person must have a birthday (date)"),
        "{refused}"
    );
}
