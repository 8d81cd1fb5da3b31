"""Sliding tokens of each service at the other."""

import pytest
from wire import claims_of, when


@pytest.fixture
def either_way(django_site):
    """Issuer and verifier, in both parts."""
    django_site.jwt["AUTH_TOKEN_CLASSES"] = [
        "ninja_jwt.tokens.AccessToken",
        "ninja_jwt.tokens.SlidingToken",
    ]
    tegata, django = django_site.serve_both()
    return [(tegata, django), (django, tegata)]


def test_a_sliding_token_of_each_is_verified_and_refreshed_by_the_other(either_way):
    for issuer, other in either_way:
        token = issuer.sliding("alice", "alice-pw")

        assert other.verify(token).status_code == 200
        slid = other.slide(token)
        assert slid.status_code == 200
        slid_back = issuer.slide(slid.json()["token"])
        assert slid_back.status_code == 200
        kept = ["token_type", "jti", "refresh_exp", "user_id"]
        before, after = claims_of(token), claims_of(slid_back.json()["token"])
        assert [after[name] for name in kept] == [before[name] for name in kept]


def test_a_sliding_token_of_each_opens_the_endpoints_of_the_other(either_way):
    for issuer, other in either_way:
        token = issuer.sliding("alice", "alice-pw")

        assert other.get("/api/token/user", token).json() == {"id": 1, "username": "alice"}
        assert other.get("/api/token/auth", token).json()["id"] == 1


def test_the_claims_of_both_stand_in_one_order(either_way):
    (tegata, django), _ = either_way

    ours, theirs = (claims_of(server.sliding("alice", "alice-pw")) for server in (tegata, django))

    assert list(ours) == list(theirs)
    assert ours["refresh_exp"] - ours["iat"] == theirs["refresh_exp"] - theirs["iat"]


def test_a_sliding_token_that_django_blacklisted_is_refused_by_tegata(django_site, either_way):
    (tegata, django), _ = either_way
    token = tegata.sliding("alice", "alice-pw")

    django_site.shell(
        f"from ninja_jwt.tokens import SlidingToken\nSlidingToken({token!r}).blacklist()"
    )

    assert tegata.slide(token).json()["detail"] == "Token is blacklisted"
    ours, theirs = (
        when(401, lambda: server.get("/api/token/user", token)) for server in (tegata, django)
    )
    assert (ours.status_code, ours.content) == (theirs.status_code, theirs.content)
    assert ours.status_code == 401
