"""What the tests send beyond plain JSON, and what they compare of an answer."""

import base64
import http.client
import json
import re
import time
from pathlib import Path

import requests
from jwt.api_jws import PyJWS

DIFFERENCES = Path(__file__).parents[2] / "docs" / "reference" / "differences.md"
POLL_INTERVAL = 1
"""The seconds of `[blacklist] poll_interval`, where nobody says otherwise."""


def told(answer):
    return answer.status_code, answer.headers["content-type"], answer.content


def when(status, ask, within=3 * POLL_INTERVAL):
    """The first answer of this status, or what comes instead of it. What Django blacklists is in
    the database at once and in the memory of tegata within `POLL_INTERVAL`."""
    deadline = time.monotonic() + within
    while (answer := ask()).status_code != status and time.monotonic() < deadline:
        time.sleep(0.02)
    return answer


def listed(case):
    """Whether the reference lists a difference from Ninja JWT under these words."""
    lines = DIFFERENCES.read_text().splitlines()
    return any(line.startswith(f"| {case} |") for line in lines)


def sign(claims, key):
    """A token of claims, given as a JSON text where Python could not write them."""
    text = claims if isinstance(claims, str) else json.dumps(claims)
    return PyJWS().encode(text.encode("utf-8", "surrogatepass"), key, "HS256")


def base64url(text):
    return base64.urlsafe_b64encode(text.encode()).rstrip(b"=").decode()


def claims_of(token):
    payload = token.split(".")[1]
    return json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))


def get_raw(server, path, *authorizations):
    """Status and body of a GET whose header no client library would write."""
    connection = http.client.HTTPConnection(server.origin.removeprefix("http://"), timeout=30)
    connection.putrequest("GET", path)
    for value in authorizations:
        connection.putheader("Authorization", value)
    connection.endheaders()
    answer = connection.getresponse()
    body = answer.read()
    connection.close()
    return answer.status, body


def log_in_at_the_admin(django, username, password, session=None):
    session = session or requests.Session()
    page = session.get(django.origin + "/admin/login/", timeout=30)
    token = re.search('name="csrfmiddlewaretoken" value="([^"]+)"', page.text).group(1)
    form = {"csrfmiddlewaretoken": token, "username": username, "password": password}
    url = django.origin + "/admin/login/?next=/admin/"
    return session.post(url, data=form, allow_redirects=False, timeout=30)
