"""What a durable rotation takes on PostgreSQL beside its bare transaction, and how soon other nodes
know of a revocation.

    python3 benches/rotations.py [--tegata target/release/tegata] [--rounds 5] [--seconds 10]
                                 [--connections 64] [--nodes 5] [--tries 1000]

First part: `/api/token/refresh`, with ROTATE_REFRESH_TOKENS and BLACKLIST_AFTER_ROTATION, from many
connections, and by turns the same rows written by pgbench alone from as many: what PostgreSQL can
do at most, on this machine, in this run.

Second part: a token is blacklisted by one node, and the others are asked about it until all of them
refuse it, once with announcements and once without.

A PostgreSQL of its own, which waits for the disk. Needs `psql`, `pgbench` and `wrk` on the PATH. A
report, and no test: timings depend on the machine.
"""

import argparse
import base64
import contextlib
import hashlib
import http.client
import json
import os
import random
import re
import socket
import statistics
import subprocess
import tempfile
import time
from pathlib import Path

HERE = Path(__file__).parent
POSTGRES = HERE.parent / "tests" / "postgres.sh"
THREADS = 2
POLL_INTERVAL = 0.2
# What is left between two looks at the nodes: whoever asks without pause has a core to themselves
# that PostgreSQL could do with.
GLANCE = 0.001
WARM_UP = 2
# One transaction of pgbench's, in whose chain each token takes the place of the one before.
BARE = """
\\set user :client_id + 1
\\if :parent_id = 0
SELECT id AS parent_id, jti AS parent, jti AS family FROM token_blacklist_outstandingtoken
    WHERE user_id = :user ORDER BY id DESC LIMIT 1 \\gset
\\endif
\\set seed random(1, 9000000000000000000)
BEGIN;
SELECT is_active FROM auth_user WHERE id = :user FOR KEY SHARE;
INSERT INTO token_blacklist_blacklistedtoken (blacklisted_at, token_id) VALUES (now(), :parent_id);
INSERT INTO tegata_rotation
    (parent_jti, successor_jti, family, rotated_at, successor_expires_at, expires_at)
    VALUES (:parent, md5(:seed::text), :family, now(), now() + '1 day', now() + '1 day');
INSERT INTO token_blacklist_outstandingtoken (token, created_at, expires_at, user_id, jti)
    VALUES ('{token}', now(), now() + '1 day', :user, md5(:seed::text))
    RETURNING id AS parent_id, jti AS parent \\gset
COMMIT;
"""


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--tegata", type=Path, default=Path("target/release/tegata"))
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=int, default=10)
    parser.add_argument("--connections", type=int, default=64)
    parser.add_argument("--nodes", type=int, default=5)
    parser.add_argument("--tries", type=int, default=1000)
    options = parser.parse_args()
    options.tegata = options.tegata.resolve()

    with postgres() as server, tempfile.TemporaryDirectory(prefix="tegata-bench-") as folder:
        site = Site(Path(folder), server, options)
        if options.rounds:
            print("## What does a durable rotation take?\n")
            compare(site, options)
        if options.tries:
            print("\n## How soon do all nodes refuse what one has blacklisted?\n")
            print("| nodes | tries | p50 ms | p99 ms | max ms |\n|---|---|---|---|---|")
            propagate(site, options, listen=True)
            propagate(site, options, listen=False)


