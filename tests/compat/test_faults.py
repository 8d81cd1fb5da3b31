"""What fails under a service on SQLite, and comes back: a disk that is full, files that cannot be
written, a lock that nobody lets go, and files that cannot be opened. Meanwhile what needs the database
is 503 and what does not goes on; afterwards all is as it was, and what was acknowledged holds."""

import contextlib
import http.client
import json
import os
import sqlite3
import subprocess
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from conftest import TEGATA, Server, Site, free_port
from wire import claims_of

pytestmark = pytest.mark.parametrize("engine", ["sqlite"], indirect=True, scope="session")
# The seconds of a fault: longer than the service waits for a lock.
OUTAGE = 8
# The seconds within which all is as it was.
RECOVERY = 5
# The seconds within which anything is answered, be it with a 503.
PATIENCE = 20
# The seconds within which is answered what needs no database.
AT_ONCE = 1.5
# How many ask each thing at the same time, and how long they think before they ask again.
CALLERS = 2
PAUSE = 0.03
# How many lines the log may have of an outage, in which hundreds of requests fail.
FEW = 10
# How much of a core a service may take that does little but refuse.
SHARE = 0.5
DISK = 8 * 1024 * 1024


class Faulty:
    """A service whose log is kept, and which may be given less than it wants."""

    def __init__(self, site, log, prefix=""):
        self.site = site
        self.log = log
        # Refresh tokens that live, that were ended, and of which only their end will tell.
        self.given, self.spent, self.doubted = [], [], []
        self.serve(prefix)
        self.access = self.login()[1]["access"]

    def serve(self, prefix=""):
        port = free_port()
        self.site.configure(port)
        command = ["sh", "-c", f'{prefix} exec "$0" serve 2>>"$1"', TEGATA, self.log]
        self.server = self.site.keep(Server(command, self.site.folder, dict(os.environ), port))

    def ask(self, path, body=None, bearer=None):
        """Status and body of an answer on a connection of its own."""
        address = self.server.origin.removeprefix("http://")
        with contextlib.closing(http.client.HTTPConnection(address, timeout=PATIENCE)) as connection:
            return ask(connection, path, body, bearer)

    def login(self):
        status, answer = self.ask("pair", {"username": "alice", "password": "alice-pw"})
        if status == 200:
            self.given.append(answer["refresh"])
        return status, answer

    def refresh(self):
        return self.spend("refresh")

    def blacklist(self):
        return self.spend("blacklist")

    def spend(self, path):
        """Ends a token that lives, one way or the other."""
        if not self.given:
            return None, {}
        token = self.given.pop()
        status, answer = self.ask(path, {"refresh": token})
        (self.spent if status == 200 else self.doubted).append(token)
        if "refresh" in answer:
            self.given.append(answer["refresh"])
        return status, answer

    def verify(self):
        return self.ask("verify", {"token": self.access})

    def auth(self):
        return self.ask("auth", bearer=self.access)

    def seconds_of_processor(self):
        fields = Path(f"/proc/{self.server.process.pid}/stat").read_text().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def lines(self):
        return self.log.read_text(errors="replace").splitlines()

    def check_what_was_acknowledged(self):
        for token in self.spent:
            assert self.ask("verify", {"token": token})[0] == 400
            assert self.ask("refresh", {"refresh": token})[0] == 401
        for token in self.given:
            assert self.ask("verify", {"token": token})[0] == 200
            assert self.ask("refresh", {"refresh": token})[0] == 200
        rows = self.site.query("SELECT jti FROM token_blacklist_outstandingtoken")
        outstanding = {jti for (jti,) in rows}
        assert {claims_of(token)["jti"] for token in self.given + self.spent} <= outstanding
        # What was answered by a 503 is done or not, and never half.
        for token in self.doubted:
            verified = self.ask("verify", {"token": token})[0]
            refreshed = self.ask("refresh", {"refresh": token})[0]
            assert (verified, refreshed) in {(200, 200), (400, 401)}
        self.site.database.check()


