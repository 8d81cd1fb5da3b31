use crate::cli::command::Folder;

#[test]
fn the_journal_of_a_database_found_is_kept() {
    let folder = Folder::new();
    folder.run(&["migrate"]);
    assert_eq!(folder.select("PRAGMA journal_mode"), ["wal"]);
    folder.select("PRAGMA journal_mode = DELETE");

    folder.run_with_input(&["createuser", "alice", "--password-stdin"], "alice-pw");

    assert_eq!(folder.select("PRAGMA journal_mode"), ["delete"]);
}

#[test]
fn a_database_that_is_not_there_is_told() {
    let refused = Folder::new().run(&["users", "list"]);

    refused.assert_refused("there is no database tegata.db: run `tegata migrate`");
}
