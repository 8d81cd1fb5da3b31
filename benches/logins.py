"""Whether an answer's time tells who has an account, and what a flood of logins does to the rest.

    python3 benches/logins.py [--tegata target/release/tegata] [--tries 2000] [--seconds 8]
                              [--rounds 3] [--flooders 64]

First part: logins of an unknown user, with a wrong password, and of an inactive user with the right
one, in random order over one connection, with every hasher as the preferred one and cheap work
factors: the less a hash takes, the more any other difference shows. Welch's t tells whether two means
differ; below 3 they do not so that anybody could say.

Second part: a paced client asks `/api/token/verify`, alone, and then while other connections send
logins without end, at the default work factors. A report, and no test: timings depend on the machine.
"""

import argparse
import contextlib
import http.client
import json
import math
import multiprocessing
import random
import socket
import sqlite3
import statistics
import subprocess
import tempfile
import threading
import time
from pathlib import Path

HASHERS = {
    "pbkdf2_sha256": {"pbkdf2_iterations": 1_000},
    "argon2": {"argon2_memory_cost": 512, "argon2_time_cost": 1, "argon2_parallelism": 1},
    "bcrypt_sha256": {"bcrypt_rounds": 4},
    "scrypt": {"scrypt_work_factor": 64},
}
CASES = {
    "unknown user": ("nobody", "alice-pw"),
    "wrong password": ("alice", "nobody-pw"),
    "inactive user": ("ines", "ines-pw"),
}
# How many verifications a second are asked for while logins flood.
PACE = 200


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--tegata", type=Path, default=Path("target/release/tegata"))
    parser.add_argument("--tries", type=int, default=2000)
    parser.add_argument("--seconds", type=int, default=8)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--flooders", type=int, default=64)
    options = parser.parse_args()
    options.tegata = options.tegata.resolve()

    print("## Does the time tell who has an account?\n")
    print("| hasher | case | mean µs | median µs | against a wrong password: Welch's t |")
    print("|---|---|---|---|---|")
    for hasher, factors in HASHERS.items():
        with serve(options.tegata, hasher, factors) as service:
            enumerate_users(service, hasher, options.tries)

    print("\n## What does a flood of logins do to the rest?\n")
    print("| hasher | verify | p50 ms | p99 ms | max ms |")
    print("|---|---|---|---|---|")
    notes = []
    for hasher in ("pbkdf2_sha256", "argon2"):
        with serve(options.tegata, hasher, {}) as service:
            notes.append(flood(service, hasher, options))
    print("\n" + "\n".join(notes))


@contextlib.contextmanager
def serve(program, hasher, factors):
    """A service with Alice, and Ines, who is inactive."""
    with tempfile.TemporaryDirectory(prefix="tegata-bench-") as folder:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        users = {"password_hashers": [hasher]} | factors
        lines = "".join(f"{name} = {json.dumps(value)}\n" for name, value in users.items())
        Path(folder, "config.toml").write_text(
            f'[server]\nbind = "127.0.0.1:{port}"\n[limits]\nenabled = false\n[users]\n{lines}'
            '[jwt]\nSIGNING_KEY = "bench-key-0123456789abcdef0123456789abcdef"\n'
        )
        subprocess.run([program, "migrate"], cwd=folder, check=True, capture_output=True)
        for name in ("alice", "ines"):
            create = [program, "createuser", name, "--password-stdin"]
            password = f"{name}-pw\n".encode()
            subprocess.run(create, cwd=folder, check=True, input=password, capture_output=True)
        database = Path(folder, "tegata.db")
        with contextlib.closing(sqlite3.connect(database)) as connection, connection:
            connection.execute("UPDATE auth_user SET is_active = 0 WHERE username = 'ines'")
        process = subprocess.Popen([program, "serve"], cwd=folder, stderr=subprocess.DEVNULL)
        try:
            while True:
                with contextlib.suppress(OSError):
                    socket.create_connection(("127.0.0.1", port)).close()
                    break
                time.sleep(0.02)
            yield Client(port, process.pid)
        finally:
            process.terminate()
            process.wait()


class Client:
    """A connection that stays open."""

    def __init__(self, port, process):
        self.port = port
        self.process = process
        self.connection = http.client.HTTPConnection("127.0.0.1", port, timeout=120)

    def post(self, path, members):
        """The status, what was answered, and how long it took in seconds."""
        body = json.dumps(members)
        began = time.perf_counter()
        self.connection.request("POST", path, body)
        response = self.connection.getresponse()
        answer = response.read()
        took = time.perf_counter() - began
        fixed = [item for item in response.getheaders() if item[0] not in ("x-request-id", "date")]
        return response.status, (fixed, answer), took

    def login(self, username, password):
        return self.post("/api/token/pair", {"username": username, "password": password})