def ask(connection, path, body=None, bearer=None):
    headers = {"Authorization": f"Bearer {bearer}"} if bearer else {}
    method = "POST" if body else "GET"
    connection.request(method, f"/api/token/{path}", body and json.dumps(body), headers)
    response = connection.getresponse()
    answer = json.loads(response.read() or b"{}")
    if response.status == 503:
        assert int(response.headers["Retry-After"]) > 0
        assert answer["code"] == "unavailable"
    return response.status, answer


@pytest.fixture
def frugal(monkeypatch):
    """Passwords are cheap, and what is blacklisted is soon in memory."""
    monkeypatch.setenv("TEGATA_USERS__PBKDF2_ITERATIONS", "1")
    monkeypatch.setenv("TEGATA_LOG__LEVEL", "warn")


@pytest.fixture
def start(frugal, engine, tmp_path):
    """Starts a service on a database in a folder."""
    sites = []

    def start(folder, prefix="", journal="wal"):
        rules = {"ROTATE_REFRESH_TOKENS": True, "BLACKLIST_AFTER_ROTATION": True}
        site = Site(folder, "HS256", engine, **rules)
        sites.append(site)
        site.configure()
        site.tegata("migrate")
        site.tegata("createuser", "alice", "--password-stdin", input="alice-pw\n")
        assert site.query(f"PRAGMA journal_mode = {journal}") == [(journal,)]
        return Faulty(site, tmp_path / "log", prefix)

    yield start
    for site in sites:
        site.stop()


@pytest.fixture
def disk(tmp_path):
    """A small file system of its own."""
    image, folder = tmp_path / "image", tmp_path / "disk"
    with image.open("wb") as file:
        file.truncate(DISK)
    folder.mkdir()
    subprocess.run(["mkfs.ext4", "-q", "-m", "0", image], check=True)
    mounted = mount(image, folder)
    if mounted.returncode:
        pytest.skip(f"no file system can be mounted here: {mounted.stderr.strip()}")
    yield folder
    subprocess.run(["umount", folder], check=True)


def mount(image, folder):
    return subprocess.run(["mount", "-o", "loop", image, folder], capture_output=True, text=True)


@contextlib.contextmanager
def full(folder):
    ballast = folder / "ballast"
    with ballast.open("wb", buffering=0) as file:
        for size in (65536, 4096, 1):
            with contextlib.suppress(OSError):
                while file.write(bytes(size)):
                    pass
    yield
    ballast.unlink()


@contextlib.contextmanager
def immutable(folder):
    """Not even root writes, and not even to what is open. What SQLite maps into memory is left out:
    a write to it would be a signal, and the end of any process."""
    files = [folder, *(file for file in folder.glob("db.sqlite3*") if file.suffix != ".sqlite3-shm")]
    subprocess.run(["chattr", "+i", *files], check=True)
    yield
    subprocess.run(["chattr", "-i", *files], check=True)


@contextlib.contextmanager
def broken(folder):
    """What the kernel makes of a file system whose disk fails. Until it is mounted anew it stays so."""
    subprocess.run(["mount", "-o", "remount,abort", folder], check=True)
    yield


@contextlib.contextmanager
def locked(folder):
    with contextlib.closing(sqlite3.connect(folder / "db.sqlite3", isolation_level=None)) as other:
        other.execute("BEGIN EXCLUSIVE")
        yield
        other.execute("ROLLBACK")


def endure(service, fault):
    """Has callers ask all there is while the fault lasts: how each was answered, and how long that
    took."""
    answered = {name: [] for name in ("login", "refresh", "blacklist", "verify", "auth")}

    def caller(name, end):
        while time.monotonic() < end:
            began = time.monotonic()
            status, _ = getattr(service, name)()
            answered[name].append((status, time.monotonic() - began))
            time.sleep(PAUSE)

    for _ in range(30):
        assert service.login()[0] == 200
    lines, processor = len(service.lines()), service.seconds_of_processor()
    with fault:
        # What room there is left in the files is used up.
        while service.login()[0] == 200:
            pass
        began = time.monotonic()
        names = CALLERS * list(answered)
        with ThreadPoolExecutor(len(names)) as pool:
            for done in pool.map(lambda name: caller(name, began + OUTAGE), names):
                assert done is None
        lasted = time.monotonic() - began
        processor = service.seconds_of_processor() - processor
    told = service.lines()[lines:]
    print({name: tally(answers) for name, answers in answered.items()}, f"{processor=}", f"{lasted=}")
    print("\n".join(told))
    assert len(told) < FEW, "the log is flooded"
    assert processor < SHARE * lasted
    return answered


