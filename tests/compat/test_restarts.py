"""PostgreSQL restarted under load, again and again, below two processes of tegata: what was
acknowledged holds, no answer is a fault of ours, and both come back by themselves."""

import http.client
import json
import random
import threading
import time

import pytest
from history import BLACKLIST, LOGIN, OK, ONCE, REFRESH, REFUSED, UNKNOWN, VERIFY, Call, History
from nodes import Nodes, private_postgres
from test_crash import outcome
from wire import POLL_INTERVAL, claims_of

RESTARTS = 20
NODES = 2
WORKERS = 8
# How long a worker thinks before it asks again, and how long where it got no answer.
PAUSE = 0.01
LONG_PAUSE = 0.1
# How many calls are answered between two restarts.
CALLS = 200
# The seconds within which both nodes are to serve again.
RECOVERY = 5
# The seconds within which anything is answered, be it that the database is away.
PATIENCE = 10
# The seconds within which an access token is verified, for which nobody needs the database.
VERIFICATION = 2
SEED = 20261121


class Client:
    """A connection to one node, whose calls are recorded."""

    def __init__(self, server, history):
        self.history = history
        address = server.origin.removeprefix("http://")
        self.connection = http.client.HTTPConnection(address, timeout=PATIENCE)

    def login(self):
        return self.record(LOGIN, None, {"username": "alice", "password": "alice-pw"})

    def refresh(self, token):
        return self.record(REFRESH, token, {"refresh": token})

    def blacklist(self, token):
        return self.record(BLACKLIST, token, {"refresh": token})

    def verify(self, token):
        answered, _ = self.post(VERIFY, {"token": token})
        # The blacklist is in memory.
        assert answered != UNKNOWN
        return answered

    def record(self, kind, token, body):
        jti = token and claims_of(token)["jti"]
        call = Call(kind, jti, ONCE, next(self.history.time))
        self.history.fresh.append(call)
        answered, answer = self.post(kind, body)
        call.token = answer.get("refresh")
        if answered != UNKNOWN:
            call.ended = next(self.history.time)
        call.outcome = answered
        return call

    def post(self, path, body):
        self.connection.request("POST", f"/api/token/{path}", json.dumps(body))
        response = self.connection.getresponse()
        answer = json.loads(response.read())
        if response.status == 503:
            # The commit was on its way, or never was.
            assert int(response.headers["Retry-After"]) > 0
            return UNKNOWN, answer
        return outcome(path, response.status, answer), answer


class Looped(threading.Thread):
    """Takes steps until it is told to end, or one fails."""

    def __init__(self):
        super().__init__()
        self.is_over = threading.Event()
        self.failure = None

    def run(self):
        try:
            while not self.is_over.wait(PAUSE):
                self.step()
        except Exception as failure:
            self.failure = failure


class Worker(Looped):
    """Logs in, rotates its token at either node, looks at it, and logs out; asks again where it got
    no answer."""

    def __init__(self, clients, seed):
        super().__init__()
        self.clients = clients
        self.dice = random.Random(seed)
        self.head = None
        self.calls = []

    def step(self):
        client, roll = self.dice.choice(self.clients), self.dice.random()
        if self.head is None:
            call = client.login()
        elif roll < 0.2:
            return self.look(client)
        elif roll < 0.4:
            call = client.blacklist(self.head)
        else:
            call = client.refresh(self.head)

        self.calls.append(call)
        if call.outcome == OK and call.kind != LOGIN:
            # The node that said so knows at once.
            assert client.verify(self.head) == REFUSED
        if call.outcome == UNKNOWN:
            time.sleep(LONG_PAUSE)
        else:
            self.head = call.token

    def look(self, client):
        """A token that nobody tried to spend is good, whether the database is there or not."""
        if self.calls[-1].outcome == OK:
            assert client.verify(self.head) == OK


class Verifier(Looped):
    """Looks at one access token without end."""

    def __init__(self, client, token):
        super().__init__()
        self.client = client
        self.token = token
        self.slowest = 0

    def step(self):
        began = time.monotonic()
        assert self.client.verify(self.token) == OK
        self.slowest = max(self.slowest, time.monotonic() - began)


@pytest.fixture
def postgres():
    with private_postgres() as postgres:
        yield postgres


