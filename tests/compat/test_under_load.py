"""Both services at work on one database, many clients at each."""

import time
import uuid
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from threading import Barrier

import pytest
from conftest import Site
from database import Postgres, Sqlite
from load import Load, jti_of
from wire import POLL_INTERVAL, told

ROTATE = {"ROTATE_REFRESH_TOKENS": True, "BLACKLIST_AFTER_ROTATION": True}
RACES = 50
PROMISES = 600
"""After how many promised rows a load has been one."""


class Served:
    """A site whose both services run, for clients who log in often."""

    def __init__(self, folder, engine, journal=None, **jwt):
        self.site = Site(folder, "HS256", engine, **ROTATE | jwt)
        self.site.environment["COMPAT_ROUNDS"] = "1000"
        self.site.manage("migrate", "--verbosity", "0")
        self.site.create_django_user("alice", "alice-pw")
        if journal:
            assert self.site.query(f"PRAGMA journal_mode = {journal}") == [(journal,)]
        self.tegata, self.django = self.site.serve_both()

    @contextmanager
    def load(self):
        """Clients at work meanwhile, who get all that they are promised."""
        with Load(self.tegata, self.django) as load:
            yield load
        print(f"answers: {dict(Counter(load.answers))}")
        assert load.refused == []
        assert load.lost(self.site) == set()

    def refresh_tokens(self, count):
        """As many as asked for, and with no, Django's or tegata's row by turns."""
        for number in range(count):
            issuer = self.tegata if number % 3 == 0 else self.django
            token = issuer.login("alice", "alice-pw").json()["refresh"]
            yield self.django.refresh(token).json()["refresh"] if number % 3 == 1 else token


ON = {"delete": (Sqlite, "delete"), "wal": (Sqlite, "wal"), "postgres": (Postgres,)}
"""SQLite once with the journal that Django leaves it with, once with a write-ahead log."""


@pytest.fixture(scope="module", params=ON)
def served(request, tmp_path_factory):
    served = Served(tmp_path_factory.mktemp(request.param), *ON[request.param])
    yield served
    served.site.stop()


@pytest.fixture
def served_with_grace(engine, tmp_path):
    served = Served(tmp_path, engine, REFRESH_GRACE_PERIOD=60)
    yield served
    served.site.stop()


def test_a_token_that_django_blacklists_is_refused_by_tegata(served):
    tegata, django = served.tegata, served.django
    lags = []
    with served.load():
        for token in served.refresh_tokens(6):
            assert django.blacklist(token).status_code == 200
            refused_since = time.monotonic()

            for answer in (*both(served, "refresh", token), *both(served, "blacklist", token)):
                assert (answer.status_code, detail(answer)) == (401, "Token is blacklisted")
            lags.append(lag(tegata, token, refused_since))
    print(f"tegata went on to verify for {max(lags):.2f} s at most")


def lag(tegata, token, since):
    """For how long after a moment tegata goes on to verify a blacklisted token."""
    while (answer := tegata.verify(token)).status_code == 200:
        assert time.monotonic() - since < 3 * POLL_INTERVAL
        time.sleep(0.01)
    assert answer.status_code == 400
    return time.monotonic() - since


def test_a_token_that_tegata_blacklists_is_refused_by_both_at_once(served):
    tegata, django = served.tegata, served.django
    with served.load():
        for token in served.refresh_tokens(9):
            assert tegata.blacklist(token).status_code == 200

            for verb, status in [("verify", 400), ("refresh", 401), ("blacklist", 401)]:
                ours, theirs = (getattr(server, verb)(token) for server in (tegata, django))
                assert told(ours) == told(theirs)
                assert ours.status_code == status


