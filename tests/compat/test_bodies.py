"""Odd bodies and odd methods, answered by both services alike."""

import itertools

import pytest
import requests
from database import Postgres
from wire import listed, told

ENDPOINTS = ("pair", "refresh", "verify", "sliding", "sliding/refresh", "blacklist")
VALUES = ["1", "1.5", "[1]", '{"a": 1}', "true", "null", "false", '""', "0", "0.0", "[]", "{}"]
VALUES += ['" "', '"%s"' % ("x" * 150), '"%s"' % ("x" * 151), '"x"', r'"\ud800"']
LONE = r'"\ud800"'
"""Half a surrogate pair, which JSON can write and Unicode has not."""

FORMS = [
    "",
    " ",
    "{",
    "}",
    "[]",
    "[{}]",
    "null",
    "true",
    "1",
    '"x"',
    "{}",
    " {} ",
    "{} {}",
    "{'username': 'alice'}",
    '{"username": "alice",}',
    '{"username": "alice" /* */}',
    '{"username": "a\nb", "refresh": "a\nb", "token": "a\nb"}',
    '{"username": 01, "refresh": 01, "token": 01}',
    '{"username": .5, "refresh": .5, "token": .5}',
    '{"username": "\\x", "refresh": "\\x", "token": "\\x"}',
    "username=alice&password=alice-pw",
    "\ufeff{}",
    "\ufeff",
    "\ufeff\ufeff{}",
    '\ufeff{"refresh": "x", "token": "x"}',
    "\u00a0{}",
    "[" * 500 + "]" * 500,
    '{"a": ' + "[" * 500 + "]" * 500 + "}",
    '{"refresh": ' + "[" * 500 + "]" * 500 + "}",
]
CREDENTIALS = [
    '{"username": "alice"}',
    '{"password": "x"}',
    '{"Username": "alice", "Password": "alice-pw"}',
    '{"USERNAME": "alice", "password": "alice-pw"}',
    '{"username ": "alice", "password": "alice-pw"}',
    '{"username": "alice", "username": "", "password": "x"}',
    '{"username": "", "username": 1, "password": "x"}',
    '{"username": "nobody", "password": 1, "password": "x"}',
    '{"username": "nobody", "\\u0070assword": "x"}',
    '{"username": "nobody", "password": "x", "more": [1, {"a": null}]}',
    '{"username": "nobody", "password": "x", "more": 1' + "0" * 400 + "}",
    '{"username": "alice", "password": "wrong"}',
    '{"username": "ines", "password": "ines-pw"}',
    '{"username": "Alice", "password": "alice-pw"}',
    '{"username": " alice", "password": "alice-pw"}',
    '{"username": "%s", "password": "x"}' % ("\u00e9" * 150),
    '{"username": "%s", "password": "x"}' % ("\U0001f600" * 150),
    '{"username": "%s", "password": "x"}' % (r"\ud83d\ude00" * 151),
    '{"username": "\\udc00", "password": "x"}',
    '{"username": "nobody", "password": "a\\ud83d\\ude00\\udc00\\udc01b"}',
    '{"username": "a\\ud800", "password": 1}',
    '{"username": "%s", "password": "\\ud800"}' % ("x" * 151),
]
NULS = [
    '{"username": "\\u0000", "password": "\\u0000"}',
    '{"username": "alice\\u0000", "password": "alice-pw"}',
]
TOKENS = [
    '{"Refresh": "x", "Token": "x"}',
    '{"refresh": "a.b.c", "token": "a.b.c"}',
    '{"refresh": "a.b", "token": "a.b"}',
    '{"refresh": "a.b.c.d", "token": "a.b.c.d"}',
    '{"refresh": "..", "token": ".."}',
    '{"refresh": "eyJhbGciOiJub25lIn0.e30.", "token": "eyJhbGciOiJub25lIn0.e30."}',
    '{"refresh": "\u00e9", "token": "\u00e9"}',
    '{"refresh": "\\u0000", "token": "\\u0000"}',
    '{"refresh": "x", "refresh": 1, "token": "x", "token": 1}',
    '{"refresh": 1, "refresh": "", "token": 1, "token": ""}',
    '{"refresh": {"refresh": "x"}, "token": {"token": "x"}}',
    '{"refresh": [["x"]], "token": [["x"]]}',
    '{"refresh": -1e5, "token": -1e5}',
    '{"refresh": -0.0, "token": -0.0}',
    '{"refresh": 1' + "0" * 400 + ', "token": 1' + "0" * 400 + "}",
]
SINGLE = ['{"refresh": %s, "token": %s}' % (value, value) for value in VALUES if value != LONE]


