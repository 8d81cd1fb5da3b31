"""Databases on PostgreSQL that are not as Django makes them in nothing today: of an earlier release
of it, or of somebody who has other plans with them."""

import subprocess
import uuid

import pytest

pytestmark = [
    pytest.mark.parametrize("engine", ["postgres"], indirect=True),
    pytest.mark.parametrize("site", ["HS256"], indirect=True),
]
SERIAL = """
DO $$
DECLARE
    name text;
BEGIN
    FOR name IN SELECT table_name FROM information_schema.columns WHERE is_identity = 'YES' LOOP
        EXECUTE format('ALTER TABLE %1$I ALTER id DROP IDENTITY', name);
        EXECUTE format('CREATE SEQUENCE %1$s_id_seq OWNED BY %1$I.id', name);
        EXECUTE format('SELECT setval(''%1$s_id_seq'', max(id) + 1) FROM %1$I', name);
        EXECUTE format('ALTER TABLE %1$I ALTER id SET DEFAULT nextval(''%1$s_id_seq'')', name);
    END LOOP;
END $$
"""
"""Turns identity columns into what Django made before 4.1."""


@pytest.fixture
def odd(site):
    """A site whose tokens rotate, on a database without a table."""
    site.jwt |= {"ROTATE_REFRESH_TOKENS": True, "BLACKLIST_AFTER_ROTATION": True}
    site.environment["COMPAT_ROUNDS"] = "1000"
    return site


@pytest.fixture
def worker(odd, monkeypatch):
    """A role that may do nothing yet."""
    monkeypatch.setenv("TEGATA_DATABASE__AUTO_MIGRATE", "false")
    name = f"worker_{uuid.uuid4().hex}"
    odd.query(f"CREATE ROLE {name} LOGIN")
    yield name
    odd.query(f"DROP OWNED BY {name}")
    odd.query(f"DROP ROLE {name}")


def test_identifiers_of_32_bits_do(odd):
    odd.manage("migrate", "auth", "--verbosity", "0")
    odd.manage("migrate", "token_blacklist", "0007", "--verbosity", "0")
    [(kind,)] = odd.query(
        "SELECT DISTINCT data_type FROM information_schema.columns"
        " WHERE table_name LIKE 'token_blacklist_%' AND column_name IN ('id', 'token_id')"
    )
    assert kind == "integer"

    assert_both_work(odd)


def test_identifiers_from_a_sequence_do(odd):
    odd.manage("migrate", "--verbosity", "0")
    odd.query(SERIAL)
    identities = "SELECT * FROM information_schema.columns WHERE is_identity = 'YES'"
    assert odd.query(identities) == []

    assert_both_work(odd)


def test_tables_in_another_schema_are_found_and_those_out_of_sight_are_not(odd):
    odd.query("CREATE TABLE auth_user (id text, username text, password integer)")
    odd.query("CREATE SCHEMA accounts")
    odd.query(f"ALTER DATABASE {odd.database.name} SET search_path = accounts")
    odd.manage("migrate", "--verbosity", "0")

    assert_both_work(odd)

    [(count,)] = odd.query("SELECT count(*) FROM public.auth_user")
    assert count == 0


def test_tegata_makes_its_tables_where_the_search_path_leads(odd):
    odd.query("CREATE SCHEMA accounts")
    odd.query(f"ALTER DATABASE {odd.database.name} SET search_path = accounts")

    odd.tegata("migrate")

    assert "No migrations to apply" in odd.manage("migrate", "token_blacklist")
    schemas = odd.query(
        "SELECT DISTINCT schemaname FROM pg_tables"
        " WHERE schemaname NOT IN ('pg_catalog', 'information_schema')"
    )
    assert schemas == [("accounts",)]


def test_times_are_right_whatever_the_zone_of_the_database(odd):
    odd.query(f"ALTER DATABASE {odd.database.name} SET TimeZone = 'Asia/Tokyo'")
    odd.manage("migrate", "--verbosity", "0")

    assert_both_work(odd)

    lives = odd.query(
        "SELECT extract(epoch FROM expires_at - created_at)"
        " FROM token_blacklist_outstandingtoken WHERE user_id IS NOT NULL"
    )
    assert lives
    assert all(86_390 < life <= 86_400 for (life,) in lives)


@pytest.mark.parametrize("change", ["SELECT", SERIAL], ids=["identity", "sequence"])
def test_a_role_needs_no_more_than_the_privileges_that_are_printed(odd, worker, change):
    odd.manage("migrate", "--verbosity", "0")
    odd.query(change)
    grant(odd, worker)

    assert_both_work(odd)


def test_a_role_with_the_privileges_that_are_printed_deletes_users(odd, worker):
    odd.manage("migrate", "--verbosity", "0")
    odd.create_django_user("alice", "alice-pw")
    grant(odd, worker)

    odd.tegata("users", "delete", "--yes", "alice")

    assert odd.query("SELECT username FROM auth_user") == []


def grant(site, worker):
    """Has tegata come as this role from now on."""
    site.configure()
    site.tegata("migrate")
    site.query(site.tegata("migrate", "--print-grants", worker, stdout=subprocess.PIPE).stdout)
    site.url = site.url.replace("//tegata@", f"//{worker}@")
    site.configure()


def assert_both_work(site):
    """What writes, at each service, and what the other makes of it."""
    site.create_django_user("alice", "alice-pw")
    services = site.serve_both()
    for one, other in [services, reversed(services)]:
        first = one.login("alice", "alice-pw").json()["refresh"]
        second = other.refresh(first).json()["refresh"]
        assert one.refresh(first).json()["detail"] == "Token is blacklisted"
        third = one.refresh(second).json()["refresh"]
        assert other.blacklist(third).status_code == 200
        assert one.refresh(third).json()["detail"] == "Token is blacklisted"

    tegata, django = services
    last = django.login("alice", "alice-pw").json()["refresh"]
    site.tegata("users", "revoke", "alice")
    site.tegata("createuser", "bob", "--password-stdin", input="bob-pw\n")
    assert django.login("bob", "bob-pw").status_code == 200
    assert django.refresh(last).status_code == tegata.refresh(last).status_code == 401

    site.query(
        "UPDATE token_blacklist_outstandingtoken SET token = '', expires_at = '2020-01-01 00:00:00'"
        " WHERE id < (SELECT max(id) FROM token_blacklist_outstandingtoken)"
    )
    site.tegata("flushexpiredtokens")
    assert len(site.query("SELECT id FROM token_blacklist_outstandingtoken")) == 1