@contextlib.contextmanager
def postgres():
    """A server that waits for the disk, and goes when its input ends."""
    tell = 'echo "$TEGATA_TEST_POSTGRES $TEGATA_TEST_POSTGRES_FOLDER"; cat'
    with subprocess.Popen(
        [POSTGRES, "sh", "-c", tell],
        env=os.environ | {"TEGATA_TEST_POSTGRES_FSYNC": "on"},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as script:
        yield Postgres(*script.stdout.readline().split())
        script.stdin.close()


class Postgres:
    def __init__(self, url, folder):
        self.url = f"{url}/postgres"
        self.process = int(Path(folder, "data", "postmaster.pid").read_text().split()[0])

    def query(self, sql):
        command = ["psql", self.url, "--no-psqlrc", "--set=ON_ERROR_STOP=1", "-qAtc", sql]
        return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()

    def cpu_seconds(self):
        """The CPU time of the server so far, and of those of its processes that have ended."""
        children = Path(f"/proc/{self.process}/task/{self.process}/children").read_text().split()
        return sum(map(cpu_seconds, children)) + cpu_seconds(self.process, and_ended=True)


class Site:
    """A database with a user for each connection, whose passwords cost nothing."""

    def __init__(self, folder, server, options):
        self.folder = folder
        self.server = server
        self.program = options.tegata
        self.write(
            "config.toml",
            f'[database]\nurl = "{server.url}"\n[limits]\nenabled = false\n'
            "[users]\npbkdf2_iterations = 1\n"
            '[jwt]\nSIGNING_KEY = "bench-key-0123456789abcdef0123456789abcdef"\n'
            "ROTATE_REFRESH_TOKENS = true\nBLACKLIST_AFTER_ROTATION = true\n",
        )
        migrate = [self.program, "migrate"]
        subprocess.run(migrate, cwd=folder, check=True, capture_output=True)
        digest = hashlib.pbkdf2_hmac("sha256", b"user-pw", b"salt" * 6, 1)
        password = f"pbkdf2_sha256$1${'salt' * 6}${base64.b64encode(digest).decode()}"
        server.query(
            "INSERT INTO auth_user (username, password, is_superuser, first_name, last_name, email,"
            " is_staff, is_active, date_joined) SELECT 'user-' || n,"
            f" '{password}', false, '', '', '', false, true, now()"
            f" FROM generate_series(1, {options.connections}) AS n"
        )

    def write(self, name, text):
        (self.folder / name).write_text(text)

    @contextlib.contextmanager
    def serve(self, count, **settings):
        """So many nodes."""
        with contextlib.ExitStack() as stack:
            yield [stack.enter_context(self.serve_one(settings)) for _ in range(count)]

    @contextlib.contextmanager
    def serve_one(self, settings):
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        environment = os.environ | {"TEGATA_SERVER__BIND": f"127.0.0.1:{port}"} | settings
        process = subprocess.Popen(
            [self.program, "serve"], cwd=self.folder, env=environment, stderr=subprocess.DEVNULL
        )
        try:
            deadline = time.monotonic() + 30
            while True:
                with contextlib.suppress(OSError):
                    socket.create_connection(("127.0.0.1", port)).close()
                    break
                assert time.monotonic() < deadline, "the service does not listen"
                time.sleep(0.02)
            yield Node(port, process.pid)
        finally:
            process.terminate()
            process.wait()


class Node:
    """A service, and a connection to it that stays open."""

    def __init__(self, port, process):
        self.port = port
        self.process = process
        self.connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)

    def post(self, path, members):
        self.begin(path, members)
        return self.answer()

    def begin(self, path, members):
        self.connection.request("POST", f"/api/token/{path}", json.dumps(members))

    def answer(self):
        response = self.connection.getresponse()
        return response.status, json.loads(response.read())

    def login(self, user):
        status, answer = self.post("pair", {"username": f"user-{user}", "password": "user-pw"})
        assert status == 200, answer
        return answer["refresh"]


def compare(site, options):
    """By turns, so that whatever else the machine does is done to both."""
    bare, rotated = [], []
    with site.serve(1) as [node]:
        # What pgbench begins with.
        tokens = [node.login(user + 1) for user in range(options.connections)]
        site.write("bare.sql", BARE.format(token=len(tokens[0]) * "x"))
        for place in range(options.rounds + 1):
            # The first round is for what is done but once.
            seconds = options.seconds if place else WARM_UP
            bare.append(transact(site, seconds, options.connections))
            rotated.append(rotate(site, node, seconds, options.connections))

    bare, rotated = bare[1:], rotated[1:]
    print("| subject | rotations/s | CPU µs of the service | CPU µs of PostgreSQL |")
    print("|---|---|---|---|")
    for name, rounds in (("bare transaction", bare), ("tegata", rotated)):
        rates = spread([one["rate"] for one in rounds])
        ours, theirs = (spread([one[which] for one in rounds]) for which in ("ours", "theirs"))
        print(f"| {name} | {rates} | {ours if name == 'tegata' else ''} | {theirs} |")
    ratios = [one["rate"] / other["rate"] for one, other in zip(rotated, bare)]
    p50, p99 = (statistics.median(one[which] for one in rotated) for which in ("p50", "p99"))
    print(
        f"\nMedian (least to most) of {options.rounds} rounds of {options.seconds} s each, over"
        f" {options.connections} connections. tegata does {spread(ratios, 2)} of the bare"
        f" rotations; each takes {p50:.1f} ms, and {p99:.1f} ms at p99."
    )


