"""What requests take, beside the least that any axum service could do.

    python3 benches/endpoints.py [--tegata target/release/tegata] [--echo target/release/echo]
                            [--rounds 10] [--seconds 5] [--connections 64] [--only verify,echo]
                            [--report benches/report.md]

The server has core 0, with one worker of Tokio's, and `wrk` has core 1. Every subject has its turn in
every round, so that whatever else the machine does is done to all. What counts is the CPU time that
the server's process takes for a request, by the operating system's account: requests per second swing
with the machine's other work. Ratios are of one round, and what is reported is their median.

Every subject is asked once by hand, and its answer looked at, before any is timed; one answer other
than 200 spoils the run. Settings are those of the shipped `config.toml`, but for what makes logins
many (no limits, passwords that cost nothing), an access token's lifetime, and what a subject's name
says. `--rounds 3 --seconds 2` gives an idea within two minutes.

Writes Markdown and, beside it, a chart; the figures of `cargo bench -p tegata-jwt -F jwks` go with it where
they are there. Needs `wrk`, which it installs on Debian. A report, and no test: timings depend on the
machine.
"""

import argparse
import base64
import contextlib
import hashlib
import http.client
import json
import os
import re
import shutil
import socket
import sqlite3
import subprocess
import tempfile
import time
from pathlib import Path

import report

HERE = Path(__file__).parent
ROOT = HERE.parent
SERVER_CORE, CLIENT_CORE = 0, 1
WARM_UP = 1
# So many logins may wait for the hashing pool of one core. More are refused.
LOGINS = 8
SECRET = "bench-key-0123456789abcdef0123456789abcdef"
SHIPPED = {
    "TEGATA_LIMITS__ENABLED": "false",
    "TEGATA_USERS__PASSWORD_HASHERS": '["pbkdf2_sha256"]',
    "TEGATA_USERS__PBKDF2_ITERATIONS": "1",
    "TEGATA_JWT__ACCESS_TOKEN_LIFETIME": "1 day",
}
KEEP = {"TEGATA_JWT__ROTATE_REFRESH_TOKENS": "false"}


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--tegata", type=Path, default=ROOT / "target/release/tegata")
    parser.add_argument("--echo", type=Path, default=ROOT / "target/release/echo")
    parser.add_argument("--criterion", type=Path, default=ROOT / "target/criterion")
    parser.add_argument("--rounds", type=int, default=10)
    parser.add_argument("--seconds", type=int, default=5)
    parser.add_argument("--connections", type=int, default=64)
    parser.add_argument("--only", default="", help="subjects that have one of these words")
    parser.add_argument("--report", type=Path, default=HERE / "report.md")
    options = parser.parse_args()
    options.tegata, options.echo = options.tegata.resolve(), options.echo.resolve()
    require_wrk()

    with contextlib.ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="tegata-bench-")))
        subjects = prepare(stack, folder, options)
        rounds = {name: [] for name in subjects}
        for place in range(options.rounds + 1):
            # The first round is for what is done but once.
            seconds = options.seconds if place else WARM_UP
            for name, subject in subjects.items():
                measure = subject(seconds)
                if place:
                    rounds[name].append(measure)
            print(f"round {place} of {options.rounds}", flush=True)

    report.write(options, rounds)
    print(options.report.read_text())


def require_wrk():
    if shutil.which("wrk"):
        return
    assert shutil.which("apt-get"), "wrk is missing: install it"
    root = [] if os.getuid() == 0 else ["sudo"]
    subprocess.run([*root, "apt-get", "update", "-q"], check=True)
    subprocess.run([*root, "apt-get", "install", "-qy", "wrk"], check=True)


