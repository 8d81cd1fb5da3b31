"""User models of a project's own, in a Django project and at tegata on one database."""

import json
import uuid

import pytest
from conftest import SECRET_KEY, Site
from wire import claims_of, sign

PASSWORD = "alice-pw"
MODELS = {
    "people.Person": {
        "table": "people_person",
        "username_field": "email",
        "name": "alice@example.org",
    },
    "members.Member": {
        "table": "members_member",
        "username_field": "username",
        "name": "alice",
    },
}


@pytest.fixture(scope="module", params=MODELS)
def model(request):
    return request.param


@pytest.fixture(scope="module")
def made_by_django(engine, model, tmp_path_factory):
    """A database whose users are of a model of the project's own, with Alice."""
    site = site_of(model, tmp_path_factory.mktemp("made"), engine)
    site.manage("migrate", "--verbosity", "0")
    site.create_django_user(site.name, PASSWORD)
    yield site.database
    site.stop()


@pytest.fixture
def own_site(engine, model, made_by_django, tmp_path):
    site = site_of(model, tmp_path, engine)
    site.database.copy(made_by_django)
    yield site
    site.stop()


def site_of(model, folder, engine):
    site = Site(folder, "HS256", engine, UPDATE_LAST_LOGIN=True)
    site.users = dict(MODELS[model])
    site.name = site.users.pop("name")
    site.field = site.users["username_field"]
    site.environment["COMPAT_USER_MODEL"] = model
    return site


def credentials(site, password=PASSWORD):
    return {site.field: site.name, "password": password}


def log_in(server, site):
    return server.post("/api/token/pair", credentials(site)).json()


def test_a_login_goes_by_the_field_of_the_model(own_site):
    tegata, django = own_site.serve_both()

    ours, theirs = (log_in(server, own_site) for server in (tegata, django))

    assert list(ours) == list(theirs) == [own_site.field, "refresh", "access"]
    assert ours[own_site.field] == theirs[own_site.field] == own_site.name
    assert claims_of(ours["access"])["user_id"] == claims_of(theirs["access"])["user_id"]


def test_each_accepts_what_the_other_issued(own_site):
    services = own_site.serve_both()
    for issuer, verifier in [services, reversed(services)]:
        pair = log_in(issuer, own_site)

        access = verifier.refresh(pair["refresh"]).json()["access"]
        whoami = issuer.get("/api/token/user", access)

        assert whoami.status_code == 200, whoami.text
        assert whoami.json() == {
            "id": claims_of(access)["user_id"],
            "username": own_site.name,
        }


def test_a_sliding_login_and_the_blacklist_work_too(own_site):
    tegata, django = own_site.serve_both()

    sliding = tegata.post("/api/token/sliding", credentials(own_site)).json()
    pair = log_in(tegata, own_site)
    blacklisted = tegata.blacklist(pair["refresh"])

    assert list(sliding) == [own_site.field, "token"]
    assert django.slide(sliding["token"]).status_code == 200
    assert blacklisted.status_code == 200
    assert django.refresh(pair["refresh"]).json()["detail"] == "Token is blacklisted"


def test_the_rows_of_tokens_name_their_user(own_site):
    log_in(own_site.serve_tegata(), own_site)

    row = own_site.shell(
        "from ninja_jwt.token_blacklist.models import OutstandingToken\n"
        "user = OutstandingToken.objects.get().user\n"
        "print(user.get_username(), user.last_login is not None)"
    )

    assert row == f"{own_site.name} True"


BODIES = [
    {},
    [],
    "x",
    {"password": "x"},
    {"FIELD": "x"},
    {"FIELD": None, "password": ""},
    {"FIELD": "", "password": ""},
    {"FIELD": 7, "password": 7},
    {"FIELD": ["x"], "password": "x"},
    {"FIELD": "x" * 255, "password": "x"},
    {"FIELD": "x" * 255, "password": 7},
    {"FIELD": "nobody", "password": PASSWORD},
]


@pytest.mark.parametrize("path", ["/api/token/pair", "/api/token/sliding"])
def test_what_is_wrong_is_told_in_the_name_of_the_field(own_site, path):
    tegata, django = own_site.serve_both()

    for body in BODIES:
        text = json.dumps(body).replace("FIELD", own_site.field)
        ours, theirs = tegata.post(path, text), django.post(path, text)

        assert (ours.status_code, ours.json()) == (theirs.status_code, theirs.json()), text


def test_a_token_of_nobody_opens_nothing(own_site):
    tegata = own_site.serve_tegata()
    access = log_in(tegata, own_site)["access"]
    own_site.shell("from django.contrib.auth import get_user_model as m; m().objects.all().delete()")

    assert tegata.get("/api/token/user", access).status_code == 401


def test_tegata_creates_lists_disables_and_deletes_users(own_site):
    own_site.configure()
    own_site.tegata("migrate")
    name = own_site.name.replace("alice", "bob")
    own_site.tegata("createuser", name, "--password-stdin", input="bob-pw\n")
    django = own_site.serve_django()
    bob = {own_site.field: name, "password": "bob-pw"}
    pair = django.post("/api/token/pair", bob)
    listed = own_site.tegata("users", "list", "--json", capture_output=True).stdout

    assert pair.status_code == 200, pair.text
    ids = {user["username"]: user["id"] for user in json.loads(listed)}
    assert ids[name] == claims_of(pair.json()["access"])["user_id"]
    own_site.tegata("users", "disable", name)
    assert django.post("/api/token/pair", bob).status_code == 401
    own_site.tegata("users", "enable", name)
    own_site.tegata("changepassword", name, "--password-stdin", input="other-pw\n")
    assert django.post("/api/token/pair", bob | {"password": "other-pw"}).status_code == 200
    own_site.tegata("users", "delete", "--yes", name)
    assert django.post("/api/token/pair", bob | {"password": "other-pw"}).status_code == 401


def test_a_superuser_of_tegatas_enters_the_admin(own_site):
    own_site.configure()
    own_site.tegata("migrate")
    name = own_site.name.replace("alice", "root")
    flag = f"--{own_site.field}"
    own_site.tegata("createsuperuser", flag, name, "--password-stdin", input="root-pw\n")

    found = own_site.shell(
        "from django.contrib.auth import authenticate\n"
        f"user = authenticate(username={name!r}, password='root-pw')\n"
        "print(user.is_staff, user.is_superuser, user.is_active)"
    )

    assert found == "True True True"


def test_keys_of_another_form_find_nobody(own_site):
    tegata = own_site.serve_tegata()
    strangers = [str(uuid.uuid4()), "7", 10**18, "junk", "", "1.0", "\u0000"]
    genuine = claims_of(log_in(tegata, own_site)["access"])

    for user_id in strangers:
        token = sign(genuine | {"user_id": user_id}, SECRET_KEY)
        answer = tegata.get("/api/token/user", token)
        assert answer.status_code == 401, (user_id, answer.text)