def tally(answers):
    statuses = [status for status, _ in answers]
    return {status: statuses.count(status) for status in statuses} | {
        "longest": max((seconds for _, seconds in answers), default=0)
    }


def statuses(answers):
    return {status for status, _ in answers} - {None}


def assert_writes_fail_and_verification_goes_on(answered):
    for name in ("login", "refresh", "blacklist"):
        assert statuses(answered[name]) <= {200, 503}, name
        assert 503 in statuses(answered[name]), name
    for name in ("verify", "auth"):
        assert statuses(answered[name]) == {200}, name
        assert max(seconds for _, seconds in answered[name]) < AT_ONCE, name


def assert_recovered(service):
    deadline = time.monotonic() + RECOVERY
    while service.login()[0] != 200:
        assert time.monotonic() < deadline, "it does not come back"
    service.login()
    assert service.refresh()[0] == 200
    assert service.blacklist()[0] == 200
    assert service.verify()[0] == service.auth()[0] == 200
    assert service.server.process.poll() is None
    service.check_what_was_acknowledged()


def test_a_full_disk_is_a_503_and_no_more_than_that(disk, start):
    service = start(disk)

    answered = endure(service, full(disk))

    assert_writes_fail_and_verification_goes_on(answered)
    assert_recovered(service)


@pytest.mark.parametrize("journal", ["wal", "delete"])
def test_files_that_cannot_be_written_are_a_503_and_no_more_than_that(disk, start, journal):
    service = start(disk, journal=journal)

    answered = endure(service, immutable(disk))

    assert_writes_fail_and_verification_goes_on(answered)
    assert_recovered(service)


def test_a_disk_that_broke_is_a_503_until_it_is_mounted_anew(disk, start):
    service = start(disk)

    answered = endure(service, broken(disk))
    assert service.server.stop() == 0
    subprocess.run(["umount", disk], check=True)
    image = disk.parent / "image"
    # 1 is: all is mended.
    assert subprocess.run(["e2fsck", "-p", image], stdout=subprocess.DEVNULL).returncode in {0, 1}
    assert mount(image, disk).returncode == 0
    service.serve()

    assert_writes_fail_and_verification_goes_on(answered)
    assert_recovered(service)


@pytest.mark.parametrize("journal", ["wal", "delete"])
def test_a_lock_that_nobody_lets_go_is_a_503_and_no_more_than_that(start, tmp_path, journal):
    service = start(tmp_path, journal=journal)

    answered = endure(service, locked(tmp_path))

    assert_writes_fail_and_verification_goes_on(answered)
    assert_recovered(service)


def test_a_service_that_can_open_no_further_file_comes_back(start, tmp_path):
    service = start(tmp_path, prefix="ulimit -n 64;")
    address = service.server.origin.removeprefix("http://")

    def caller(_):
        """Holds a connection, and is closed out or answered."""
        seen = set()
        with contextlib.closing(http.client.HTTPConnection(address, timeout=PATIENCE)) as connection:
            end = time.monotonic() + OUTAGE
            while time.monotonic() < end:
                try:
                    login = {"username": "alice", "password": "alice-pw"}
                    seen.add(("pair", ask(connection, "pair", login)[0]))
                    verified = ask(connection, "verify", {"token": service.access})[0]
                    seen.add(("verify", verified))
                except (ConnectionError, http.client.HTTPException):
                    connection.close()
                    seen.add(("closed", None))
                    time.sleep(PAUSE)
        return seen

    lines, processor = len(service.lines()), service.seconds_of_processor()
    with ThreadPoolExecutor(200) as pool:
        seen = set().union(*pool.map(caller, range(200)))
    told = service.lines()[lines:]
    print(seen, service.seconds_of_processor() - processor, *told, sep="\n")

    assert ("verify", 200) in seen and ("closed", None) in seen
    assert {status for _, status in seen} <= {200, 503, None}
    assert ("verify", 503) not in seen
    assert len(told) < FEW, "the log is flooded"
    assert_recovered(service)