@pytest.fixture
def nodes(postgres, tmp_path, monkeypatch):
    monkeypatch.setenv("TEGATA_TEST_POSTGRES", postgres.url)
    nodes = Nodes(tmp_path, **ONCE.settings())
    for _ in range(NODES):
        nodes.serve_tegata()
    yield nodes
    # The database goes with its server.
    for server in nodes.servers:
        server.stop()


class Load:
    """The workers and verifiers, who go on through every outage."""

    def __init__(self, servers, history):
        connect = lambda: [Client(server, history) for server in servers]
        self.clients = connect()
        access = servers[0].login("alice", "alice-pw").json()["access"]
        self.workers = [Worker(connect(), SEED + place) for place in range(WORKERS)]
        self.verifiers = [Verifier(client, access) for client in connect()]
        self.threads = self.workers + self.verifiers

    def __enter__(self):
        for thread in self.threads:
            thread.start()
        return self

    def __exit__(self, *_):
        for thread in self.threads:
            thread.is_over.set()
        for thread in self.threads:
            thread.join()
        self.raise_failure()

    def raise_failure(self):
        for thread in self.threads:
            if thread.failure:
                raise thread.failure

    def count(self, *outcomes):
        return sum(call.outcome in outcomes for worker in self.workers for call in worker.calls)

    def reach(self, more, *outcomes):
        """Goes on until so many more calls came to this."""
        enough = self.count(*outcomes) + more
        deadline = time.monotonic() + 30
        while self.count(*outcomes) < enough:
            self.raise_failure()
            assert time.monotonic() < deadline
            time.sleep(0.01)

    def recover(self):
        """The seconds until each node serves again."""
        began = time.monotonic()
        for client in self.clients:
            while client.login().outcome != OK:
                assert time.monotonic() - began < RECOVERY
                time.sleep(0.01)
        return time.monotonic() - began


def test_what_was_acknowledged_outlives_twenty_restarts_of_postgresql(nodes, postgres):
    history = History()
    modes = ["fast", "immediate"] * (RESTARTS // 2)
    random.Random(SEED).shuffle(modes)
    recoveries = []

    with Load(nodes.servers, history) as load:
        for mode in modes:
            load.reach(CALLS, OK)
            postgres.stop(mode)
            load.reach(WORKERS, UNKNOWN)
            postgres.start()
            recoveries.append(load.recover())
        load.reach(CALLS, OK)

    slowest = max(verifier.slowest for verifier in load.verifiers)
    print(
        f"{load.count(OK)} calls were acknowledged, {load.count(REFUSED)} refused, and"
        f" {load.count(UNKNOWN)} not answered; both nodes served again after"
        f" {max(recoveries):.2f} s at most; the slowest verification took {slowest:.3f} s"
    )
    assert slowest < VERIFICATION
    history.learn()
    check_database(nodes, history)
    check_services(load.clients, history)


def check_database(nodes, history):
    rotations = nodes.query("SELECT parent_jti, successor_jti FROM tegata_rotation")
    rows = nodes.query(
        "SELECT jti, blacklisted.id FROM token_blacklist_outstandingtoken AS outstanding "
        "LEFT JOIN token_blacklist_blacklistedtoken AS blacklisted ON token_id = outstanding.id"
    )
    outstanding = {jti for jti, _ in rows}
    blacklisted = {jti for jti, row in rows if row}
    successor = dict(rotations)
    # A token has one successor, and a successor one parent.
    assert len(rotations) == len(successor) == len(set(successor.values()))
    assert history.successor.items() <= successor.items()
    # A rotation is there with both of its rows.
    assert successor.keys() <= blacklisted
    assert set(successor.values()) <= outstanding
    # What was given has a row, and what has ended another.
    assert history.family.keys() <= outstanding
    assert history.ended.keys() <= blacklisted


def check_services(clients, history):
    """What has ended is refused by each node, and whatever else was given is of use."""
    until = time.monotonic() + 2 * POLL_INTERVAL
    for place, jti in enumerate(history.ended):
        text = history.text[jti]
        for client in clients:
            while (answer := client.verify(text)) == OK and time.monotonic() < until:
                time.sleep(0.01)
            assert answer == REFUSED, history.tell(jti)
        answer = clients[place % len(clients)].refresh(text)
        assert answer.outcome == REFUSED, history.tell(jti)
    for place, jti in enumerate(list(history.live)):
        call = clients[place % len(clients)].refresh(history.text[jti])
        assert call.outcome == OK or not history.is_sure(jti, ONCE), history.tell(jti)