def test_whoever_races_for_a_token_tegata_gives_it_one_successor_or_none(served):
    """Django looks whether a token is blacklisted and then blacklists it, and takes a row that came
    in between for its own: it may give successors whoever is first, and several at that. tegata
    gives one exactly where the row is its own."""
    first = Counter()
    with served.load():
        for number, token in enumerate(served.refresh_tokens(RACES)):
            ours, theirs = race(served, token, number)

            assert statuses(ours) <= {200, 401} and statuses(theirs) <= {200, 401}
            winners = [answer for answer in ours if answer.status_code == 200]
            assert len(winners) <= 1
            assert winners or 200 in statuses(theirs)
            assert rotations(served.site, token) == [(successor(answer), 1) for answer in winners]
            for answer in (*both(served, "refresh", token), *both(served, "blacklist", token)):
                assert (answer.status_code, detail(answer)) == (401, "Token is blacklisted")
            first["tegata" if winners else "Django"] += 1
            first["and Django succeeded, too"] += bool(winners) and 200 in statuses(theirs)
    print(f"who was first: {dict(first)}")


def test_within_the_grace_period_all_racers_at_tegata_get_one_successor(served_with_grace):
    served = served_with_grace
    with served.load():
        for number, token in enumerate(served.refresh_tokens(RACES // 2)):
            ours, theirs = race(served, token, number)

            assert statuses(ours) <= {200, 401} and statuses(theirs) <= {200, 401}
            successors = {successor(answer) for answer in ours if answer.status_code == 200}
            assert rotations(served.site, token) == [(successor, 1) for successor in successors]
            # A token that Django rotated earns nothing again.
            assert statuses(ours) == {200 if successors else 401}
            assert successors or 200 in statuses(theirs)
            assert served.django.refresh(token).status_code == 401


def race(served, token, number):
    """What two clients of each service are told who refresh one token at one moment. Django takes
    longer to come to the point; tegata's wait, longer from race to race, so that either is first
    at times."""
    start = Barrier(4)

    def refresh(server, handicap):
        start.wait()
        time.sleep(handicap)
        return server.refresh(token)

    with ThreadPoolExecutor(4) as racers:
        ours = [racers.submit(refresh, served.tegata, number % 5 * 0.005) for _ in range(2)]
        theirs = [racers.submit(refresh, served.django, 0) for _ in range(2)]
        return [one.result() for one in ours], [one.result() for one in theirs]


def statuses(answers):
    return {answer.status_code for answer in answers}


def successor(answer):
    return jti_of(answer.json()["refresh"])


def detail(answer):
    return answer.json()["detail"]


def both(served, verb, token):
    return [getattr(server, verb)(token) for server in (served.tegata, served.django)]


def rotations(site, token):
    """What tegata recorded in the place of a token, and whether the token's blacklisted row is of
    the same moment and thus its own."""
    return site.query(
        "SELECT successor_jti, blacklisted_at = rotated_at FROM tegata_rotation"
        " LEFT JOIN token_blacklist_outstandingtoken AS outstanding ON outstanding.jti = parent_jti"
        " LEFT JOIN token_blacklist_blacklistedtoken ON token_id = outstanding.id"
        " WHERE parent_jti = ?",
        jti_of(token),
    )


def test_what_either_service_acknowledged_is_there_whoever_flushes(served):
    with served.load() as load:
        for flush in (
            lambda: served.site.tegata("flushexpiredtokens", "--batch-size", "50"),
            lambda: served.site.manage("flushexpiredtokens"),
        ):
            add_expired_tokens(served.site, 500)
            flush()
            assert expired_tokens(served.site) == 0
        load.reach(PROMISES)

    served.site.database.check()


def add_expired_tokens(site, count):
    """Outstanding tokens of long ago, each third of them blacklisted."""
    site.query(
        "WITH RECURSIVE number (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM number WHERE n < ?)"
        " INSERT INTO token_blacklist_outstandingtoken (token, jti, expires_at)"
        " SELECT '', ? || n, '2020-01-01 00:00:00' FROM number",
        count,
        uuid.uuid4().hex,
    )
    site.query(
        "INSERT INTO token_blacklist_blacklistedtoken (token_id, blacklisted_at)"
        " SELECT id, expires_at FROM token_blacklist_outstandingtoken"
        " WHERE expires_at < '2021-01-01' AND id % 3 = 0"
    )


def expired_tokens(site):
    [(count,)] = site.query(
        "SELECT count(*) FROM token_blacklist_outstandingtoken WHERE expires_at < '2021-01-01'"
    )
    return count