@pytest.mark.parametrize("body", FORMS + TOKENS + SINGLE)
@pytest.mark.parametrize("path", ENDPOINTS)
def test_a_refusal_is_the_same_to_the_byte(twins, path, body):
    ours, theirs = (server.post(f"/api/token/{path}", body.encode()) for server in twins)

    assert told(ours) == told(theirs)
    assert ours.status_code >= 400


@pytest.mark.parametrize("body", CREDENTIALS)
@pytest.mark.parametrize("path", ("pair", "sliding"))
def test_credentials_are_refused_alike(twins, path, body):
    ours, theirs = (server.post(f"/api/token/{path}", body.encode()) for server in twins)

    assert told(ours) == told(theirs)
    assert ours.status_code >= 400


@pytest.mark.parametrize("body", NULS)
@pytest.mark.parametrize("path", ("pair", "sliding"))
def test_a_name_with_a_nul_is_nobodys(twins, engine, path, body):
    ours, theirs = (server.post(f"/api/token/{path}", body) for server in twins)

    assert ours.status_code == 401
    assert ours.json()["detail"] == "No active account found with the given credentials"
    if engine is Postgres:
        assert theirs.status_code == 500
        assert listed("a user name with a NUL, on PostgreSQL")
    else:
        assert told(ours) == told(theirs)


@pytest.mark.parametrize("username", VALUES)
@pytest.mark.parametrize("path", ("pair", "sliding"))
def test_credentials_of_any_two_types_are_refused_alike(twins, path, username):
    for password in VALUES:
        body = '{"username": %s, "password": %s}' % (username, password)
        ours, theirs = (server.post(f"/api/token/{path}", body) for server in twins)
        assert told(ours) == told(theirs), body


@pytest.mark.parametrize("token", [LONE, r'"a.\udc00.c"', r'"\ud83d\ude00\udc00\udc01b"'])
def test_a_lone_surrogate_in_a_token_is_refused_alike(twins, token):
    body = '{"refresh": %s, "token": %s}' % (token, token)
    for path in ("verify", "blacklist"):
        ours, theirs = (server.post(f"/api/token/{path}", body) for server in twins)
        assert told(ours) == told(theirs), path


@pytest.mark.parametrize("path", ("refresh", "sliding/refresh"))
def test_a_lone_surrogate_where_django_fails_is_an_invalid_token(twins, path):
    body = '{"refresh": %s, "token": %s}' % (LONE, LONE)

    ours, theirs = (server.post(f"/api/token/{path}", body) for server in twins)

    assert theirs.status_code == 500
    assert (ours.status_code, ours.json()["detail"]) == (401, "Token is invalid or expired")
    assert listed("a refresh or sliding token with a lone surrogate in it")


@pytest.mark.parametrize("body", [b"\xff{}", b'{"refresh": "\xff"}', b'{"refresh": "\xc0\x80"}'])
def test_bytes_that_are_no_utf_8_are_refused_alike(twins, body):
    for path in ENDPOINTS:
        ours, theirs = (server.post(f"/api/token/{path}", body) for server in twins)
        assert told(ours) == told(theirs), path


