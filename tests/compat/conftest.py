"""A Django project and tegata, side by side on one database."""

import contextlib
import json
import os
import random
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest
import requests
from database import ENGINES, Sqlite

HERE = Path(__file__).parent
TEGATA = Path(os.environ["TEGATA"]).resolve()
KEY_FILE = HERE.parent / "keys" / "es256.pem"
SECRET_KEY = "compat-reference-key-0123456789abcdef0123456789abcdef"


class Server:
    """A service in a process of its own."""

    def __init__(self, command, cwd, environment, port):
        self.origin = f"http://127.0.0.1:{port}"
        self.process = subprocess.Popen(command, cwd=cwd, env=environment)
        deadline = time.monotonic() + 30
        while True:
            try:
                socket.create_connection(("127.0.0.1", port), timeout=1).close()
                return
            except OSError:
                assert self.process.poll() is None, f"{command} ended"
                assert time.monotonic() < deadline, f"{command} does not listen"
                time.sleep(0.05)

    def post(self, path, body):
        data = body if isinstance(body, (str, bytes)) else None
        json = body if data is None else None
        return requests.post(self.origin + path, data=data, json=json, timeout=30)

    def get(self, path, token):
        bearer = {"Authorization": f"Bearer {token}"}
        return requests.get(self.origin + path, headers=bearer, timeout=30)

    def login(self, username, password, path="/api/token/pair"):
        return self.post(path, {"username": username, "password": password})

    def sliding(self, username, password):
        return self.login(username, password, "/api/token/sliding").json()["token"]

    def verify(self, token):
        return self.post("/api/token/verify", {"token": token})

    def refresh(self, token):
        return self.post("/api/token/refresh", {"refresh": token})

    def slide(self, token):
        return self.post("/api/token/sliding/refresh", {"token": token})

    def blacklist(self, token):
        return self.post("/api/token/blacklist", {"refresh": token})

    def stop(self):
        self.process.terminate()
        return self.process.wait(timeout=20)


class Site:
    """One database, and both programs that work on it."""

    def __init__(self, folder, algorithm, engine=Sqlite, **jwt):
        self.folder = folder
        self.database = engine(folder)
        # As whom tegata comes.
        self.url = self.database.url
        self.algorithm = algorithm
        self.jwt = jwt
        self.users = {}
        # Tables of tegata's alone.
        self.more = ""
        self.servers = []
        self.environment = os.environ | {
            "COMPAT_DATABASE": self.database.url,
            "COMPAT_ALGORITHM": algorithm,
            "COMPAT_KEY_FILE": str(KEY_FILE),
        }

    def manage(self, *arguments, **environment):
        return subprocess.run(
            [sys.executable, "manage.py", *arguments],
            cwd=HERE,
            env=self.environment | self.settings() | environment,
            stdout=subprocess.PIPE,
            text=True,
            check=True,
        ).stdout

    def shell(self, code):
        return self.manage("shell", "--verbosity", "0", "-c", code).strip()

    def create_django_user(self, username, password, staff=False, **fields):
        create = "create_superuser" if staff else "create_user"
        self.shell(
            "from django.contrib.auth import get_user_model\n"
            f"get_user_model().objects.{create}({username!r}, password={password!r}, **{fields!r})"
        )

    def tegata(self, *arguments, **more):
        command = [TEGATA, *arguments]
        options = {"cwd": self.folder, "check": True, "text": True}
        return subprocess.run(command, **(options | more))

    def configure(self, port=0):
        key = (
            f'signing_key = "{SECRET_KEY}"'
            if self.algorithm == "HS256"
            else f'signing_key_file = "{KEY_FILE}"'
        )
        (self.folder / "config.toml").write_text(
            f'[server]\nbind = "127.0.0.1:{port}"\n'
            f'[database]\nurl = "{self.url}"\n'
            "[limits]\nenabled = false\n"
            + f"[users]\n{lines(self.users)}"
            + f'[jwt]\nALGORITHM = "{self.algorithm}"\n{key}\n{lines(self.jwt)}'
            + self.more
        )

    def settings(self):
        """The settings of Ninja JWT that this site has besides, for Django."""
        return {"COMPAT_JWT": json.dumps(self.jwt)}

    def serve_tegata(self, **environment):
        port = free_port()
        self.configure(port)
        environment = os.environ | self.rounds() | environment
        return self.keep(Server([TEGATA, "serve"], self.folder, environment, port))

    def rounds(self):
        """Django's for tegata: else the two would hash each password anew in turn."""
        rounds = self.environment.get("COMPAT_ROUNDS")
        return {"TEGATA_USERS__PBKDF2_ITERATIONS": rounds} if rounds else {}

    def serve_django(self):
        port = free_port()
        command = [sys.executable, "manage.py", "runserver", f"127.0.0.1:{port}", "--noreload"]
        environment = self.environment | self.settings()
        return self.keep(Server(command, HERE, environment, port))

    def serve_both(self):
        return self.serve_tegata(), self.serve_django()

    def keep(self, server):
        self.servers.append(server)
        return server

    def stop(self):
        for server in self.servers:
            server.stop()
        self.database.drop()

    def schema(self):
        """The statements that make Django's tables, spaces folded."""
        return self.database.schema()

    def query(self, sql, *values):
        """What one statement answers, and does, past both programs."""
        return self.database.query(sql, *values)


def lines(settings):
    return "".join(f"{name} = {json.dumps(value)}\n" for name, value in settings.items())


def free_port():
    """Not of those that the system gives to connections, which might take it before the server."""
    while True:
        port = random.randrange(10_000, 32_000)
        with contextlib.suppress(OSError), socket.socket() as listener:
            listener.bind(("127.0.0.1", port))
            return port


@pytest.fixture(scope="session", params=ENGINES)
def engine(request):
    """What databases stand on."""
    return ENGINES[request.param]


@pytest.fixture(params=["HS256", "ES256"])
def site(request, engine, tmp_path):
    """A database without a table."""
    site = Site(tmp_path, request.param, engine)
    site.configure()
    yield site
    site.stop()


@pytest.fixture(scope="session")
def made_by_django(engine, tmp_path_factory):
    """A database made by Django, with the user `alice`, of which each test has a copy."""
    site = Site(tmp_path_factory.mktemp("made"), "HS256", engine)
    site.manage("migrate", "--verbosity", "0")
    site.create_django_user("alice", "alice-pw")
    yield site.database
    site.stop()


@pytest.fixture
def django_site(site, made_by_django):
    """A database made by Django, with the user `alice`."""
    site.database.copy(made_by_django)
    return site


@pytest.fixture(scope="session")
def twins(engine, made_by_django, tmp_path_factory):
    """tegata and Django, each on a copy of one database, so that both can be asked the same."""
    folders = [tmp_path_factory.mktemp(name) for name in ("tegata", "django")]
    ours, theirs = (Site(folder, "HS256", engine) for folder in folders)
    theirs.database.copy(made_by_django)
    theirs.create_django_user("ines", "ines-pw", is_active=False)
    ours.database.copy(theirs.database)
    yield ours.serve_tegata(), theirs.serve_django()
    ours.stop()
    theirs.stop()