def transact(site, seconds, connections):
    """pgbench alone."""
    command = ["pgbench", "-n", "-M", "prepared", "-c", connections, "-j", THREADS, "-T", seconds]
    command += ["-f", site.folder / "bare.sql", "-D", "parent_id=0", site.server.url]
    with measured(site) as measure:
        said = tell(command)
    count = int(re.search(r"actually processed: (\d+)", said)[1])
    measure |= {"rate": float(re.search(r"tps = ([\d.]+)", said)[1])}
    assert measure["rows"] == count, said
    return measure | per_rotation(measure, count)


def rotate(site, node, seconds, connections):
    """wrk, for which each user logs in anew."""
    users = [place % connections + 1 for place in range(connections + THREADS)]
    site.write("tokens", "".join(f"{node.login(user)}\n" for user in users))
    command = ["wrk", "-t", THREADS, "-c", connections, "-d", seconds, "-s", HERE / "rotations.lua"]
    command += [f"http://127.0.0.1:{node.port}", "--", site.folder / "tokens", THREADS]
    with measured(site, node) as measure:
        said = tell(command)
    figures = re.search(r"^rotated (.*)$", said, re.MULTILINE)[1].split()
    count, failed, measure["rate"], measure["p50"], measure["p99"] = map(float, figures)
    # Of the last ones nobody waits for the answer.
    assert failed == 0 and count <= measure["rows"] <= count + connections, said
    return measure | per_rotation(measure, count)


@contextlib.contextmanager
def measured(site, node=None):
    """How many rows came meanwhile, and what it cost."""
    rows = lambda: int(site.server.query("SELECT count(*) FROM tegata_rotation"))
    site.server.query("CHECKPOINT")
    measure = {"rows": -rows()}
    ours, theirs = node and cpu_seconds(node.process), site.server.cpu_seconds()
    yield measure
    measure["ours"] = node and cpu_seconds(node.process) - ours
    measure["theirs"] = site.server.cpu_seconds() - theirs
    measure["rows"] += rows()


def tell(command):
    command = [str(argument) for argument in command]
    return subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout


def per_rotation(measure, count):
    return {who: (measure[who] or 0) / count * 1e6 for who in ("ours", "theirs")}


def cpu_seconds(process, and_ended=False):
    """The CPU time of a process so far, and of those of its children that have ended."""
    try:
        fields = Path(f"/proc/{process}/stat").read_text().rsplit(")")[1].split()
    except (FileNotFoundError, ProcessLookupError):
        return 0
    ticks = fields[11:15] if and_ended else fields[11:13]
    return sum(map(int, ticks)) / os.sysconf("SC_CLK_TCK")


def spread(sample, digits=0):
    median, least, most = statistics.median(sample), min(sample), max(sample)
    return f"{median:.{digits}f} ({least:.{digits}f} to {most:.{digits}f})"


def propagate(site, options, listen):
    """The time from the answer of the node that blacklists to the last refusal of the others, which
    is found out up to a glance later."""
    settings = {
        "TEGATA_BLACKLIST__LISTEN": str(listen).lower(),
        "TEGATA_BLACKLIST__POLL_INTERVAL": "1s" if listen else f"{1000 * POLL_INTERVAL:.0f}ms",
    }
    lags = []
    with site.serve(options.nodes, **settings) as nodes:
        tokens = [nodes[0].login(1) for _ in range(options.tries)]
        for place, token in enumerate(tokens):
            # At any moment between two polls.
            time.sleep(random.uniform(0, POLL_INTERVAL if not listen else 0.01))
            first, *others = nodes[place % len(nodes) :] + nodes[: place % len(nodes)]
            assert verified(others, token) == others
            status, _ = first.post("blacklist", {"refresh": token})
            acknowledged = time.perf_counter()
            assert status == 200
            while others := verified(others, token):
                time.sleep(GLANCE)
            lags.append(1000 * (time.perf_counter() - acknowledged))

    lags.sort()
    p50, p99 = (lags[int(len(lags) * part)] for part in (0.5, 0.99))
    how = "announced" if listen else f"polled each {1000 * POLL_INTERVAL:.0f} ms"
    figures = f"{p50:.1f} | {p99:.1f} | {lags[-1]:.1f}"
    print(f"| {len(nodes)}, {how} | {len(lags)} | {figures} |", flush=True)


def verified(nodes, token):
    """Those of the nodes that do not refuse a token."""
    for node in nodes:
        node.begin("verify", {"token": token})
    answers = [(node, node.answer()) for node in nodes]
    assert {status for _, (status, _) in answers} <= {200, 400}, answers
    return [node for node, (status, _) in answers if status == 200]


if __name__ == "__main__":
    main()