def prepare(stack, folder, options):
    """The subjects: what measures each for so many seconds."""
    keys = {"HS256": SECRET} | {name: generate(options.tegata, name) for name in ("RS256", "ES256")}
    sites = {}

    def site(algorithm, **settings):
        name = (algorithm, *settings)
        if name not in sites:
            home = folder / str(len(sites))
            sites[name] = stack.enter_context(
                serve(options, home, settings | signing(algorithm, keys[algorithm]))
            )
        return sites[name]

    def same(name, begin, connections=options.connections):
        """One request over and over."""
        if any(word in name for word in options.only.split(",")):
            server, method, path, body, header = begin()
            file = folder / f"{len(subjects)}.body"
            file.write_text(body)
            script = ["endpoints.lua", "--", method, file, *header]
            subjects[name] = lambda seconds: load(
                server, path, seconds, connections, script
            )

    def rotation(name, algorithm):
        """As many chains of refresh tokens as there are connections."""
        if any(word in name for word in options.only.split(",")):
            server = site(algorithm)
            check_rotation(server)
            subjects[name] = lambda seconds: rotate(server, folder, seconds, options)

    subjects = {}
    same("echo", lambda: echo(stack.enter_context(serve_echo(options)), keys, options, site))
    for algorithm in keys:
        same(f"verify {algorithm}", lambda: verify(site(algorithm, **KEEP)))
    same("auth HS256", lambda: auth(site("HS256", **KEEP)))
    same("refresh HS256", lambda: refresh(site("HS256", **KEEP)))
    same("refresh ES256", lambda: refresh(site("ES256", **KEEP)))
    same("pair HS256, cheap hash", lambda: pair(site("HS256")), LOGINS)
    for algorithm in ("HS256", "ES256"):
        rotation(f"rotation {algorithm}", algorithm)
    return subjects


def generate(program, algorithm):
    """A private key, as the service keeps it."""
    with tempfile.TemporaryDirectory(prefix="tegata-bench-") as folder:
        environment = os.environ | {"TEGATA_JWT__ALGORITHM": algorithm}
        command = [program, "keys", "generate"]
        subprocess.run(command, cwd=folder, env=environment, check=True, capture_output=True)
        return next(Path(folder).rglob("*.pem")).read_text()


def signing(algorithm, key):
    return {"TEGATA_JWT__ALGORITHM": algorithm, "TEGATA_JWT__SIGNING_KEY": key}


def echo(server, keys, options, site):
    """What it echoes is the body of a verification."""
    body = json.dumps({"token": site("HS256", **KEEP).login()["access"]})
    status, answer = server.request("POST", "/", body)
    assert status == 200 and answer == json.loads(body), answer
    return server, "POST", "/", body, []


def verify(server):
    token = server.login()["access"]
    status, answer = server.request("POST", "/api/token/verify", json.dumps({"token": token}))
    assert (status, answer) == (200, {}), answer
    head, payload, signature = token.split(".")
    forged = f"{head}.{payload}.{'A' * len(signature)}"
    status, _ = server.request("POST", "/api/token/verify", json.dumps({"token": forged}))
    assert status == 401, "a forged token verifies"
    return server, "POST", "/api/token/verify", json.dumps({"token": token}), []


def auth(server):
    header = f"Bearer {server.login()['access']}"
    status, answer = server.request("GET", "/api/token/auth", "", Authorization=header)
    assert status == 200 and answer["id"] == 1, answer
    status, _ = server.request("GET", "/api/token/auth", "", Authorization=f"{header}A")
    assert status == 401, "a forged token opens"
    return server, "GET", "/api/token/auth", "", [header]


def refresh(server):
    token = server.login()["refresh"]
    body = json.dumps({"refresh": token})
    status, answer = server.request("POST", "/api/token/refresh", body)
    assert status == 200 and answer["refresh"] == token, answer
    assert claims(answer["access"])["token_type"] == "access"
    return server, "POST", "/api/token/refresh", body, []


def pair(server):
    answer = server.login()
    assert [claims(answer[one])["token_type"] for one in ("access", "refresh")] == [
        "access",
        "refresh",
    ]
    body = json.dumps({"username": "user-1", "password": "user-pw"})
    return server, "POST", "/api/token/pair", body, []


def check_rotation(server):
    """What comes back is another token, and the old one is blacklisted, on disk, too."""
    token = server.login()["refresh"]
    status, answer = server.request("POST", "/api/token/refresh", json.dumps({"refresh": token}))
    assert status == 200 and claims(answer["refresh"])["jti"] != claims(token)["jti"], answer
    status, _ = server.request("POST", "/api/token/verify", json.dumps({"token": token}))
    assert status in (400, 401), "a rotated token verifies"
    assert server.rotations() == 1


def claims(token):
    payload = token.split(".")[1]
    return json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))


def rotate(server, folder, seconds, options):
    """wrk, for which each user logs in anew. Each rotation it counts is a row."""
    tokens = [server.login(user + 1)["refresh"] for user in range(options.connections)]
    # One more, as the script has a place for the request it makes ready.
    tokens.append(server.login(1)["refresh"])
    file = folder / "tokens"
    file.write_text("".join(f"{token}\n" for token in tokens))
    before = server.rotations()
    measure = load(server, "", seconds, options.connections, ["rotations.lua", "--", file, 1])
    rows = server.rotations() - before
    # Of the last ones nobody waits for the answer.
    assert measure["count"] <= rows <= measure["count"] + options.connections, (measure, rows)
    return measure


