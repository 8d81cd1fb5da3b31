"""Odd claims that Django takes or fails over, and tegata refuses by the reference."""

import pytest
from odd_tokens import (
    BLACKLIST,
    ENDPOINTS,
    EVERYWHERE,
    HOUR,
    REFRESH,
    SLIDE,
    ask,
    now,
    odd_token,
)
from wire import listed

DATES = {
    "exp digits": {"exp": str(now(HOUR))},
    "exp digits and blanks": {"exp": f" {now(HOUR)} "},
    "exp digits grouped": {"exp": "9_999_999_999"},
    "iat digits": {"iat": "1"},
    "iat true": {"iat": True},
    "iat false": {"iat": False},
    "nbf digits": {"nbf": "1"},
    "nbf true": {"nbf": True},
}
YEARS = {
    "exp in the year 10000": {"exp": 253402300800},
    "exp of 16 digits": {"exp": 10**15},
    "exp of 19 digits": {"exp": 10**18},
    "exp of 31 digits": {"exp": 10**30},
    "iat in the year 0": {"iat": -62135596801},
    "iat before all years": {"iat": -(10**18)},
    "nbf before all years": {"nbf": -(10**18)},
}
REFRESH_ENDS = {
    "refresh_exp null": {"refresh_exp": None},
    "refresh_exp digits": {"refresh_exp": str(now(HOUR))},
    "refresh_exp true": {"refresh_exp": True},
    "refresh_exp a word": {"refresh_exp": "soon"},
    "refresh_exp a list": {"refresh_exp": [now(HOUR)]},
}
LATE_REFRESH_ENDS = {
    "refresh_exp in the year 10000": {"refresh_exp": 253402300800},
    "refresh_exp of 31 digits": {"refresh_exp": 10**30},
}
ISSUERS = {
    "iss a number": {"iss": 1},
    "iss null": {"iss": None},
    "iss a list": {"iss": ["x"]},
    "iss an object": {"iss": {}},
}
IDENTIFIERS = {
    "jti of 256 characters": {"jti": "x" * 256},
    "jti with a NUL": {"jti": "a\0"},
    "jti with a lone surrogate": {"jti": "\ud800"},
}
NO_IDENTIFIERS = {"jti missing": {"jti": ...}, "no claims": "{}"}
TWICE = {
    "a claim twice": '{%s, "user_id": 1}',
    "a claim twice by an escape": '{%s, "user\\u005fid": 1}',
}
LENIENT = {
    "NaN": '{%s, "x": NaN}',
    "Infinity": '{%s, "x": -Infinity}',
    "a byte order mark": "\ufeff{%s}",
    "a lone surrogate in a name": '{%s, "\\ud800": 1}',
}
LARGE = {
    "300 claims": "{%s, " + ", ".join(f'"m{n}": 0' for n in range(300)) + "}",
    "20,000 characters": '{%s, "x": "' + "x" * 20_000 + '"}',
}
NOBODIES = {
    "user null": {"user_id": None},
    "user a list": {"user_id": [1]},
    "user an object": {"user_id": {"id": 1}},
    "user a fraction": {"user_id": 1.5},
    "user a boolean": {"user_id": True},
}
GONE = {
    "user unknown": {"user_id": 999},
    "user inactive": {"user_id": 2},
    "user a word": {"user_id": "junk"},
    "user empty": {"user_id": ""},
    "user beyond 64 bits": {"user_id": 2**64},
    "user with a NUL": {"user_id": "1\0"},
}
UNLIKE = [
    (DATES, EVERYWHERE, "`exp`, `iat` or `nbf` as a text of digits or a boolean"),
    (YEARS, EVERYWHERE, "a date outside the years 1 to 9999"),
    (LATE_REFRESH_ENDS, [SLIDE], "a date outside the years 1 to 9999"),
    (REFRESH_ENDS, [SLIDE], "`refresh_exp` that is no number, at its refresh"),
    (ISSUERS, EVERYWHERE, "`iss` that is no text"),
    (
        IDENTIFIERS,
        EVERYWHERE,
        "`jti` over 255 characters, or with a NUL or a lone surrogate in it",
    ),
    (
        NO_IDENTIFIERS,
        [REFRESH, SLIDE, BLACKLIST],
        "refresh of a token without `jti`, with the blacklist app",
        "blacklisting of a token without `jti`",
    ),
    (TWICE, EVERYWHERE, "a member twice in header or claims"),
    (
        LENIENT,
        EVERYWHERE,
        "claims in UTF-16 or UTF-32, after a byte order mark, with `NaN` or `Infinity`,"
        " or with a lone surrogate in a name",
    ),
    (LARGE, EVERYWHERE, "a token over 16 KiB, or with more than 256 claims"),
    (
        NOBODIES,
        [REFRESH, SLIDE],
        "refresh of a token whose `user_id` is neither integer nor text",
    ),
    (
        {"user missing": {"user_id": ...}},
        [REFRESH, SLIDE],
        "refresh of a token that names no user",
    ),
    (GONE, [REFRESH, SLIDE], "refresh for a user disabled or deleted meanwhile"),
]
"""Claims, the endpoints where answers differ, and the rows of the reference that say so."""
UNREAD = {
    "a number of 5,000 digits": '{%s, "x": 1' + "0" * 5000 + "}",
    "lists 2,000 deep": '{%s, "x": ' + "[" * 2000 + "]" * 2000 + "}",
}


@pytest.mark.parametrize(
    ("changes", "where", "rows"),
    [
        pytest.param(changes, where, rows, id=case)
        for cases, where, *rows in UNLIKE
        for case, changes in cases.items()
    ],
)
def test_claims_are_taken_as_the_reference_of_differences_says(twins, changes, where, rows):
    for path in ENDPOINTS:
        ours, theirs = ask(twins, path, changes)
        if path in where:
            assert ours != theirs, path
            assert ours[0] == 401, path
        else:
            assert ours == theirs, path
    assert all(listed(row) for row in rows)


@pytest.mark.parametrize("case", UNREAD)
def test_what_python_cannot_read_and_nobody_asks_for_is_accepted(twins, case):
    token = odd_token("refresh", UNREAD[case])
    for path, member in ENDPOINTS.items():
        if path == SLIDE:
            continue
        ours, theirs = (server.post(f"/api/token/{path}", {member: token}) for server in twins)
        assert (ours.status_code, theirs.status_code) == (200, 401), path
    assert listed(
        "a number of over 4,300 digits, or lists about 1,000 deep, in a claim without meaning"
    )
