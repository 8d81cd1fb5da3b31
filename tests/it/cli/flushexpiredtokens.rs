use super::command::Folder;
use super::token::issue::with_alice;

/// Ten tokens that expired and one that is of use, every second of them blacklisted, and two
/// rotations.
fn with_expired_tokens() -> Folder {
    let folder = with_alice();
    folder.execute(
        "WITH RECURSIVE number (n) AS (SELECT 1 UNION SELECT n + 1 FROM number WHERE n < 11) \
         INSERT INTO token_blacklist_outstandingtoken \
             (id, token, created_at, expires_at, user_id, jti) \
         SELECT n, '', NULL, '2020-01-01 00:00:00.5', 1, CAST(n AS varchar) FROM number; \
         UPDATE token_blacklist_outstandingtoken SET expires_at = '2999-01-01 00:00:00' \
         WHERE id = 6; \
         INSERT INTO token_blacklist_blacklistedtoken (blacklisted_at, token_id) \
         SELECT '2020-01-01 00:00:00', id FROM token_blacklist_outstandingtoken \
         WHERE id % 2 = 0; \
         INSERT INTO tegata_rotation (parent_jti, successor_jti, family, rotated_at, \
             successor_expires_at, expires_at) \
         VALUES ('1', '2', '1', '2020-01-01 00:00:00', '2020-01-02 00:00:00', \
                 '2020-01-02 00:00:00'), \
                ('6', '7', '6', '2020-01-01 00:00:00', '2020-01-02 00:00:00', \
                 '2999-01-01 00:00:00')",
    );
    folder
}

fn left(folder: &Folder) -> String {
    let outstanding = folder.select("SELECT id FROM token_blacklist_outstandingtoken");
    let blacklisted = folder.select("SELECT token_id FROM token_blacklist_blacklistedtoken");
    let rotations = folder.select("SELECT parent_jti FROM tegata_rotation");
    [outstanding, blacklisted, rotations].concat().join(" ")
}

#[test]
fn what_expired_is_deleted_and_what_did_not_stays() {
    let folder = with_expired_tokens();

    let flushed = folder.run(&["flushexpiredtokens"]);

    assert_eq!((flushed.code, flushed.stdout.as_str()), (Some(0), ""));
    assert_eq!(
        flushed.stderr,
        "10 outstanding tokens and 1 rotations flushed\n"
    );
    assert_eq!(left(&folder), "6 6 6");
}

#[test]
fn batches_of_any_size_delete_the_same() {
    for size in ["1", "2", "3", "11", "12"] {
        let folder = with_expired_tokens();

        let flushed = folder.run(&["flushexpiredtokens", "--batch-size", size]);

        assert_eq!(flushed.code, Some(0), "{flushed:?}");
        assert_eq!(left(&folder), "6 6 6", "batches of {size}");
    }
}

#[test]
fn a_second_flush_finds_nothing() {
    let folder = with_expired_tokens();
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
    let folder = with_expired_tokens();
    folder.execute(
        "CREATE TABLE device (token_id bigint NOT NULL REFERENCES \
         token_blacklist_outstandingtoken (id) DEFERRABLE INITIALLY DEFERRED); \
         INSERT INTO device VALUES (1)",
    );

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
