"""How long `tegata flushexpiredtokens` takes, and what a service on the same database feels of it.

    python3 benches/flush.py [--tegata target/release/tegata] [--expired 1000000] [--live 10000]
                             [--rotations 100000] [--journal wal] [--batch-size 5000 ...]

Makes a database whose expired tokens are all blacklisted, starts a service on it, sends it requests
from one client, and flushes in a process beside it. Once for each batch size, on copies of one
database. A report, and no test: timings depend on the machine.
"""

import argparse
import base64
import contextlib
import http.client
import json
import os
import secrets
import shutil
import socket
import sqlite3
import subprocess
import tempfile
import threading
import time
from pathlib import Path

DAY = 86_400
SECOND_FORMAT = "%Y-%m-%d %H:%M:%S.123456"
# What a client leaves between two requests.
PAUSE = 0.002
# How many of them ask whether a token is genuine, for each that rotates one.
VERIFICATIONS = 4


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--tegata", type=Path, default=Path("target/release/tegata"))
    parser.add_argument("--expired", type=int, default=1_000_000)
    parser.add_argument("--live", type=int, default=10_000)
    parser.add_argument("--rotations", type=int, default=100_000)
    parser.add_argument("--journal", choices=["wal", "delete"], default="wal")
    parser.add_argument("--batch-size", type=int, nargs="+", default=[1_000, 5_000, 20_000])
    options = parser.parse_args()
    options.tegata = options.tegata.resolve()

    with tempfile.TemporaryDirectory(prefix="tegata-bench-") as folder:
        folder = Path(folder)
        began = time.monotonic()
        fill(folder, options)
        size = (folder / "filled.db").stat().st_size
        print(
            f"{options.expired} expired, {options.live} live and {options.rotations} rotated"
            f" tokens: {size / 2**20:.0f} MiB, made in {time.monotonic() - began:.0f} s,"
            f" journal {options.journal}"
        )
        for batch_size in options.batch_size:
            shutil.copy(folder / "filled.db", folder / "tegata.db")
            run(folder, options.tegata, batch_size)
            for left in folder.glob("tegata.db*"):
                left.unlink()


def fill(folder, options):
    """A database as it is after months without a flush."""
    configure(folder)
    tegata(options.tegata, folder, "migrate")
    tegata(options.tegata, folder, "createuser", "alice", "--password-stdin", input=b"alice-pw\n")
    database = folder / "tegata.db"
    now = time.time()
    with contextlib.closing(sqlite3.connect(database)) as connection, connection:
        connection.execute("PRAGMA synchronous = OFF")
        connection.execute("PRAGMA cache_size = -200000")
        # Those that live were issued last.
        outstanding(connection, options.expired, now - 90 * DAY, now - 2 * DAY)
        connection.execute(
            "INSERT INTO token_blacklist_blacklistedtoken (blacklisted_at, token_id) "
            "SELECT created_at, id FROM token_blacklist_outstandingtoken ORDER BY id"
        )
        outstanding(connection, options.live, now - DAY / 2, now)
        connection.execute(
            "INSERT INTO token_blacklist_blacklistedtoken (blacklisted_at, token_id) "
            "SELECT created_at, id FROM token_blacklist_outstandingtoken "
            "WHERE expires_at > ? AND id % 2 ORDER BY id",
            [time.strftime(SECOND_FORMAT, time.gmtime(now))],
        )
        rotations(connection, options.rotations, now - 90 * DAY, now - 2 * DAY)
    with contextlib.closing(sqlite3.connect(database, isolation_level=None)) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        connection.execute(f"PRAGMA journal_mode = {options.journal}")
    database.rename(folder / "filled.db")


def outstanding(connection, count, first, last):
    def rows():
        for place in range(count):
            issued = first + (last - first) * place / count
            jti = secrets.token_hex(16)
            yield (
                token(jti, int(issued)),
                time.strftime(SECOND_FORMAT, time.gmtime(issued)),
                time.strftime("%Y-%m-%d %H:%M:%S", time.gmtime(issued + DAY)),
                jti,
            )

    connection.executemany(
        "INSERT INTO token_blacklist_outstandingtoken (token, created_at, expires_at, user_id, jti)"
        " VALUES (?, ?, ?, 1, ?)",
        rows(),
    )


def token(jti, issued):
    """What a token looks like; nobody looks at its signature."""
    claims = {"token_type": "refresh", "exp": issued + DAY, "iat": issued, "jti": jti, "user_id": 1}
    parts = [b'{"alg":"HS256","typ":"JWT"}', json.dumps(claims).encode(), secrets.token_bytes(32)]
    return ".".join(base64.urlsafe_b64encode(part).decode().rstrip("=") for part in parts)


def rotations(connection, count, first, last):
    def rows():
        for place in range(count):
            issued = time.gmtime(first + (last - first) * place / count)
            rotated = time.strftime(SECOND_FORMAT, issued)
            parent, successor = secrets.token_hex(16), secrets.token_hex(16)
            yield parent, successor, secrets.token_hex(16), rotated, rotated, rotated

    connection.executemany("INSERT INTO tegata_rotation VALUES (?, ?, ?, ?, ?, ?)", rows())