def enumerate_users(service, hasher, tries):
    order = [case for case in CASES for _ in range(tries)]
    random.shuffle(order)
    for case in list(CASES) * 20:
        service.login(*CASES[case])

    times = {case: [] for case in CASES}
    answers = set()
    for case in order:
        status, answer, took = service.login(*CASES[case])
        answers.add(repr((status, answer)))
        times[case].append(took * 1e6)

    assert len(answers) == 1, f"the answers differ: {answers}"
    for case, sample in times.items():
        t = "" if case == "wrong password" else f"{welch(sample, times['wrong password']):+.2f}"
        mean, median = statistics.fmean(sample), statistics.median(sample)
        print(f"| {hasher} | {case} | {mean:.1f} | {median:.1f} | {t} |", flush=True)


def welch(one, other):
    variance = sum(statistics.variance(sample) / len(sample) for sample in (one, other))
    return (statistics.fmean(one) - statistics.fmean(other)) / math.sqrt(variance)


def flood(service, hasher, options):
    status, (_, answer), _ = service.login("alice", "alice-pw")
    assert status == 200, answer
    token = json.loads(answer)["access"]
    before = resident(service.process)

    ratios, during, recoveries = [], 0, []
    answered = multiprocessing.Array("l", [0, 0])
    for _ in range(options.rounds):
        alone = report(hasher, "alone", verify(service, token, options.seconds))
        flooders = start_flood(service, options, answered)
        times = verify(service, token, options.seconds)
        beside = report(hasher, f"beside {options.flooders} logins", times)
        ratios.append(beside / alone)
        during = max(during, resident(service.process))
        for flooder in flooders:
            flooder.join()
        began = time.perf_counter()
        status, _, _ = service.login("alice", "alice-pw")
        recoveries.append(time.perf_counter() - began)
        assert status == 200
    return (
        f"{hasher}: p99 beside the flood is {statistics.median(ratios):.2f} of the quiet one "
        f"({min(ratios):.2f} to {max(ratios):.2f} in {len(ratios)} rounds). {answered[0]} logins were "
        f"looked at and {answered[1]} refused with 503. Once the flood's connections were closed, a "
        f"login was answered after {max(recoveries):.2f} s at most (a quiet one: {quiet(service):.2f} s). "
        f"Resident: {before:.0f} MiB before, {during:.0f} during."
    )


def start_flood(service, options, answered):
    """Connections that log in for as long as is measured, and for a moment before and after."""
    until = time.time() + options.seconds + 3
    flooders = [
        multiprocessing.Process(target=log_in_without_end, args=(service.port, until, answered, n))
        for n in split(options.flooders, 4)
    ]
    for flooder in flooders:
        flooder.start()
    time.sleep(2)
    return flooders


def quiet(service):
    return min(service.login("alice", "alice-pw")[2] for _ in range(3))


def split(count, parts):
    return [count // parts + (place < count % parts) for place in range(parts)]


def verify(service, token, seconds):
    """The times of requests that come at their pace, whether the last was answered or not."""
    times = []
    began = time.perf_counter()
    for place in range(seconds * PACE):
        due = began + place / PACE
        time.sleep(max(0, due - time.perf_counter()))
        status, answer, _ = service.post("/api/token/verify", {"token": token})
        assert status == 200, answer
        times.append((time.perf_counter() - due) * 1000)
    return times


def log_in_without_end(port, until, answered, connections):
    """Keeps so many logins waiting. Who is told to come back later does."""
    def run():
        client = Client(port, None)
        while time.time() < until:
            status, answer, _ = client.login("nobody", "nobody-pw")
            assert status in (401, 503), answer
            with answered.get_lock():
                answered[status == 503] += 1
            if status == 503:
                time.sleep(1)
        client.connection.close()

    threads = [threading.Thread(target=run) for _ in range(connections)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def report(hasher, what, times):
    times.sort()
    p50, p99 = (times[int(len(times) * part)] for part in (0.5, 0.99))
    print(f"| {hasher} | {what} | {p50:.2f} | {p99:.2f} | {times[-1]:.2f} |", flush=True)
    return p99


def resident(process):
    for line in Path(f"/proc/{process}/status").read_text().splitlines():
        if line.startswith("VmRSS"):
            return int(line.split()[1]) / 1024
    return 0


if __name__ == "__main__":
    main()
