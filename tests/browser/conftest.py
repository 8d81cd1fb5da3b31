"""A service with one user, and a browser in front of it."""

import json
import os
import random
import shutil
import socket
import subprocess
import time
from pathlib import Path

import pytest
from selenium.webdriver import Chrome, ChromeOptions
from selenium.webdriver.chrome.service import Service

TEGATA = Path(os.environ["TEGATA"]).resolve()
# Nothing is fetched, and nobody told.
os.environ |= {"SE_OFFLINE": "true", "SE_AVOID_STATS": "true"}
FLAGS = """
--headless=new --no-sandbox --disable-gpu --disable-quic --disable-dev-shm-usage --no-first-run
--disable-background-networking --disable-component-update --disable-sync --window-size=1280,2400
"""


@pytest.fixture(scope="session")
def origin(tmp_path_factory):
    """The service on the settings that are shipped, save for its port; `alice` may log in."""
    folder = tmp_path_factory.mktemp("service")
    address = f"127.0.0.1:{free_port()}"
    environment = os.environ | {"TEGATA_SERVER__BIND": address}
    shutil.copy(Path(__file__).parents[2] / "config.toml", folder)
    options = {"cwd": folder, "env": environment}
    subprocess.run([TEGATA, "migrate"], check=True, **options)
    create = [TEGATA, "createuser", "alice", "--password-stdin"]
    subprocess.run(create, check=True, text=True, input="alice-pw\n", **options)
    with subprocess.Popen([TEGATA, "serve"], **options) as service:
        wait_for(address, service)
        yield f"http://{address}"
        service.terminate()


@pytest.fixture
def browser(tmp_path):
    """A browser that has never been anywhere, and writes down whom it asks."""
    options = ChromeOptions()
    options.binary_location = os.environ["TEGATA_TEST_CHROMIUM"]
    for flag in [*FLAGS.split(), f"--user-data-dir={tmp_path / 'profile'}"]:
        options.add_argument(flag)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    driver = Service(os.environ["TEGATA_TEST_CHROMEDRIVER"])
    with Chrome(options=options, service=driver) as browser:
        yield browser


def asked(browser):
    """The addresses that pages have asked for, save for those of the browser itself."""
    events = [json.loads(entry["message"])["message"] for entry in browser.get_log("performance")]
    sent = [event["params"] for event in events if event["method"] == "Network.requestWillBeSent"]
    addresses = [event["request"]["url"] for event in sent]
    return [address for address in addresses if not address.startswith("chrome")]


def wait_for(address, service):
    host, port = address.split(":")
    deadline = time.monotonic() + 30
    while True:
        try:
            return socket.create_connection((host, int(port)), timeout=1).close()
        except OSError:
            assert service.poll() is None, "the service ended"
            assert time.monotonic() < deadline, "the service does not listen"
            time.sleep(0.05)


def free_port():
    """Not of those that the system gives to connections, which might take it before the server."""
    while True:
        port = random.randrange(10_000, 32_000)
        with socket.socket() as listener:
            if listener.connect_ex(("127.0.0.1", port)):
                return port
