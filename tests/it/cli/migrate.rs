use rusqlite::Connection;

use super::command::Folder;

#[test]
fn an_empty_database_gets_its_tables_once() {
    let folder = Folder::new();

    let first = folder.run(&["migrate"]);
    let second = folder.run(&["migrate"]);

    assert_eq!(
        (first.code, first.stderr.as_str()),
        (Some(0), "tegata.db: tables created\n")
    );
    assert_eq!(second.code, Some(0));
    assert_eq!(second.stderr, "tegata.db: tables found, nothing to do\n");
}

#[test]
fn a_database_without_djangos_tables_is_refused_and_left_alone() {
    let folder = Folder::new();
    let database = Connection::open(folder.path().join("tegata.db")).unwrap();
    database
        .execute_batch("CREATE TABLE shop (id integer)")
        .unwrap();

    let refused = folder.run(&["serve"]);

    refused.assert_refused("add \"django.contrib.auth\" to INSTALLED_APPS");
    let sql = "SELECT group_concat(name) FROM sqlite_master";
    let tables: String = database.query_row(sql, [], |row| row.get(0)).unwrap();
    assert_eq!(tables, "shop");
}

#[test]
fn a_database_without_the_blacklist_app_is_refused_naming_it() {
    let folder = Folder::new();
    folder.run(&["migrate"]);
    let database = Connection::open(folder.path().join("tegata.db")).unwrap();
    database
        .execute_batch("DROP TABLE token_blacklist_blacklistedtoken")
        .unwrap();

    let refused = folder.run(&["migrate"]);
    let without = folder
        .command(&["migrate"])
        .env("TEGATA_BLACKLIST__ENABLED", "no")
        .output();

    refused.assert_refused("add \"ninja_jwt.token_blacklist\" to INSTALLED_APPS");
    assert!(without.unwrap().status.success());
}

#[test]
fn the_journal_of_a_database_found_is_kept() {
    let folder = Folder::new();
    folder.run(&["migrate"]);
    let database = Connection::open(folder.path().join("tegata.db")).unwrap();
    let journal = |sql: &str| -> String { database.query_row(sql, [], |row| row.get(0)).unwrap() };
    assert_eq!(journal("PRAGMA journal_mode"), "wal");
    journal("PRAGMA journal_mode = DELETE");

    folder.run_with_input(&["createuser", "alice", "--password-stdin"], "alice-pw");

    assert_eq!(journal("PRAGMA journal_mode"), "delete");
}

#[test]
fn without_auto_migrate_serve_creates_nothing() {
    let folder = Folder::with_config(
        "[server]\nbind = \"127.0.0.1:0\"\n[jwt]\nALGORITHM = \"ES256\"\n\
         [database]\nauto_migrate = false\n",
    );

    let refused = folder.run(&["serve"]);

    assert_eq!(refused.code, Some(1));
    assert_eq!(
        refused.stderr,
        "error: there is no database tegata.db: run `tegata migrate`\n"
    );
    assert!(!folder.path().join("tegata.db").exists());
}
