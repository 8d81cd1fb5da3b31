"""`flushexpiredtokens` of both, each on a copy of one database."""

import random
import re
import shutil
from datetime import datetime, timedelta, timezone

import pytest
from conftest import Site
from wire import listed

TABLES = {
    "token_blacklist_outstandingtoken": "id",
    "token_blacklist_blacklistedtoken": "id",
    "tegata_rotation": "parent_jti",
}
TOKENS = 300
SECONDS = [-(10**8), -86_400, -60.5, -60, -59.000001, 300, 300.25, 301.000001, 86_400, 10**8]
"""From now to when tokens expire, or since they did."""


@pytest.fixture(scope="module")
def filled(tmp_path_factory):
    """A database with tokens of both services, and with what is left of many more."""
    site = Site(tmp_path_factory.mktemp("filled"), "HS256")
    site.configure()
    site.environment["COMPAT_ROUNDS"] = "1000"
    site.manage("migrate", "--verbosity", "0")
    for name in ("alice", "bob"):
        site.create_django_user(name, "any-pw")
    site.tegata("migrate")
    for _ in range(4):
        for name in ("alice", "bob"):
            issue = ["token", "issue", name]
            site.tegata(*issue, capture_output=True)
            if name == "alice":
                site.tegata(*issue, "--sliding", capture_output=True)
    site.tegata("users", "revoke", "bob")
    site.query(
        "UPDATE token_blacklist_outstandingtoken SET expires_at = '2026-01-01 00:00:00'"
        " WHERE id > 8"
    )
    fill(site, random.Random(0))
    return site


def fill(site, dice):
    """Expired and not, blacklisted and not, of a user and of none, with a fraction of a second and
    without; and rotations of tokens that are there and of tokens that are not."""
    now = datetime.now(timezone.utc).replace(tzinfo=None)
    for number in range(TOKENS):
        expires_at = now + timedelta(seconds=SECONDS[number % len(SECONDS)])
        if dice.random() < 0.5:
            expires_at = expires_at.replace(microsecond=0)
        row = (
            f"token {number}",
            dice.choice([None, str(now)]),
            str(expires_at),
            dice.choice([None, 1, 2]),
            f"{dice.randrange(16**32):032x}",
        )
        site.query(
            "INSERT INTO token_blacklist_outstandingtoken"
            " (token, created_at, expires_at, user_id, jti) VALUES (?, ?, ?, ?, ?)",
            *row,
        )
        if dice.random() < 0.4:
            site.query(
                "INSERT INTO token_blacklist_blacklistedtoken (blacklisted_at, token_id)"
                " SELECT ?, max(id) FROM token_blacklist_outstandingtoken",
                str(now),
            )
        if dice.random() < 0.2:
            site.query(
                "INSERT INTO tegata_rotation VALUES (?, ?, ?, ?, ?, ?)",
                dice.choice([row[4], f"gone {number}"]),
                f"successor {number}",
                "family",
                str(now),
                str(expires_at),
                str(expires_at),
            )


def copied(site, folder, **jwt):
    copy = Site(folder, "HS256", **jwt)
    copy.configure()
    shutil.copy(site.database, copy.database)
    return copy


def rows(site, table):
    return site.query(f"SELECT * FROM {table} ORDER BY {TABLES[table]}")


def flush(site, *options):
    """What `tegata flushexpiredtokens` tells."""
    command = site.tegata("flushexpiredtokens", *options, capture_output=True)
    assert command.stdout == ""
    return command.stderr.splitlines()


@pytest.mark.parametrize("options", [[], ["--batch-size", "7"]])
def test_both_leave_the_same_rows(filled, tmp_path_factory, options):
    ours, theirs = (copied(filled, tmp_path_factory.mktemp(name)) for name in ("ours", "theirs"))

    told = flush(ours, *options)
    theirs.manage("flushexpiredtokens")

    for table in list(TABLES)[:2]:
        assert rows(ours, table) == rows(theirs, table)
        assert 0 < len(rows(ours, table)) < len(rows(filled, table))
    flushed = [len(rows(filled, table)) - len(rows(ours, table)) for table in TABLES]
    assert told[-1] == f"{flushed[0]} outstanding tokens and {flushed[2]} rotations flushed"
    assert all(re.fullmatch("[1-9]0%", line) for line in told[:-1])


@pytest.mark.parametrize("options", [[], ["--batch-size", "7"]])
def test_tegata_forgets_the_rotations_of_expired_tokens_alone(filled, tmp_path, options):
    ours = copied(filled, tmp_path)
    now = str(datetime.now(timezone.utc).replace(tzinfo=None))

    flush(ours, *options)

    before, after = (rows(site, "tegata_rotation") for site in (filled, ours))
    assert after == [row for row in before if row[-1] > now]
    assert len(before) > len(after) > 7


def test_django_leaves_the_rotations_alone(filled, tmp_path):
    theirs = copied(filled, tmp_path)

    theirs.manage("flushexpiredtokens")

    assert rows(theirs, "tegata_rotation") == rows(filled, "tegata_rotation")


def test_a_token_that_is_still_accepted_keeps_its_row(filled, tmp_path_factory):
    folders = [tmp_path_factory.mktemp(name) for name in ("ours", "theirs")]
    ours, theirs = (copied(filled, folder, LEEWAY=3600) for folder in folders)

    flush(ours)
    theirs.manage("flushexpiredtokens")

    kept, forgotten = (count_of_a_minute_ago(site) for site in (ours, theirs))
    assert (kept, forgotten) == (count_of_a_minute_ago(filled), 0)
    assert kept > 0
    assert listed("`flushexpiredtokens` with a `LEEWAY`")


def test_a_blacklisted_sliding_token_keeps_its_row_to_its_last_use(filled, tmp_path_factory):
    folders = [tmp_path_factory.mktemp(name) for name in ("ours", "theirs")]
    ours, theirs = (copied(filled, folder) for folder in folders)
    for site in (ours, theirs):
        site.query(
            "UPDATE token_blacklist_outstandingtoken SET expires_at = '2026-01-01 00:00:00'"
            " WHERE token LIKE 'eyJ%'"
        )
        site.query(
            "INSERT INTO token_blacklist_blacklistedtoken (blacklisted_at, token_id)"
            " SELECT '2026-01-01 00:00:00', id FROM token_blacklist_outstandingtoken"
            " WHERE user_id = 1 AND token LIKE 'eyJ%'"
        )

    flush(ours)
    theirs.manage("flushexpiredtokens")

    kept, forgotten = (count_of_tokens(site) for site in (ours, theirs))
    assert (kept, forgotten) == (4, 0)
    assert listed("`flushexpiredtokens`, of sliding tokens that Django issued and somebody blacklisted")


def count_of_tokens(site):
    [(count,)] = site.query(
        "SELECT count(*) FROM token_blacklist_outstandingtoken WHERE token LIKE 'eyJ%'"
    )
    return count


def count_of_a_minute_ago(site):
    [(count,)] = site.query(
        "SELECT count(*) FROM token_blacklist_outstandingtoken"
        " WHERE expires_at BETWEEN datetime('now', '-10 minutes') AND datetime('now')"
    )
    return count
