//! How a URL leads to a database.

use tegata::settings::Settings;
use tegata::store::{Migration, Store};

use crate::database::Database;
use crate::store::now;

#[tokio::test]
#[ignore = "needs PostgreSQL"]
async fn a_database_is_reached_by_a_socket_whatever_the_mode() {
    let database = Database::new();
    let folder = database.select("SHOW unix_socket_directories").remove(0);
    let (server, name) = parts(&database);
    let port = server.rsplit_once(':').unwrap().1;

    let url = format!("postgresql://tegata@/{name}?host={folder}&port={port}&sslmode=verify-full");

    assert!(is_empty(&url).await.unwrap());
}

#[tokio::test]
#[ignore = "needs PostgreSQL"]
async fn of_several_hosts_the_first_that_answers_is_taken() {
    let database = Database::new();
    let (server, name) = parts(&database);
    let host = server.rsplit_once('@').unwrap().1;

    let url = format!("postgres://tegata@127.0.0.1:1,{host}/{name}");

    assert!(is_empty(&url).await.unwrap());
}

#[tokio::test]
#[ignore = "needs PostgreSQL"]
async fn a_server_that_refuses_writes_is_passed_over_where_that_is_asked() {
    let database = Database::new();
    let (_, name) = parts(&database);
    database.execute(&format!(
        "ALTER DATABASE {name} SET default_transaction_read_only = on"
    ));

    for (attributes, is_taken) in [("any", true), ("primary", false), ("read-write", false)] {
        let url = format!("{}?target_session_attrs={attributes}", database.url());
        assert_eq!(is_empty(&url).await.is_ok(), is_taken, "{attributes}");
    }
}

#[tokio::test]
#[ignore = "needs PostgreSQL"]
async fn the_service_tells_the_server_who_it_is() {
    let database = Database::new();
    let settings = settings(&database.url());
    Store::migrate(&settings, now()).await.unwrap();

    let _store = Store::open(&settings).await.unwrap();

    let sql = "SELECT count(*) > 0 FROM pg_stat_activity \
               WHERE datname = current_database() AND application_name = 'tegata'";
    assert_eq!(database.select(sql), ["1"]);
}

#[tokio::test]
#[ignore = "needs PostgreSQL"]
async fn tables_are_made_in_the_schema_that_the_url_says() {
    let database = Database::new();
    database.execute("CREATE SCHEMA auth; CREATE TABLE public.auth_user ()");
    let url = format!("{}?options=-c%20search_path%3Dauth", database.url());
    let settings = settings(&url);

    Store::migrate(&settings, now()).await.unwrap();

    let sql = "SELECT count(*) FROM pg_tables WHERE schemaname = 'auth' \
               AND tablename IN ('auth_user', 'tegata_rotation', 'tegata_schema_history')";
    assert_eq!(database.select(sql), ["3"]);
    assert!(Store::open(&settings).await.is_ok());
}

#[tokio::test]
#[ignore = "needs PostgreSQL"]
async fn an_empty_schema_before_that_of_the_tables_does_not_hide_users_and_ended_tokens() {
    let database = Database::new();
    let before = settings(&database.url());
    Store::migrate(&before, now()).await.unwrap();
    database.execute("CREATE SCHEMA auth");
    let url = format!("{}?options=-c%20search_path%3Dauth,public", database.url());

    let migrated = Store::migrate(&settings(&url), now()).await;

    assert_eq!(migrated.unwrap(), Migration::Found);
    let sql = "SELECT count(*) FROM pg_tables WHERE schemaname = 'auth'";
    assert_eq!(database.select(sql), ["0"]);
}

#[tokio::test]
async fn a_server_that_is_away_is_named_without_its_password() {
    let refused = is_empty("postgres://tegata:hunter2@127.0.0.1:1/shop").await;

    let refused = refused.unwrap_err();
    assert!(
        refused.starts_with("cannot connect to the database postgres://tegata@127.0.0.1:1/shop: "),
        "{refused}"
    );
}

async fn is_empty(url: &str) -> Result<bool, String> {
    let empty = Store::is_empty(&settings(url)).await;
    empty.map_err(|error| format!("{error:#}"))
}

fn settings(url: &str) -> Settings {
    let mut settings = Settings::default();
    settings.database.url = url.to_owned().try_into().unwrap();
    settings
}

/// The server's URL, and the name of the database.
fn parts(database: &Database) -> (String, String) {
    let url = database.url();
    let (server, name) = url.rsplit_once('/').unwrap();
    (server.to_owned(), name.to_owned())
}
