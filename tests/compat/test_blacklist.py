"""Tokens blacklisted through tegata, as Django sees them."""

import json

import pytest
import requests
from wire import claims_of, log_in_at_the_admin, told

LOOK = """
import json
from ninja_jwt.token_blacklist.models import BlacklistedToken
row = BlacklistedToken.objects.select_related("token__user").get()
print(json.dumps({
    "user": row.token.user.username,
    "token": row.token.token,
    "jti": row.token.jti,
    "expires_at": row.token.expires_at.timestamp(),
    "created_at": row.token.created_at.timestamp(),
    "blacklisted_at": row.blacklisted_at.timestamp(),
    "zone": str(row.blacklisted_at.tzinfo),
}))
"""


@pytest.mark.parametrize("issuer", ["tegata", "django"])
def test_a_token_that_tegata_blacklisted_is_refused_by_django(django_site, issuer):
    tegata, django = django_site.serve_both()
    by_name = {"tegata": tegata, "django": django}
    refresh = by_name[issuer].login("alice", "alice-pw").json()["refresh"]

    blacklisted = tegata.blacklist(refresh)

    assert told(blacklisted) == (200, "application/json; charset=utf-8", b"{}")
    for endpoint in ("refresh", "blacklist"):
        ours, theirs = (getattr(server, endpoint)(refresh) for server in (tegata, django))
        assert told(ours) == told(theirs)
        assert ours.json()["detail"] == "Token is blacklisted"
    assert tegata.verify(refresh).status_code == django.verify(refresh).status_code == 200


@pytest.mark.parametrize("issuer", ["tegata", "django"])
def test_django_reads_the_row_of_a_token_that_tegata_blacklisted(django_site, issuer):
    tegata, django = django_site.serve_both()
    by_name = {"tegata": tegata, "django": django}
    refresh = by_name[issuer].login("alice", "alice-pw").json()["refresh"]
    claims = claims_of(refresh)

    tegata.blacklist(refresh)
    row = json.loads(django_site.shell(LOOK))

    assert (row["user"], row["zone"]) == ("alice", "UTC")
    # Django signs once for the row and once for the answer, and ES256 never the same way.
    assert claims_of(row["token"]) == claims
    assert (row["jti"], row["expires_at"]) == (claims["jti"], claims["exp"])
    assert 0 <= row["created_at"] - claims["iat"] < 2
    assert 0 <= row["blacklisted_at"] - row["created_at"] < 60


@pytest.mark.parametrize("site", ["HS256"], indirect=True)
def test_djangos_admin_lists_the_rows_of_tegata(django_site):
    django_site.create_django_user("root", "root-pw", staff=True)
    tegata, django = django_site.serve_both()
    refresh = tegata.login("alice", "alice-pw").json()["refresh"]
    tegata.blacklist(refresh)
    session = requests.Session()
    log_in_at_the_admin(django, "root", "root-pw", session)

    for model in ("outstandingtoken", "blacklistedtoken"):
        address = f"{django.origin}/admin/token_blacklist/{model}/"
        page = session.get(address, timeout=30)
        assert page.status_code == 200, model
        assert "1 " + model.removesuffix("token") in page.text, model
        assert session.get(f"{address}1/change/", timeout=30).status_code == 200, model


@pytest.mark.parametrize("site", ["HS256"], indirect=True)
def test_a_token_that_djangos_admin_lets_go_is_taken_by_tegata(django_site):
    tegata, _ = django_site.serve_both()
    refresh = tegata.login("alice", "alice-pw").json()["refresh"]
    tegata.blacklist(refresh)

    django_site.shell(
        "from ninja_jwt.token_blacklist.models import BlacklistedToken\n"
        "BlacklistedToken.objects.get().delete()"
    )

    assert tegata.refresh(refresh).status_code == 200
