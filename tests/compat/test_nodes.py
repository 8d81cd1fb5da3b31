"""Five processes of tegata on one PostgreSQL database."""

import random
import statistics
import threading
import time
from collections import Counter
from contextlib import contextmanager

import pytest
from load import jti_of
from nodes import Client, Crowd, Nodes

NODES = 5
CALLERS = 200
RACES = 50
CHAINS = 20
POLL_INTERVAL = 0.2
REFUSED = {"detail": "Token is blacklisted", "code": "token_not_valid"}
SEED = 20261121


@pytest.fixture
def start(tmp_path):
    """Starts the services on a database of their own."""
    started = []

    def start(environment={}, **jwt):
        nodes = Nodes(tmp_path, **jwt)
        started.append(nodes)
        for _ in range(NODES):
            nodes.serve_tegata(**environment)
        return nodes

    yield start
    for nodes in started:
        nodes.stop()


def test_of_two_hundred_refreshes_of_one_token_at_five_nodes_one_succeeds(start):
    nodes = start()
    crowd = Crowd(nodes.servers, CALLERS)
    client = Client(nodes.servers[0])
    dice = random.Random(SEED)
    winners = Counter()
    for race in range(1, RACES + 1):
        token = client.login("alice")

        answers = crowd.refresh(token, dice)

        won = [answer for status, answer in answers if status == 200]
        lost = [(status, answer) for status, answer in answers if status != 200]
        assert len(won) == 1
        assert lost == (CALLERS - 1) * [(401, REFUSED)]
        assert rotations(nodes, token) == [jti_of(won[0]["refresh"])]
        assert count(nodes, "outstandingtoken", "blacklistedtoken") == (2 * race, race)
        winners[crowd.clients[[status for status, _ in answers].index(200)].name] += 1
    print(f"how often each node was the first: {sorted(winners.values())}")


def test_within_the_grace_period_two_hundred_refreshes_at_five_nodes_earn_one_successor(start):
    nodes = start(REFRESH_GRACE_PERIOD="10s", REFRESH_REUSE_DETECTION=True)
    crowd = Crowd(nodes.servers, CALLERS)
    client = Client(nodes.servers[0])
    dice = random.Random(SEED)
    for race in range(1, RACES // 5 + 1):
        token = client.login("alice")

        answers = crowd.refresh(token, dice)

        assert Counter(status for status, _ in answers) == {200: CALLERS}
        successors = {jti_of(answer["refresh"]) for _, answer in answers}
        assert rotations(nodes, token) == list(successors)
        assert count(nodes, "outstandingtoken", "blacklistedtoken") == (2 * race, race)


def rotations(nodes, token):
    """The successors that are recorded of a token, and have a row."""
    found = nodes.query(
        "SELECT successor_jti FROM tegata_rotation"
        " JOIN token_blacklist_outstandingtoken ON jti = successor_jti WHERE parent_jti = ?",
        jti_of(token),
    )
    return [jti for (jti,) in found]


def count(nodes, *tables):
    sql = ", ".join(f"(SELECT count(*) FROM token_blacklist_{table})" for table in tables)
    [counts] = nodes.query(f"SELECT {sql}")
    return counts


def test_a_token_that_one_node_blacklists_no_node_refreshes(start):
    nodes = start()
    clients = [Client(server) for server in nodes.servers]
    for place in range(2 * NODES):
        token = clients[place % NODES].login("alice")

        assert clients[place % NODES - 1].blacklist(token) == (200, {})

        answers = [client.refresh(token) for client in clients]
        assert answers == NODES * [(401, REFUSED)]


def test_without_announcements_all_nodes_refuse_a_blacklisted_token_at_their_next_poll(start):
    polling = {
        "TEGATA_BLACKLIST__LISTEN": "false",
        "TEGATA_BLACKLIST__POLL_INTERVAL": f"{1000 * POLL_INTERVAL:.0f}ms",
    }
    nodes = start(polling)
    clients = [Client(server) for server in nodes.servers]
    tokens, lags = [], []
    for place in range(6 * NODES):
        token = clients[place % NODES].login("alice")
        assert statuses(clients, token) == NODES * [200]

        assert clients[place % NODES - 1].blacklist(token) == (200, {})
        acknowledged = time.monotonic()

        assert clients[place % NODES - 1].verify(token)[0] == 400
        while statuses(clients, token) != NODES * [400]:
            assert time.monotonic() - acknowledged < 10 * POLL_INTERVAL
            # Who asks without pause leaves the nodes no time to look.
            time.sleep(0.01)
        tokens.append(token)
        lags.append(time.monotonic() - acknowledged)
    # Now and then the machine has other things to do.
    assert statistics.median(lags) < 2 * POLL_INTERVAL
    assert {tuple(statuses(clients, token)) for token in tokens} == {NODES * (400,)}
    print(f"seconds until all refused: {statistics.median(lags):.3f} and {max(lags):.3f} at most")


def statuses(clients, token):
    return [client.verify(token)[0] for client in clients]


@pytest.mark.parametrize("command", ["revoke", "disable", "delete"])
def test_no_refresh_under_way_anywhere_saves_a_token_of_a_user_who_is_cut_off(start, command):
    nodes = start()
    clients = [Client(server) for server in nodes.servers]
    for place in range(5):
        name = f"user-{place}"
        nodes.create_user(name)
        with refreshing(nodes.servers, name) as chains:
            wait_until(lambda: all(len(chain.tokens) > 3 for chain in chains))
            nodes.tegata("users", command, name, *(["--yes"] if command == "delete" else []))

        assert [chain.after for chain in chains] == CHAINS * [401]
        for client in clients:
            answers = [client.refresh(chain.tokens[-1])[0] for chain in chains]
            assert answers == CHAINS * [401]
        if command != "disable":
            # Who is enabled again has the tokens back.
            assert_blacklisted(nodes, clients, [chain.tokens for chain in chains])


@contextmanager
def refreshing(servers, name):
    """A user's tokens, each rotated again and again, and once more after all."""
    chains = [Chain(servers, name, seed) for seed in range(CHAINS)]
    for chain in chains:
        chain.start()
    try:
        yield chains
    finally:
        for chain in chains:
            chain.is_over.set()
        for chain in chains:
            chain.join()


class Chain(threading.Thread):
    """Rotates its token, at one node after another, until that is refused."""

    def __init__(self, servers, name, seed):
        super().__init__()
        self.clients = [Client(server) for server in servers]
        self.dice = random.Random(seed)
        self.tokens = [self.clients[0].login(name)]
        self.is_over = threading.Event()
        # How a refresh was answered that began when all was over, or the first that failed.
        self.after = None

    def run(self):
        while self.after is None:
            is_over = self.is_over.is_set()
            status, answer = self.dice.choice(self.clients).refresh(self.tokens[-1])
            if status == 200:
                self.tokens.append(answer["refresh"])
            if is_over or status != 200:
                self.after = status


def assert_blacklisted(nodes, clients, chains):
    jtis = [jti_of(token) for tokens in chains for token in tokens]
    [(blacklisted,)] = nodes.query(
        "SELECT count(*) FROM token_blacklist_outstandingtoken AS outstanding"
        " JOIN token_blacklist_blacklistedtoken ON token_id = outstanding.id WHERE jti = ANY(?)",
        jtis,
    )
    assert blacklisted == len(jtis)
    for token in (tokens[-1] for tokens in chains):
        for client in clients:
            wait_until(lambda: client.verify(token)[0] == 400)


def wait_until(is_so):
    deadline = time.monotonic() + 10
    while not is_so():
        assert time.monotonic() < deadline
        time.sleep(0.01)
