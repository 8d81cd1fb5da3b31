"""Refresh tokens that rotate, on both services at once."""

import pytest
from wire import told, when


@pytest.fixture
def either_way(django_site):
    """Who rotates first and who goes on, in both parts."""
    django_site.jwt |= {"ROTATE_REFRESH_TOKENS": True, "BLACKLIST_AFTER_ROTATION": True}
    tegata, django = django_site.serve_both()
    return [(tegata, django), (django, tegata)]


def test_a_token_that_one_rotated_is_refused_by_the_other(either_way):
    for one, other in either_way:
        old = one.login("alice", "alice-pw").json()["refresh"]

        assert one.refresh(old).status_code == 200

        for server in (other, one):
            for refused in (server.refresh(old), server.blacklist(old)):
                assert refused.status_code == 401
                assert refused.json()["detail"] == "Token is blacklisted"


def test_verify_of_both_refuses_a_rotated_token(either_way):
    for one, other in either_way:
        old = one.login("alice", "alice-pw").json()["refresh"]
        one.refresh(old)

        answers = [when(400, lambda: server.verify(old)) for server in (one, other)]

        assert told(answers[0]) == told(answers[1])
        assert answers[0].status_code == 400


def test_the_successor_is_accepted_and_rotated_by_the_other(either_way):
    for one, other in either_way:
        first = one.login("alice", "alice-pw").json()["refresh"]

        second = one.refresh(first).json()["refresh"]
        assert other.verify(second).status_code == 200
        third = other.refresh(second).json()
        assert one.verify(third["access"]).status_code == 200
        assert one.refresh(second).status_code == 401
        assert one.refresh(third["refresh"]).status_code == 200
