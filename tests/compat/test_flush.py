"""`flushexpiredtokens` of both, each on a copy of one database."""

import random
import re
from datetime import datetime, timedelta, timezone

import pytest
from conftest import SECRET_KEY, Site
from wire import claims_of, listed, sign

TABLES = {
    "token_blacklist_outstandingtoken": "id",
    "token_blacklist_blacklistedtoken": "id",
    "tegata_rotation": "parent_jti",
}
TOKENS = 300
SECONDS = [-(10**8), -86_400, -60.5, -60, -59.000001, 300, 300.25, 301.000001, 86_400, 10**8]
"""From now to when tokens expire, or since they did."""
EXPIRED = datetime(2026, 1, 1, tzinfo=timezone.utc)


@pytest.fixture(scope="module")
def filled(engine, tmp_path_factory):
    """A database with tokens of both services, and with what is left of many more."""
    site = Site(tmp_path_factory.mktemp("filled"), "HS256", engine)
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
    let_expire(site, "id > 8")
    fill(site, random.Random(0))
    yield site
    site.stop()


def let_expire(site, which):
    """Has tokens have been issued for a shorter time. What is said of later refreshes stays."""
    table = "token_blacklist_outstandingtoken"
    for place, token in site.query(f"SELECT id, token FROM {table} WHERE {which}"):
        expired = sign(claims_of(token) | {"exp": int(EXPIRED.timestamp())}, SECRET_KEY)
        sql = f"UPDATE {table} SET token = ?, expires_at = ? WHERE id = ?"
        site.query(sql, expired, str(EXPIRED.replace(tzinfo=None)), place)


def fill(site, dice):
    """Expired and not, blacklisted and not, of a user and of none, with a fraction of a second and
    without; and rotations of tokens that are there and of tokens that are not."""
    now = utc_now()
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


def utc_now():
    return datetime.now(timezone.utc).replace(tzinfo=None)


@pytest.fixture
def copied(engine, filled, tmp_path_factory):
    """Makes sites of copies."""
    sites = []

    def copy(**jwt):
        site = Site(tmp_path_factory.mktemp("copy"), "HS256", engine, **jwt)
        sites.append(site)
        site.configure()
        site.database.copy(filled.database)
        return site

    yield copy
    for site in sites:
        site.stop()


def rows(site, table):
    return site.query(f"SELECT * FROM {table} ORDER BY {TABLES[table]}")


def flush(site, *options):
    """What `tegata flushexpiredtokens` tells."""
    command = site.tegata("flushexpiredtokens", *options, capture_output=True)
    assert command.stdout == ""
    return command.stderr.splitlines()


@pytest.mark.parametrize("options", [[], ["--batch-size", "7"]])
def test_both_leave_the_same_rows(filled, copied, options):
    ours, theirs = copied(), copied()

    told = flush(ours, *options)
    theirs.manage("flushexpiredtokens")

    for table in list(TABLES)[:2]:
        assert rows(ours, table) == rows(theirs, table)
        assert 0 < len(rows(ours, table)) < len(rows(filled, table))
    flushed = [len(rows(filled, table)) - len(rows(ours, table)) for table in TABLES]
    assert told[-1] == f"{flushed[0]} outstanding tokens and {flushed[2]} rotations flushed"
    assert all(re.fullmatch("[1-9]0%", line) for line in told[:-1])


@pytest.mark.parametrize("options", [[], ["--batch-size", "7"]])
def test_tegata_forgets_the_rotations_of_expired_tokens_alone(filled, copied, options):
    ours = copied()
    now = str(utc_now())

    flush(ours, *options)

    before, after = (rows(site, "tegata_rotation") for site in (filled, ours))
    assert after == [row for row in before if row[-1] > now]
    assert len(before) > len(after) > 7


def test_django_leaves_the_rotations_alone(filled, copied):
    theirs = copied()

    theirs.manage("flushexpiredtokens")

    assert rows(theirs, "tegata_rotation") == rows(filled, "tegata_rotation")


def test_a_token_that_is_still_accepted_keeps_its_row(filled, copied):
    ours, theirs = (copied(LEEWAY=3600) for _ in range(2))

    flush(ours)
    theirs.manage("flushexpiredtokens")

    kept, forgotten = (count_of_a_minute_ago(site) for site in (ours, theirs))
    assert (kept, forgotten) == (count_of_a_minute_ago(filled), 0)
    assert kept > 0
    assert listed("`flushexpiredtokens` with a `LEEWAY`")


def test_a_blacklisted_sliding_token_keeps_its_row_to_its_last_use(copied):
    ours, theirs = copied(), copied()
    for site in (ours, theirs):
        let_expire(site, "token LIKE 'eyJ%'")
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
    now = utc_now()
    [(count,)] = site.query(
        "SELECT count(*) FROM token_blacklist_outstandingtoken WHERE expires_at BETWEEN ? AND ?",
        str(now - timedelta(minutes=10)),
        str(now),
    )
    return count
