"""Several processes of tegata on one PostgreSQL database, and clients of all of them."""

import contextlib
import http.client
import itertools
import json
import os
import subprocess
from pathlib import Path

from conftest import Site
from database import Postgres

SCRIPT = Path(__file__).parents[1] / "postgres.sh"
ROTATE = {"ROTATE_REFRESH_TOKENS": True, "BLACKLIST_AFTER_ROTATION": True}


class Nodes(Site):
    """A database that tegata made, with users whose passwords cost nothing, and the services on
    it."""

    def __init__(self, folder, **jwt):
        super().__init__(folder, "HS256", Postgres, **ROTATE | jwt)
        self.users = {"pbkdf2_iterations": 1}
        self.configure()
        self.tegata("migrate")
        self.create_user("alice")

    def create_user(self, name):
        self.tegata("createuser", name, "--password-stdin", input=f"{name}-pw\n")


class Client:
    """A connection that stays open."""

    def __init__(self, server):
        self.name = server.origin
        address = server.origin.removeprefix("http://")
        self.connection = http.client.HTTPConnection(address, timeout=30)

    def login(self, name):
        status, answer = self.post("pair", {"username": name, "password": f"{name}-pw"})
        assert status == 200, answer
        return answer["refresh"]

    def refresh(self, token):
        return self.post("refresh", {"refresh": token})

    def blacklist(self, token):
        return self.post("blacklist", {"refresh": token})

    def verify(self, token):
        return self.post("verify", {"token": token})

    def post(self, path, body):
        self.connection.request("POST", f"/api/token/{path}", json.dumps(body))
        return self.answer()

    def answer(self):
        answer = self.connection.getresponse()
        return answer.status, json.loads(answer.read())

    def begin(self, path, body):
        """Sends a request but for its last byte, which is returned."""
        text = json.dumps(body).encode()
        self.connection.putrequest("POST", f"/api/token/{path}")
        self.connection.putheader("Content-Length", len(text))
        self.connection.endheaders(text[:-1])
        return text[-1:]


class Crowd:
    """Clients of all nodes, who ask at one moment."""

    def __init__(self, servers, count):
        by_turns = itertools.islice(itertools.cycle(servers), count)
        self.clients = [Client(server) for server in by_turns]

    def refresh(self, token, dice):
        """What each is told who refreshes this token. Every request is there but for its end before
        the first of them is whole."""
        dice.shuffle(self.clients)
        ends = [client.begin("refresh", {"refresh": token}) for client in self.clients]
        for client, end in zip(self.clients, ends):
            client.connection.send(end)
        return [client.answer() for client in self.clients]


class Restartable:
    """A PostgreSQL for one test alone, which waits for the disk, as in production, and stops and
    starts."""

    def __init__(self, url, folder):
        self.url = url
        self.environment = os.environ | {"TEGATA_TEST_POSTGRES_FOLDER": folder}

    def stop(self, mode):
        subprocess.run([SCRIPT, "stop", mode], env=self.environment, check=True)

    def start(self):
        subprocess.run([SCRIPT, "start"], env=self.environment, check=True)


@contextlib.contextmanager
def private_postgres():
    tell = 'echo "$TEGATA_TEST_POSTGRES $TEGATA_TEST_POSTGRES_FOLDER"; cat'
    with subprocess.Popen(
        [SCRIPT, "sh", "-c", tell],
        env=os.environ | {"TEGATA_TEST_POSTGRES_FSYNC": "on"},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as script:
        # The server goes when its input ends.
        yield Restartable(*script.stdout.readline().split())
        script.stdin.close()