def load(server, path, seconds, connections, script):
    command = ["taskset", "-c", CLIENT_CORE, "wrk", "-t", 1, "-c", connections]
    command += ["-d", seconds, "-s", HERE / script[0]]
    command += [f"http://127.0.0.1:{server.port}{path}", *script[1:]]
    before = server.cpu_seconds()
    command = [str(argument) for argument in command]
    said = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout
    spent = server.cpu_seconds() - before
    figures = re.search(r"^(?:answered|rotated) (.*)$", said, re.MULTILINE)[1].split()
    count, failed, rate, p50, p99 = map(float, figures)
    assert failed == 0 and count > 0, said
    return {"cpu": spent / count * 1e6, "rate": rate, "p50": p50, "p99": p99, "count": count}


@contextlib.contextmanager
def serve_echo(options):
    port = free_port()
    with run([options.echo, f"127.0.0.1:{port}"], port, ROOT, {}) as process:
        yield Server(port, process)


@contextlib.contextmanager
def serve(options, folder, settings):
    """A service on a database of its own, with a user for each connection."""
    folder.mkdir()
    shutil.copy(ROOT / "config.toml", folder)
    port = free_port()
    settings = SHIPPED | settings | {"TEGATA_SERVER__BIND": f"127.0.0.1:{port}"}
    migrate = [options.tegata, "migrate"]
    environment = os.environ | settings
    subprocess.run(migrate, cwd=folder, env=environment, check=True, capture_output=True)
    database = folder / "tegata.db"
    add_users(database, options.connections)
    with run([options.tegata, "serve"], port, folder, settings) as process:
        yield Server(port, process, database)


def add_users(database, count):
    digest = hashlib.pbkdf2_hmac("sha256", b"user-pw", b"salt" * 6, 1)
    password = f"pbkdf2_sha256$1${'salt' * 6}${base64.b64encode(digest).decode()}"
    with contextlib.closing(sqlite3.connect(database)) as connection, connection:
        connection.executemany(
            "INSERT INTO auth_user (id, username, password, is_superuser, first_name, last_name,"
            " email, is_staff, is_active, date_joined)"
            " VALUES (?, ?, ?, 0, '', '', '', 0, 1, '2026-01-01 00:00:00')",
            [(user, f"user-{user}", password) for user in range(1, count + 1)],
        )


def free_port():
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return free.getsockname()[1]


@contextlib.contextmanager
def run(command, port, folder, settings):
    """A server on its core, until it is needed no more."""
    command = ["taskset", "-c", str(SERVER_CORE), *command]
    environment = os.environ | settings | {"RUST_BACKTRACE": "0"}
    process = subprocess.Popen(command, cwd=folder, env=environment, stderr=subprocess.DEVNULL)
    try:
        deadline = time.monotonic() + 30
        while True:
            with contextlib.suppress(OSError):
                socket.create_connection(("127.0.0.1", port)).close()
                break
            assert process.poll() is None and time.monotonic() < deadline, f"{command} fails"
            time.sleep(0.02)
        yield process.pid
    finally:
        process.terminate()
        process.wait()


class Server:
    def __init__(self, port, process, database=None):
        self.port, self.process, self.database = port, process, database

    def request(self, method, path, body, **headers):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        with contextlib.closing(connection):
            headers["Content-Type"] = "application/json"
            connection.request(method, path, body, headers)
            response = connection.getresponse()
            return response.status, json.loads(response.read())

    def login(self, user=1):
        body = json.dumps({"username": f"user-{user}", "password": "user-pw"})
        status, answer = self.request("POST", "/api/token/pair", body)
        assert status == 200, answer
        return answer

    def rotations(self):
        with contextlib.closing(sqlite3.connect(self.database)) as connection:
            return connection.execute("SELECT count(*) FROM tegata_rotation").fetchone()[0]

    def cpu_seconds(self):
        """User and system time of all its threads so far."""
        fields = Path(f"/proc/{self.process}/stat").read_text().rsplit(")")[1].split()
        return sum(map(int, fields[11:13])) / os.sysconf("SC_CLK_TCK")


if __name__ == "__main__":
    main()
