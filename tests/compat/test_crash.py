"""Kills under load, again and again on one database: what was acknowledged holds, and no token is
spent twice."""

import contextlib
import http.client
import itertools
import json
import random
import threading
import time

import pytest
from conftest import SECRET_KEY
from history import (
    BLACKLIST,
    DETECTION,
    GRACE,
    LOGIN,
    OK,
    ONCE,
    REFRESH,
    REFUSED,
    UNKNOWN,
    VERIFY,
    Call,
    History,
)
from wire import claims_of, sign

CLIENTS = 8
LOAD = (0.02, 0.2)
SEED = 20261121
STATUS = {REFRESH: 401, BLACKLIST: 401, VERIFY: 400}


class Client:
    """A connection of its own, whose calls are recorded."""

    def __init__(self, history, server, rules):
        self.history = history
        self.rules = rules
        address = server.origin.removeprefix("http://")
        self.connection = http.client.HTTPConnection(address, timeout=30)

    def login(self):
        return self.record(LOGIN, None, {"username": "alice", "password": "alice-pw"})

    def refresh(self, token):
        return self.record(REFRESH, token, {"refresh": token})

    def blacklist(self, token):
        return self.record(BLACKLIST, token, {"refresh": token})

    def verify(self, token):
        status, answer = self.post(VERIFY, {"token": token})
        return outcome(VERIFY, status, answer)

    def record(self, kind, token, body):
        jti = token and claims_of(token)["jti"]
        call = Call(kind, jti, self.rules, next(self.history.time))
        self.history.fresh.append(call)
        with contextlib.suppress(OSError, http.client.HTTPException):
            status, answer = self.post(kind, body)
            call.token = answer.get("refresh")
            call.ended = next(self.history.time)
            call.outcome = outcome(kind, status, answer)
        return call

    def post(self, path, body):
        self.connection.request("POST", f"/api/token/{path}", json.dumps(body))
        answer = self.connection.getresponse()
        return answer.status, json.loads(answer.read())


def outcome(kind, status, answer):
    if status == 200:
        return OK
    assert (status, answer.get("detail")) == (STATUS.get(kind), "Token is blacklisted")
    return REFUSED


class Worker(threading.Thread):
    """Rotates its chain as fast as it can. Now and then it logs out, sends an old token, or
    another's."""

    def __init__(self, client, heads, place, seed):
        super().__init__()
        self.client = client
        self.heads = heads
        self.place = place
        self.random = random.Random(seed)
        self.old = []
        self.failure = None

    def run(self):
        try:
            while self.step().outcome != UNKNOWN:
                pass
        except Exception as failure:
            self.failure = failure

    def step(self):
        head, roll = self.heads[self.place], self.random.random()
        if head is None:
            call = self.client.login()
        elif roll < 0.03 and self.old:
            again = self.client.refresh if roll < 0.02 else self.client.blacklist
            return again(self.random.choice(self.old))
        elif roll < 0.08:
            call = self.client.blacklist(head)
        else:
            if roll < 0.15:
                head = self.random.choice([other for other in self.heads if other])
            call = self.client.refresh(head)

        if call.token:
            self.old = self.old[-20:] + [head] if head else []
        self.heads[self.place] = call.token
        return call