@pytest.mark.parametrize(
    "body",
    [
        b'{"refresh": "\xed\xa0\x80"}',
        b'{"\\ud800": 1}',
        b'{"more": NaN}',
        b'{"more": -Infinity}',
        "{}".encode("utf-16"),
        "{}".encode("utf-16-le"),
        "{}".encode("utf-32-be"),
    ],
)
def test_json_that_only_python_takes_for_json_is_refused(twins, body):
    for path in ENDPOINTS:
        ours, theirs = (server.post(f"/api/token/{path}", body) for server in twins)
        assert (ours.status_code, ours.json()) == (400, {"detail": "Cannot parse request body"})
        assert told(theirs) != told(ours), path
    assert listed(
        "a body in UTF-16 or UTF-32, with `NaN` or `Infinity`, or with a lone surrogate in its"
        " UTF-8 or in a member's name"
    )


@pytest.mark.parametrize(
    "odd",
    ["1" + "0" * 5000, "[" * 2000 + "]" * 2000],
    ids=["5,000 digits", "lists 2,000 deep"],
)
def test_what_python_cannot_read_and_nobody_asks_for_is_accepted(twins, odd):
    for path in ENDPOINTS:
        body = '{"more": %s}' % odd
        ours, theirs = (server.post(f"/api/token/{path}", body) for server in twins)
        assert theirs.json() == {"detail": "Cannot parse request body"}
        assert ours.json()["detail"] == "Invalid input.", path
    assert listed(
        "a number of over 4,300 digits, or lists about 1,000 deep, in a member nobody asks for"
    )


@pytest.mark.parametrize("kind", [None, "text/plain", "application/x-www-form-urlencoded", "x"])
def test_the_content_type_is_not_looked_at(twins, kind):
    for path, body in itertools.product(ENDPOINTS, (b"{}", b"{", b'{"refresh": "x"}')):
        ours, theirs = (
            requests.post(
                f"{server.origin}/api/token/{path}",
                data=body,
                headers={"Content-Type": kind},
                timeout=30,
            )
            for server in twins
        )
        assert told(ours) == told(theirs), (path, body)


@pytest.mark.parametrize("method", ["GET", "HEAD", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE"])
def test_other_methods_are_refused_alike(twins, method):
    for path in ENDPOINTS:
        address = f"/api/token/{path}"
        ours, theirs = (
            requests.request(method, server.origin + address, timeout=30) for server in twins
        )
        assert told(ours) == told(theirs), path
        assert (ours.status_code, ours.headers["allow"]) == (405, theirs.headers["allow"]), path


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE"])
def test_the_user_is_only_to_be_got(twins, method):
    ours, theirs = (
        requests.request(method, server.origin + "/api/token/user", timeout=30) for server in twins
    )

    assert told(ours) == told(theirs)
    assert (ours.status_code, theirs.headers["allow"]) == (405, "GET")
    assert ours.headers["allow"] == "GET,HEAD"


def test_head_is_answered_where_get_is(twins):
    address = "/api/token/user"

    ours, theirs = (requests.head(server.origin + address, timeout=30) for server in twins)

    assert (ours.status_code, theirs.status_code) == (401, 405)
    assert listed("HEAD where GET is answered, as of `/token/user`")


@pytest.mark.parametrize("method", ["GET", "POST"])
@pytest.mark.parametrize(
    "path",
    ["", "/", "/nothing", "/Sliding", "/BLACKLIST", "/sliding/refresh/more", "//sliding"]
    + [f"/{path}/" for path in (*ENDPOINTS, "user")],
)
def test_unknown_paths_are_404_at_both(twins, method, path):
    ours, theirs = (
        requests.request(method, f"{server.origin}/api/token{path}", timeout=30)
        for server in twins
    )

    assert (ours.status_code, theirs.status_code) == (404, 404)
    assert ours.json() == {"detail": "Not Found"}
    assert listed("an unknown path")
