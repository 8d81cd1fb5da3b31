"""Django on a database made by tegata."""

import pytest
from conftest import Site
from wire import log_in_at_the_admin

pytestmark = pytest.mark.parametrize("site", ["HS256"], indirect=True)
APPS = ("contenttypes", "auth", "token_blacklist")
MIGRATIONS = "SELECT id, app, name FROM django_migrations ORDER BY id"


@pytest.fixture(scope="module")
def made_by_django(engine, tmp_path_factory):
    """A database in which Django has made the tables of these apps alone."""
    site = Site(tmp_path_factory.mktemp("django"), "HS256", engine)
    for app in APPS:
        site.manage("migrate", app, "--verbosity", "0")
    yield site
    site.stop()


def test_the_tables_are_those_django_makes(site, made_by_django):
    site.tegata("migrate")

    assert site.schema() == made_by_django.schema()
    assert site.query(MIGRATIONS) == made_by_django.query(MIGRATIONS)


def test_django_has_nothing_to_migrate(site):
    site.tegata("migrate")

    for app in APPS:
        assert "No migrations to apply" in site.manage("migrate", app), app


def test_django_goes_on_from_there(site):
    site.tegata("migrate")
    create = ["createuser", "root", "--staff", "--superuser", "--password-stdin"]
    site.tegata(*create, input="root-pw\n")

    migrated = site.manage("migrate")
    assert "Applying admin.0001_initial... OK" in migrated
    assert "Applying auth" not in migrated and "Applying token_blacklist" not in migrated
    assert "No changes detected" in site.manage("makemigrations", "--check", "--dry-run")
    assert log_in_at_the_admin(site.serve_django(), "root", "root-pw").status_code == 302


def test_tegata_goes_on_after_django_migrated_its_database(site):
    site.tegata("migrate")
    site.manage("migrate", "--verbosity", "0")
    site.create_django_user("alice", "alice-pw")

    assert site.serve_tegata().login("alice", "alice-pw").status_code == 200
    users = site.shell(
        "from django.contrib.auth import get_user_model\n"
        "print([user.username for user in get_user_model().objects.all()])"
    )
    assert users == "['alice']", "no admin is made in a database Django has taken over"
