"""Odd `Authorization` headers at the endpoints that want an access token."""

import time

import pytest
from conftest import SECRET_KEY
from wire import get_raw, listed, sign

PATHS = ("/api/token/user", "/api/token/auth")


def access(**claims):
    now = int(time.time())
    usual = {"token_type": "access", "exp": now + 3600, "iat": now, "jti": "1", "user_id": 1}
    merged = usual | claims
    return sign({name: value for name, value in merged.items() if value is not ...}, SECRET_KEY)


HEADERS = {
    "no header": [],
    "an empty header": [""],
    "a blank": [" "],
    "the scheme alone": ["Bearer"],
    "the scheme and a blank": ["Bearer "],
    "the scheme and two blanks": ["Bearer  "],
    "one blank": [f"Bearer {access()}"],
    "two blanks": [f"Bearer  {access()}"],
    "a tab": [f"Bearer\t{access()}"],
    "a lower case scheme": [f"bearer {access()}"],
    "an upper case scheme": [f"BEARER {access()}"],
    "a mixed case scheme": [f"bEaReR {access()}"],
    "another scheme": [f"Token {access()}"],
    "a longer scheme": [f"Bearers {access()}"],
    "basic": ["Basic YWxpY2U6YWxpY2UtcHc="],
    "no scheme": [access()],
    "a colon": [f"Bearer: {access()}"],
    "a third part": [f"Bearer {access()} more"],
    "a parameter": [f"Bearer {access()}, realm=x"],
    "quotes": [f'Bearer "{access()}"'],
    "a leading blank": [f" Bearer {access()}"],
    "a trailing blank": [f"Bearer {access()} "],
    "junk": ["Bearer junk"],
    "dots": ["Bearer .."],
    "bytes beyond ASCII": [b"Bearer \xe9\xff"],
    "a scheme beyond ASCII": [b"B\xe9arer x"],
    "another key": [f"Bearer {sign({'exp': 9999999999}, 'another-key-0123456789abcdefghijkl')}"],
}
TOKENS = {
    "genuine": access(),
    "a refresh token": access(token_type="refresh"),
    "a sliding token": access(token_type="sliding"),
    "no type": access(token_type=...),
    "a type of another type": access(token_type=1),
    "expired": access(exp=1),
    "no exp": access(exp=...),
    "no jti": access(jti=...),
    "not yet valid": access(nbf=int(time.time()) + 3600),
    "no user": access(user_id=...),
    "an unknown user": access(user_id=999),
    "a negative user": access(user_id=-1),
    "an inactive user": access(user_id=2),
    "a user as text": access(user_id="1"),
    "an unknown user as text": access(user_id="999"),
    "a user's name besides": access(username="al\u00efce", is_staff=True),
}
NOT_THERE = {"beyond 64 bits": access(user_id=2**64), "null": access(user_id=None)}
NO_USERS = {
    "a list": access(user_id=[1]),
    "an object": access(user_id={"id": 1}),
    "junk": access(user_id="junk"),
    "an empty text": access(user_id=""),
    "a fraction": access(user_id=1.5),
    "a fraction as text": access(user_id="1.0"),
    "a boolean": access(user_id=True),
}


@pytest.mark.parametrize("case", HEADERS)
@pytest.mark.parametrize("path", PATHS)
def test_a_header_is_read_alike(twins, path, case):
    ours, theirs = (get_raw(server, path, *HEADERS[case]) for server in twins)

    assert ours == theirs


@pytest.mark.parametrize("case", TOKENS)
@pytest.mark.parametrize("path", PATHS)
def test_a_bearer_is_answered_alike(twins, path, case):
    ours, theirs = (get_raw(server, path, f"Bearer {TOKENS[case]}") for server in twins)

    assert ours == theirs


@pytest.mark.parametrize("case", NOT_THERE)
def test_a_user_who_cannot_be_there_is_not_found_by_both(twins, case):
    ours, theirs = (
        get_raw(server, "/api/token/user", f"Bearer {NOT_THERE[case]}") for server in twins
    )

    assert ours == theirs
    assert b"User not found" in ours[1]


@pytest.mark.parametrize("case", NO_USERS)
def test_what_no_user_id_can_be_is_no_user(twins, case):
    ours, theirs = (
        get_raw(server, "/api/token/user", f"Bearer {NO_USERS[case]}") for server in twins
    )

    assert ours == (401, b'{"detail": "User not found", "code": "authentication_failed"}')
    assert theirs[0] in (200, 500)
    assert listed(
        'a bearer whose `user_id` is no integer: a fraction, a boolean, a list, `"junk"`, `"1.0"`'
    )


@pytest.mark.parametrize("alias", ["01", "+1"])
def test_an_alias_of_a_users_number_is_not_that_user(twins, alias):
    bearer = f"Bearer {access(user_id=alias)}"

    ours, theirs = (get_raw(server, "/api/token/user", bearer) for server in twins)

    assert ours == (401, b'{"detail": "User not found", "code": "authentication_failed"}')
    assert theirs[0] == 200
    assert listed(
        'a bearer\'s `user_id` as a text with a sign or zeros before it, `"+2"`, `"02"`'
    )


@pytest.mark.parametrize("case", ["junk", "an empty text", "a fraction as text"])
def test_who_is_not_looked_up_may_have_any_text_for_a_key(twins, case):
    ours, theirs = (
        get_raw(server, "/api/token/auth", f"Bearer {NO_USERS[case]}") for server in twins
    )

    assert ours == theirs
    assert ours[0] == 200


@pytest.mark.parametrize("user_id", [[1], {"id": 1}, 1.5, True, None, 2**64])
def test_who_is_not_looked_up_must_have_a_key(twins, user_id):
    bearer = f"Bearer {access(user_id=user_id)}"

    ours, theirs = (get_raw(server, "/api/token/auth", bearer) for server in twins)

    assert (ours[0], theirs[0]) == (401, 200)
    assert b"Token contained no recognizable user identification" in ours[1]
    assert listed(
        "`JWTTokenUserAuth` of a token whose `user_id` is neither a text nor an integer of 64 bits"
    )


def test_two_headers_are_refused_by_both(twins):
    bearer = f"Bearer {access()}"
    for path in PATHS:
        ours, theirs = (get_raw(server, path, bearer, bearer) for server in twins)
        assert ours == (401, b'{"detail": "Unauthorized"}')
        assert theirs[0] == 401
    assert listed("two `Authorization` headers")
