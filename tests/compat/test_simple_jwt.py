"""Simple JWT beside tegata, where tokens end with their password."""

import pytest

SIMPLE_JWT = {"DJANGO_SETTINGS_MODULE": "project.simple_jwt"}
AUTHENTICATE = """
from rest_framework_simplejwt.authentication import JWTAuthentication
from rest_framework_simplejwt.exceptions import AuthenticationFailed
authentication = JWTAuthentication()
try:
    print(authentication.get_user(authentication.get_validated_token({token!r})).username)
except AuthenticationFailed as refusal:
    print(refusal.detail["code"])
"""
ISSUE = """
from django.contrib.auth import get_user_model
from rest_framework_simplejwt.tokens import RefreshToken
print(RefreshToken.for_user(get_user_model().objects.get(username="alice")))
"""


@pytest.fixture
def md5_site(django_site):
    """Both end tokens with their password, by the digest of Simple JWT."""
    django_site.jwt["CHECK_REVOKE_TOKEN"] = True
    return django_site


def serve(site):
    return site.serve_tegata(TEGATA_COMPAT__MD5_REVOKE_TOKEN="true")


def simple_jwt(site, code):
    return site.manage("shell", "--verbosity", "0", "-c", code, **SIMPLE_JWT).strip()


def change_password(site):
    site.shell(
        "from django.contrib.auth import get_user_model\n"
        "alice = get_user_model().objects.get(username='alice')\n"
        "alice.set_password('another')\n"
        "alice.save()"
    )


def test_simple_jwt_accepts_tegatas_token_until_the_password_changes(md5_site):
    access = serve(md5_site).login("alice", "alice-pw").json()["access"]
    authenticate = AUTHENTICATE.format(token=access)

    assert simple_jwt(md5_site, authenticate) == "alice"
    change_password(md5_site)

    assert simple_jwt(md5_site, authenticate) == "password_changed"


def test_tegata_accepts_simple_jwts_token_until_the_password_changes(md5_site):
    tegata = serve(md5_site)
    refresh = simple_jwt(md5_site, ISSUE)

    access = tegata.refresh(refresh).json()["access"]
    assert tegata.get("/api/token/user", access).json() == {"id": 1, "username": "alice"}
    change_password(md5_site)

    assert tegata.refresh(refresh).json()["code"] == "password_changed"
    assert tegata.get("/api/token/user", access).json()["code"] == "password_changed"
