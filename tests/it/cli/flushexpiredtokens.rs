use rusqlite::Connection;

use super::command::Folder;
use super::token::issue::with_alice;

/// Ten tokens that expired and one that is of use, every second of them blacklisted, and two
/// rotations.
fn with_expired_tokens() -> (Folder, Connection) {
    let folder = with_alice();
    let database = Connection::open(folder.path().join("tegata.db")).unwrap();
    database
        .execute_batch(
            "WITH RECURSIVE number (n) AS (SELECT 1 UNION SELECT n + 1 FROM number LIMIT 11) \
             INSERT INTO token_blacklist_outstandingtoken \
                 (id, token, created_at, expires_at, user_id, jti) \
             SELECT n, '', NULL, iif(n = 6, '2999-01-01 00:00:00', '2020-01-01 00:00:00.5'), 1, n \
             FROM number; \
             INSERT INTO token_blacklist_blacklistedtoken (blacklisted_at, token_id) \
             SELECT '2020-01-01 00:00:00', id FROM token_blacklist_outstandingtoken \
             WHERE id % 2 = 0; \
             INSERT INTO tegata_rotation (parent_jti, successor_jti, family, rotated_at, \
                 successor_expires_at, expires_at) \
             VALUES ('1', '2', '1', '2020-01-01 00:00:00', '2020-01-02 00:00:00', \
                     '2020-01-02 00:00:00'), \
                    ('6', '7', '6', '2020-01-01 00:00:00', '2020-01-02 00:00:00', \
                     '2999-01-01 00:00:00')",
        )
        .unwrap();
    (folder, database)
}

fn left(database: &Connection) -> String {
    let sql = "SELECT (SELECT group_concat(id) FROM token_blacklist_outstandingtoken) || ' ' || \
               (SELECT group_concat(token_id) FROM token_blacklist_blacklistedtoken) || ' ' || \
               (SELECT group_concat(parent_jti) FROM tegata_rotation)";
    database.query_row(sql, [], |row| row.get(0)).unwrap()
}

#[test]
fn what_expired_is_deleted_and_what_did_not_stays() {
    let (folder, database) = with_expired_tokens();

    let flushed = folder.run(&["flushexpiredtokens"]);

    assert_eq!((flushed.code, flushed.stdout.as_str()), (Some(0), ""));
    assert_eq!(
        flushed.stderr,
        "10 outstanding tokens and 1 rotations flushed\n"
    );
    assert_eq!(left(&database), "6 6 6");
}

#[test]
fn batches_of_any_size_delete_the_same() {
    for size in ["1", "2", "3", "11", "12"] {
        let (folder, database) = with_expired_tokens();

        let flushed = folder.run(&["flushexpiredtokens", "--batch-size", size]);

        assert_eq!(flushed.code, Some(0), "{flushed:?}");
        assert_eq!(left(&database), "6 6 6", "batches of {size}");
    }
}

#[test]
fn a_second_flush_finds_nothing() {
    let (folder, _) = with_expired_tokens();
    folder.run(&["flushexpiredtokens"]);

    let again = folder.run(&["flushexpiredtokens"]);

    assert_eq!(again.code, Some(0));
    assert_eq!(
        again.stderr,
        "0 outstanding tokens and 0 rotations flushed\n"
    );
}

#[test]
fn a_batch_of_nothing_is_misuse() {
    let refused = with_alice().run(&["flushexpiredtokens", "--batch-size", "0"]);

    assert_eq!(refused.code, Some(2));
}

#[test]
fn tokens_that_somebody_elses_rows_refer_to_are_left_to_django() {
    let (folder, database) = with_expired_tokens();
    database
        .execute_batch(
            "CREATE TABLE device (token_id bigint NOT NULL REFERENCES \
             token_blacklist_outstandingtoken (id) DEFERRABLE INITIALLY DEFERRED); \
             INSERT INTO device VALUES (1)",
        )
        .unwrap();

    let refused = folder.run(&["flushexpiredtokens"]);

    refused.assert_refused("rows of the table device refer to those of tokens");
}

#[test]
fn without_the_blacklist_app_there_is_nothing_to_flush() {
    let folder = with_alice();
    let mut command = folder.command(&["flushexpiredtokens"]);
    command.env("TEGATA_BLACKLIST__ENABLED", "no");

    assert_eq!(command.output().unwrap().status.code(), Some(1));
}
