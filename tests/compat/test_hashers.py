"""Password hashes of every hasher Django 5.2 has, with Django's own work factors: whatever one
program made, the other verifies, and brings up to date only what the list of hashers says."""

import json
import os

import pytest
from conftest import Site

CLASSES = {
    "pbkdf2_sha256": "PBKDF2PasswordHasher",
    "pbkdf2_sha1": "PBKDF2SHA1PasswordHasher",
    "argon2": "Argon2PasswordHasher",
    "bcrypt_sha256": "BCryptSHA256PasswordHasher",
    "scrypt": "ScryptPasswordHasher",
    "bcrypt": "BCryptPasswordHasher",
    "md5": "MD5PasswordHasher",
}
PASSWORD = "pässwörd 🔑"
# A hash is a text to either engine.
pytestmark = pytest.mark.parametrize(
    ("engine", "preferred"),
    [("sqlite", name) for name in CLASSES] + [("postgres", "pbkdf2_sha256")],
    indirect=["engine"],
    scope="session",
)


def hashers(preferred):
    """PASSWORD_HASHERS with this one first, for Django and for tegata."""
    names = [preferred, *(name for name in CLASSES if name != preferred)]
    paths = [f"django.contrib.auth.hashers.{CLASSES[name]}" for name in names]
    return (
        {"COMPAT_HASHERS": json.dumps(paths)},
        {"TEGATA_USERS__PASSWORD_HASHERS": f"[{', '.join(paths)}]"},
    )


@pytest.fixture(scope="module")
def made_by_django(engine, tmp_path_factory):
    """A database with a user for each hasher."""
    site = Site(tmp_path_factory.mktemp("django"), "HS256", engine)
    site.environment |= hashers("md5")[0]
    site.manage("migrate", "--verbosity", "0")
    site.shell(
        "from django.contrib.auth.hashers import make_password\n"
        "from django.contrib.auth.models import User\n"
        f"for name in {list(CLASSES)!r}:\n"
        f"    User.objects.create(username=name, password=make_password({PASSWORD!r}, hasher=name))"
    )
    yield site.database
    site.stop()


@pytest.fixture
def site(tmp_path, engine, preferred):
    """A database without a table, and Django with this hasher preferred."""
    site = Site(tmp_path, "HS256", engine)
    site.configure()
    site.environment |= hashers(preferred)[0]
    yield site
    site.stop()


def passwords(site):
    return dict(site.query("SELECT username, password FROM auth_user"))


def test_tegata_verifies_and_upgrades_what_django_made_and_django_takes_over(
    site, preferred, made_by_django
):
    site.database.copy(made_by_django)
    before = passwords(site)
    tegata = site.serve_tegata(**hashers(preferred)[1])

    assert tegata.login(preferred, "nope").status_code == 401
    for name in CLASSES:
        assert tegata.login(name, PASSWORD).status_code == 200, name

    after = passwords(site)
    assert after.pop(preferred) == before.pop(preferred)
    for name, password in after.items():
        assert password.startswith(f"{preferred}$"), name

    upgraded = passwords(site)
    django = site.serve_django()
    assert django.login(preferred, "nope").status_code == 401
    for name in CLASSES:
        assert django.login(name, PASSWORD).status_code == 200, name
    assert passwords(site) == upgraded


def test_what_createuser_made_django_verifies_and_leaves_as_it_is(site, preferred):
    site.manage("migrate", "--verbosity", "0")
    site.tegata("migrate")
    create = ("createuser", "--password-stdin", "alice")
    site.tegata(*create, input=PASSWORD, env=os.environ | hashers(preferred)[1])
    made = passwords(site)["alice"]
    assert made.startswith(f"{preferred}$")

    django = site.serve_django()

    assert django.login("alice", PASSWORD).status_code == 200
    assert django.login("alice", "nope").status_code == 401
    assert passwords(site)["alice"] == made


def test_what_django_upgraded_tegata_verifies_and_leaves_as_it_is(site, preferred, made_by_django):
    site.database.copy(made_by_django)
    django = site.serve_django()
    for name in CLASSES:
        assert django.login(name, PASSWORD).status_code == 200, name
    upgraded = passwords(site)

    tegata = site.serve_tegata(**hashers(preferred)[1])

    for name in CLASSES:
        assert tegata.login(name, PASSWORD).status_code == 200, name
    assert passwords(site) == upgraded
