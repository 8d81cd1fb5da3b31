mod postgres;
mod sqlite;

use super::command::Folder;

#[test]
fn an_empty_database_gets_its_tables_once() {
    let folder = Folder::new();

    let first = folder.run(&["migrate"]);
    let second = folder.run(&["migrate"]);

    let name = folder.database.name();
    assert_eq!((first.code, second.code), (Some(0), Some(0)));
    assert_eq!(first.stderr, format!("{name}: tables created\n"));
    assert_eq!(
        second.stderr,
        format!("{name}: tables found, nothing to do\n")
    );
}

#[test]
fn a_database_that_django_made_gets_tegatas_own_tables_and_keeps_its_own() {
    let folder = Folder::new();
    folder.database.make_djangos_tables();
    let djangos = || ["auth", "django", "token"].map(|prefix| folder.database.schema(prefix));
    let before = djangos();

    let first = folder.run(&["migrate"]);
    let second = folder.run(&["migrate"]);

    let name = folder.database.name();
    let extended = "tegata's own tables brought up to date, Django's left as they are";
    assert_eq!(first.stderr, format!("{name}: {extended}\n"));
    assert_eq!(
        second.stderr,
        format!("{name}: tables found, nothing to do\n")
    );
    assert_eq!(djangos(), before);
    assert!(before.iter().all(|tables| !tables.is_empty()));
    let tables = folder.database.tables();
    assert!(tables.contains(&"tegata_rotation".to_owned()), "{tables:?}");
}

#[test]
fn a_migration_that_was_interrupted_is_finished() {
    let folder = Folder::new();
    folder.run(&["migrate"]);
    folder.execute("DROP TABLE tegata_rotation; DELETE FROM tegata_schema_history");

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
    folder.execute("UPDATE tegata_schema_history SET version = 0");

    let refused = folder.run(&["flushexpiredtokens"]);

    let name = folder.database.name();
    refused.assert_refused(&format!(
        "an earlier tegata made its tables in the database {name}: run"
    ));
}

#[test]
fn tables_of_a_later_release_are_refused_whoever_migrates() {
    let folder = Folder::new();
    folder.run(&["migrate"]);
    folder.execute("INSERT INTO tegata_schema_history VALUES (99, 'later', '', '0')");

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
    folder.execute("CREATE TABLE shop (id integer)");

    let refused = folder.run(&["serve"]);

    refused.assert_refused("add \"django.contrib.auth\" to INSTALLED_APPS");
    assert_eq!(folder.database.tables(), ["shop"]);
}

#[test]
fn a_database_without_the_blacklist_app_is_refused_naming_it() {
    let folder = Folder::new();
    folder.run(&["migrate"]);
    folder.execute("DROP TABLE token_blacklist_blacklistedtoken");

    let refused = folder.run(&["migrate"]);
    let without = folder
        .command(&["migrate"])
        .env("TEGATA_BLACKLIST__ENABLED", "no")
        .output();

    refused.assert_refused("add \"ninja_jwt.token_blacklist\" to INSTALLED_APPS");
    assert!(without.unwrap().status.success());
}

#[test]
fn without_auto_migrate_serve_creates_nothing() {
    let folder = Folder::with_config(
        "[server]\nbind = \"127.0.0.1:0\"\n[jwt]\nALGORITHM = \"ES256\"\n\
         [database]\nauto_migrate = false\n",
    );

    let refused = folder.run(&["serve"]);

    refused.assert_refused(": run `tegata migrate`");
    assert!(folder.database.is_untouched());
}
