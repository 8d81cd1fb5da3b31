"""tegata on a database made by Django, both at work."""

import requests
from wire import log_in_at_the_admin


def test_a_django_user_logs_in_at_tegata(django_site):
    tegata = django_site.serve_tegata()

    answer = tegata.login("alice", "alice-pw")

    assert answer.status_code == 200
    assert answer.json()["username"] == "alice"
    assert tegata.login("alice", "wrong").status_code == 401


def test_the_token_of_each_is_accepted_by_the_other(django_site):
    services = [django_site.serve_tegata(), django_site.serve_django()]
    for issuer, verifier in [services, reversed(services)]:
        pair = issuer.login("alice", "alice-pw").json()

        for token in (pair["access"], pair["refresh"]):
            assert verifier.post("/api/token/verify", {"token": token}).status_code == 200
        refreshed = verifier.post("/api/token/refresh", {"refresh": pair["refresh"]})
        assert refreshed.status_code == 200
        access = refreshed.json()["access"]
        assert issuer.post("/api/token/verify", {"token": access}).status_code == 200


def test_an_access_token_of_tegata_opens_djangos_endpoints(django_site):
    tegata, django = django_site.serve_tegata(), django_site.serve_django()
    access = tegata.login("alice", "alice-pw").json()["access"]

    bearer = {"Authorization": f"Bearer {access}"}
    answer = requests.get(django.origin + "/api/whoami", headers=bearer, timeout=30)

    assert answer.json() == {"id": 1, "username": "alice"}


def test_django_works_on_after_tegata(django_site):
    django_site.create_django_user("root", "root-pw", staff=True)
    before = django_site.schema()
    tegata = django_site.serve_tegata()
    tegata.login("alice", "alice-pw")
    assert tegata.stop() == 0

    assert "no issues" in django_site.manage("check")
    assert "No migrations to apply" in django_site.manage("migrate")
    assert django_site.schema() == before
    assert log_in_at_the_admin(django_site.serve_django(), "root", "root-pw").status_code == 302


def test_django_reads_tegatas_outstanding_token(django_site):
    refresh = django_site.serve_tegata().login("alice", "alice-pw").json()["refresh"]

    row = django_site.shell(
        "from ninja_jwt.token_blacklist.models import OutstandingToken\n"
        "from ninja_jwt.tokens import RefreshToken\n"
        "row = OutstandingToken.objects.get()\n"
        f"token = RefreshToken({refresh!r})\n"
        f"print(row.user.username, row.token == {refresh!r}, row.jti == token['jti'],\n"
        "      row.expires_at.timestamp() == token['exp'],\n"
        "      int(row.created_at.timestamp()) == token['iat'])"
    )

    assert row == "alice True True True True"


def test_a_token_blacklisted_by_django_is_refused_by_tegata(django_site):
    tegata = django_site.serve_tegata()
    refresh = tegata.login("alice", "alice-pw").json()["refresh"]

    django_site.shell(
        f"from ninja_jwt.tokens import RefreshToken\nRefreshToken({refresh!r}).blacklist()"
    )

    answer = tegata.post("/api/token/refresh", {"refresh": refresh})
    assert answer.status_code == 401
    assert answer.json()["detail"] == "Token is blacklisted"
