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
fn a_database_that_django_made_gets_tegatas_own_tables_and_keeps_its_own() {
    let folder = Folder::new();
    let database = Connection::open(folder.path().join("tegata.db")).unwrap();
    let django = include_str!("../../../migrations/sqlite/django.sql");
    database.execute_batch(django).unwrap();
    let tables = |name: &str| -> String {
        let sql = "SELECT group_concat(sql) FROM sqlite_master WHERE tbl_name LIKE $1";
        database.query_row(sql, [name], |row| row.get(0)).unwrap()
    };
    let before = tables("auth%") + &tables("token%");

    let first = folder.run(&["migrate"]);
    let second = folder.run(&["migrate"]);

    assert_eq!(
        first.stderr,
        "tegata.db: tegata's own tables brought up to date, Django's left as they are\n"
    );
    assert_eq!(second.stderr, "tegata.db: tables found, nothing to do\n");
    assert_eq!(tables("auth%") + &tables("token%"), before);
    assert!(tables("tegata%").contains("tegata_rotation"));
}

#[test]
fn a_migration_that_was_interrupted_is_finished() {
    let folder = Folder::new();
    folder.run(&["migrate"]);
    let database = Connection::open(folder.path().join("tegata.db")).unwrap();
    database
        .execute_batch("DROP TABLE tegata_rotation; DELETE FROM tegata_schema_history")
        .unwrap();

    let refused = folder.run(&["flushexpiredtokens"]);
    let again = folder.run(&["migrate"]);

    refused.assert_refused("has no table tegata_rotation: run `tegata migrate`");
    assert_eq!(again.code, Some(0), "{again:?}");
    assert_eq!(folder.run(&["flushexpiredtokens"]).code, Some(0));
}

#[test]
fn tables_of_an_earlier_release_are_refused_until_they_are_migrated() {
    let folder = Folder::new();
    folder.run(&["migrate"]);
    let database = Connection::open(folder.path().join("tegata.db")).unwrap();
    database
        .execute_batch("UPDATE tegata_schema_history SET version = 0")
        .unwrap();

    let refused = folder.run(&["flushexpiredtokens"]);

    refused.assert_refused("an earlier tegata made its tables in the database tegata.db: run");
}

#[test]
fn tables_of_a_later_release_are_refused_whoever_migrates() {
    let folder = Folder::new();
    folder.run(&["migrate"]);
    let database = Connection::open(folder.path().join("tegata.db")).unwrap();
    database
        .execute_batch("INSERT INTO tegata_schema_history VALUES (99, 'later', '', '0')")
        .unwrap();

    let mut by_hand = folder.command(&["serve"]);
    by_hand.env("TEGATA_DATABASE__AUTO_MIGRATE", "no");
    let by_hand = by_hand.output().unwrap();

    folder
        .run(&["migrate"])
        .assert_refused("a later tegata has changed its tables");
    assert_eq!(by_hand.status.code(), Some(1));
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