class Ordeal:
    """One database, and the history of all that was asked of the services on it."""

    def __init__(self, site, setenv):
        self.site = site
        self.setenv = setenv
        self.random = random.Random(SEED)
        self.history = History()
        # How many of the ended tokens were looked at after a kill.
        self.looked_at = 0

    def start(self, rules, max_staleness):
        self.setenv("TEGATA_BLACKLIST__MAX_STALENESS", max_staleness)
        self.site.jwt = rules.settings()
        self.server = self.site.serve_tegata()
        self.client = Client(self.history, self.server, rules)

    def kill(self):
        self.server.process.kill()
        self.server.process.wait()

    def load(self):
        """Lets the clients loose, and kills the service amidst."""
        history = self.history
        texts = [history.text[jti] for jti in history.live]
        for surplus in texts[CLIENTS:]:
            self.client.blacklist(surplus)
        heads = (texts + CLIENTS * [None])[:CLIENTS]
        workers = []
        for place in range(CLIENTS):
            client = Client(history, self.server, self.client.rules)
            workers.append(Worker(client, heads, place, self.random.random()))

        for worker in workers:
            worker.start()
        time.sleep(self.random.uniform(*LOAD))
        self.kill()
        for worker in workers:
            worker.join()
            if worker.failure:
                raise worker.failure
        history.learn()

    def come_back(self, rules):
        """Starts the service. All that was acknowledged holds at once: where the blacklist is
        asked of the database, and after one more kill where it is taken into memory."""
        history = self.history
        recent = list(history.ended)[self.looked_at :]
        older = list(history.ended)[: self.looked_at]
        sample = self.random.sample(older, min(50, len(older)))
        self.looked_at = len(history.ended)

        self.start(rules, max_staleness="0")
        self.verify_refused(recent + sample)
        self.kill()

        self.start(rules, max_staleness="30s")
        self.verify_refused(recent + sample)
        self.refresh_live()
        # What is older may be past the grace, and its family would end.
        self.refresh_ended(recent if rules.grace else recent + sample)
        self.wait_for_memory()
        self.verify_refused(recent + sample + list(history.ended)[self.looked_at :])
        for jti in history.live:
            assert self.client.verify(history.text[jti]) == OK, history.tell(jti)
        self.check_database()

    def verify_refused(self, tokens):
        for jti in tokens:
            answer = self.client.verify(self.history.text[jti])
            assert answer == REFUSED, self.history.tell(jti)

    def refresh_live(self):
        history = self.history
        for jti in list(history.live):
            is_sure = history.is_sure(jti, self.client.rules)
            call = self.client.refresh(history.text[jti])
            assert call.outcome == OK or not is_sure, history.tell(jti)
        history.learn()

    def refresh_ended(self, tokens):
        history = self.history
        for jti in tokens:
            allowed = history.allowed(jti, self.client.rules)
            call = self.client.refresh(history.text[jti])
            assert call.outcome in allowed, history.tell(jti)
        history.learn()

    def wait_for_memory(self):
        """Returns once the blacklist is answered from memory, which does not know of a row that
        another program has just written."""
        claims = {"token_type": "refresh", "exp": int(time.time()) + 3600, "user_id": 1}
        deadline = time.monotonic() + 30
        for place in itertools.count():
            jti = f"canary-{place}-{time.time()}"
            self.site.query(
                "INSERT INTO token_blacklist_outstandingtoken (token, expires_at, jti) "
                "VALUES ('', '2099-01-01 00:00:00', ?)",
                jti,
            )
            self.site.query(
                "INSERT INTO token_blacklist_blacklistedtoken (blacklisted_at, token_id) "
                "SELECT '2026-01-01 00:00:00', max(id) FROM token_blacklist_outstandingtoken"
            )
            if self.client.verify(sign(claims | {"jti": jti}, SECRET_KEY)) == OK:
                return
            assert time.monotonic() < deadline, "the blacklist is not taken into memory"

    def check_database(self):
        history = self.history
        select = self.site.query
        self.site.database.check()
        rotations = select("SELECT parent_jti, successor_jti, family FROM tegata_rotation")
        rows = select(
            "SELECT jti, blacklisted.id FROM token_blacklist_outstandingtoken AS outstanding "
            "LEFT JOIN token_blacklist_blacklistedtoken AS blacklisted "
            "ON token_id = outstanding.id"
        )

        outstanding = {jti for jti, _ in rows}
        blacklisted = {jti for jti, row in rows if row}
        successor = {parent: successor for parent, successor, _ in rotations}
        # A token has one successor, and a successor one parent.
        assert len(rotations) == len(successor) == len(set(successor.values()))
        assert history.successor.items() <= successor.items()
        # A rotation is there with both of its rows.
        assert successor.keys() <= blacklisted
        assert set(successor.values()) <= outstanding
        # What was given has a row, and what has ended another.
        assert history.family.keys() <= outstanding
        assert history.ended.keys() <= blacklisted
        leaves = [
            family
            for _, last, family in rotations
            if last not in successor and last not in blacklisted
        ]
        assert len(leaves) == len(set(leaves)), "two tokens of one family live"


@pytest.fixture
def ordeal(site, monkeypatch):
    """A database made by tegata, with the user `alice`."""
    monkeypatch.setenv("TEGATA_USERS__PBKDF2_ITERATIONS", "1")
    # Each end of a family is a warning, as it should be.
    monkeypatch.setenv("TEGATA_LOG__LEVEL", "error")
    site.tegata("migrate")
    site.tegata("createuser", "alice", "--password-stdin", input="alice-pw\n")
    return Ordeal(site, monkeypatch.setenv)


def survive(ordeal, rounds):
    for rules in itertools.islice(itertools.cycle([ONCE, GRACE, ONCE, DETECTION, ONCE]), rounds):
        ordeal.come_back(rules)
        ordeal.load()
    ordeal.come_back(ONCE)


@pytest.mark.parametrize(
    ("engine", "rounds"),
    [("sqlite", 50), ("postgres", 20)],
    indirect=["engine"],
    scope="session",
)
@pytest.mark.parametrize("site", ["HS256"], indirect=True)
def test_what_was_acknowledged_outlives_kills(ordeal, rounds):
    survive(ordeal, rounds)

    assert len(ordeal.history.successor) > 10 * rounds, "there was load"


@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
@pytest.mark.parametrize("site", ["HS256"], indirect=True)
def test_what_was_acknowledged_outlives_kills_without_a_write_ahead_log(ordeal):
    assert ordeal.site.query("PRAGMA journal_mode = DELETE") == [("delete",)]

    survive(ordeal, rounds=10)
