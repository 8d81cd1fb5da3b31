use std::fs;

use super::mode;
use crate::cli::command::Folder;

#[test]
fn the_database_of_the_first_start_is_for_its_owner_alone() {
    let folder = Folder::new();
    let service = folder.serve();

    for file in ["tegata.db", "tegata.db-wal", "tegata.db-shm"] {
        assert_eq!(mode(&folder.path().join(file)), 0o600, "{file}");
    }
    drop(service);
}

#[test]
fn a_damaged_database_is_refused_and_never_replaced() {
    let folder = Folder::new();
    let database = folder.path().join("tegata.db");
    let damaged = "not a database, but somebody's file ".repeat(200);
    fs::write(&database, &damaged).unwrap();

    let refused = folder.run(&["serve"]);

    refused.assert_refused("cannot open the database tegata.db");
    assert_eq!(fs::read_to_string(&database).unwrap(), damaged);
}

#[test]
fn a_torn_database_is_refused_and_left_to_the_byte() {
    let folder = Folder::new();
    folder.serve().stop();
    let database = folder.path().join("tegata.db");
    let whole = fs::read(&database).unwrap();
    let cut_off = whole[..20_000].to_vec();
    let overwritten = [&whole[..100], &[0xff; 2000], &whole[2100..]].concat();

    for torn in [cut_off, overwritten] {
        fs::write(&database, &torn).unwrap();

        let refused = folder.run(&["serve"]);

        refused.assert_refused("database disk image is malformed");
        assert!(fs::read(&database).unwrap() == torn);
    }
}
