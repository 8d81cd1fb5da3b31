"""`tegata users revoke` while both services run."""

import pytest
from conftest import Site
from wire import when

JWT = {
    "ROTATE_REFRESH_TOKENS": True,
    "BLACKLIST_AFTER_ROTATION": True,
    "AUTH_TOKEN_CLASSES": ["ninja_jwt.tokens.AccessToken", "ninja_jwt.tokens.SlidingToken"],
}


@pytest.fixture(scope="module")
def site(engine, tmp_path_factory):
    """Serves through all tests, in each of which users log in anew."""
    site = Site(tmp_path_factory.mktemp("revoke"), "HS256", engine, **JWT)
    site.environment["COMPAT_ROUNDS"] = "1000"
    site.manage("migrate", "--verbosity", "0")
    for name in ("alice", "bob"):
        site.create_django_user(name, f"{name}-pw")
    site.serve_both()
    yield site
    site.stop()


def refresh_tokens(services, name):
    """Of a login at each, and what tegata gave for another."""
    one, other, old = (
        server.login(name, f"{name}-pw").json()["refresh"] for server in (*services, services[1])
    )
    return [one, other, services[0].refresh(old).json()["refresh"]]


def test_a_revoked_users_tokens_are_refused_by_both(site):
    tegata, django = services = site.servers
    refresh = refresh_tokens(services, "alice")
    sliding = [server.sliding("alice", "alice-pw") for server in services]

    site.tegata("users", "revoke", "alice")

    for server in services:
        answers = [ask(token) for token in refresh for ask in (server.refresh, server.blacklist)]
        for answer in answers + [server.slide(token) for token in sliding]:
            assert answer.status_code == 401
            assert answer.json()["detail"] == "Token is blacklisted"
    assert {django.verify(token).status_code for token in refresh + sliding} == {400}
    for token in refresh + sliding:
        assert when(400, lambda: tegata.verify(token)).status_code == 400
    for token in sliding:
        for server in services:
            assert server.get("/api/token/user", token).status_code == 401


def test_the_tokens_of_others_and_later_ones_go_on(site):
    others = refresh_tokens(site.servers, "bob")
    access = site.servers[0].login("alice", "alice-pw").json()["access"]

    site.tegata("users", "revoke", "alice")

    later = refresh_tokens(site.servers, "alice")
    for token in (*others, *later, access):
        assert [server.verify(token).status_code for server in site.servers] == [200, 200]
    for number, token in enumerate(others + later):
        assert site.servers[number % 2].refresh(token).status_code == 200


def test_what_django_gave_for_a_token_has_no_row_until_tegata_rotates_it(site):
    tegata, django = site.servers
    first = tegata.login("alice", "alice-pw").json()["refresh"]
    second = django.refresh(first).json()["refresh"]

    site.tegata("users", "revoke", "alice")

    third = tegata.refresh(second).json()["refresh"]
    site.tegata("users", "revoke", "alice")
    assert tegata.refresh(third).status_code == django.refresh(third).status_code == 401