def run(folder, binary, batch_size):
    port = configure(folder)
    pair = json.loads(tegata(binary, folder, "token", "issue", "alice"))
    service = subprocess.Popen([binary, "serve"], cwd=folder, stderr=subprocess.DEVNULL)
    try:
        client = Client(port, pair["refresh"])
        client.start()
        settle(service.pid)
        loaded = resident(service.pid, "VmRSS")
        client.phase = "before"
        time.sleep(3)

        client.phase = "during"
        began = time.monotonic()
        flush = subprocess.Popen(
            [binary, "flushexpiredtokens", "--batch-size", str(batch_size)],
            cwd=folder,
            stderr=subprocess.PIPE,
        )
        most, log = watch(flush.pid, folder / "tegata.db-wal")
        said = flush.stderr.read().decode().splitlines()
        _, status, usage = os.wait4(flush.pid, 0)
        seconds = time.monotonic() - began
        client.phase = "after"

        print(f"\nbatch size {batch_size}: {said[-1] if said else ''}")
        print(
            f"  flush    {seconds:6.2f} s, CPU {usage.ru_utime:.2f} user {usage.ru_stime:.2f} system,"
            f" {most:.0f} MiB at most, exit {os.waitstatus_to_exitcode(status)}"
        )
        print(
            f"  service  {loaded:.0f} MiB before, {resident(service.pid, 'VmRSS'):.0f} after,"
            f" {resident(service.pid, 'VmHWM'):.0f} at most; log {log / 2**20:.0f} MiB"
        )
        time.sleep(0.1)
        client.stop()
        for phase in ("before", "during"):
            client.report(phase)
    finally:
        service.terminate()
        service.wait()


class Client(threading.Thread):
    """Verifies and rotates tokens, one request after another."""

    def __init__(self, port, token):
        super().__init__()
        self.connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
        self.port = port
        self.token = token
        self.phase = None
        self.is_over = False
        self.seen = []

    def run(self):
        wait_for(self.port)
        place = 0
        while not self.is_over:
            place += 1
            if place % (VERIFICATIONS + 1):
                self.ask("verify", {"token": self.token})
            else:
                answer = self.ask("refresh", {"refresh": self.token})
                self.token = answer.get("refresh", self.token)
            time.sleep(PAUSE)

    def ask(self, path, body):
        phase, began = self.phase, time.monotonic()
        self.connection.request("POST", f"/api/token/{path}", json.dumps(body))
        answer = self.connection.getresponse()
        said = json.loads(answer.read())
        self.seen.append((phase, path, answer.status, time.monotonic() - began))
        return said

    def stop(self):
        self.is_over = True
        self.join()

    def report(self, phase):
        for path in ("verify", "refresh"):
            seen = [(status, took) for at, of, status, took in self.seen if (at, of) == (phase, path)]
            took = sorted(1_000 * took for _, took in seen) or [0]
            errors = sum(status != 200 for status, _ in seen)
            print(
                f"  {phase:7}  {path:8}{len(seen):6} requests, {errors} errors,"
                f" p50 {took[len(took) // 2]:.2f} p99 {took[len(took) * 99 // 100]:.2f}"
                f" max {took[-1]:.2f} ms"
            )


def configure(folder):
    port = free_port()
    (folder / "config.toml").write_text(
        f'[server]\nbind = "127.0.0.1:{port}"\n'
        '[database]\nurl = "sqlite://tegata.db"\n'
        f'[jwt]\nALGORITHM = "HS256"\nSIGNING_KEY = "{secrets.token_hex(32)}"\n'
        "ROTATE_REFRESH_TOKENS = true\nBLACKLIST_AFTER_ROTATION = true\n"
    )
    return port


def tegata(binary, folder, *arguments, **options):
    command = [binary, *arguments]
    done = subprocess.run(command, cwd=folder, capture_output=True, **options)
    assert done.returncode == 0, done.stderr.decode()
    return done.stdout


def free_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


def wait_for(port):
    deadline = time.monotonic() + 30
    while True:
        with contextlib.suppress(OSError):
            return socket.create_connection(("127.0.0.1", port), timeout=1).close()
        assert time.monotonic() < deadline, "the service does not listen"
        time.sleep(0.02)


def watch(process, log):
    """How much memory a process had at most until it ended, and how long the log became. The
    operating system's own account begins with the memory of whoever started the process."""
    most, longest = 0, 0
    while now := resident(process, "VmHWM"):
        most = now
        with contextlib.suppress(FileNotFoundError):
            longest = max(longest, log.stat().st_size)
        time.sleep(0.02)
    return most, longest


def settle(process):
    """Waits until the service has taken the blacklist into memory: it is idle but for requests."""
    before = -1
    while (now := resident(process, "VmRSS")) != before:
        before = now
        time.sleep(1)


def resident(process, kind):
    for line in Path(f"/proc/{process}/status").read_text().splitlines():
        if line.startswith(kind):
            return int(line.split()[1]) / 1024
    return 0


if __name__ == "__main__":
    main()
