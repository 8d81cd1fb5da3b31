"""A Django project and tegata, side by side on one database file."""

import json
import os
import shutil
import socket
import sqlite3
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path

import pytest
import requests

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

    def __init__(self, folder, algorithm, **jwt):
        self.folder = folder
        self.database = folder / "db.sqlite3"
        self.algorithm = algorithm
        self.jwt = jwt
        self.users = {}
        self.servers = []
        self.environment = os.environ | {
            "COMPAT_DATABASE": str(self.database),
            "COMPAT_ALGORITHM": algorithm,
            "COMPAT_KEY_FILE": str(KEY_FILE),
        }

    def manage(self, *arguments, **environment):
        return subprocess.run(
            [sys.executable, "manage.py", *arguments],
            cwd=HERE,
            env=self.environment | self.settings() | environment,
            capture_output=True,
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
            f'[database]\nurl = "sqlite://{self.database}"\n'
            "[limits]\nenabled = false\n"
            + f"[users]\n{lines(self.users)}"
            + f'[jwt]\nALGORITHM = "{self.algorithm}"\n{key}\n{lines(self.jwt)}'
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

    def schema(self):
        """Django's tables and indexes, spaces folded. SQLite and tegata have theirs beside them."""
        tables = self.query("SELECT name, sql FROM sqlite_master")
        others = ("sqlite_", "tegata_")
        return {name: fold(sql) for name, sql in tables if not name.startswith(others)}

    def query(self, sql, *values):
        """What one statement answers, and does, past both programs."""
        with closing(sqlite3.connect(self.database)) as connection, connection:
            return connection.execute(sql, values).fetchall()


def lines(settings):
    return "".join(f"{name} = {json.dumps(value)}\n" for name, value in settings.items())


def fold(sql):
    return " ".join(sql.split()).replace("( ", "(").replace(" )", ")")


def free_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


@pytest.fixture(params=["HS256", "ES256"])
def site(request, tmp_path):
    """A folder with no database yet."""
    site = Site(tmp_path, request.param)
    site.configure()
    yield site
    site.stop()


@pytest.fixture
def django_site(site):
    """A database made by Django, with the user `alice`."""
    site.manage("migrate", "--verbosity", "0")
    site.create_django_user("alice", "alice-pw")
    return site


@pytest.fixture(scope="session")
def twins(tmp_path_factory):
    """tegata and Django, each on a copy of one database, so that both can be asked the same."""
    folders = [tmp_path_factory.mktemp(name) for name in ("tegata", "django")]
    ours, theirs = (Site(folder, "HS256") for folder in folders)
    theirs.manage("migrate", "--verbosity", "0")
    theirs.create_django_user("alice", "alice-pw")
    theirs.create_django_user("ines", "ines-pw", is_active=False)
    shutil.copy(theirs.database, ours.database)
    yield ours.serve_tegata(), theirs.serve_django()
    ours.stop()
    theirs.stop()
