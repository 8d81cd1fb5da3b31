"""The OpenAPI document: beside the one of Ninja JWT, and beside what is answered."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
import requests
from conftest import Site
from database import Sqlite
from nodes import ROTATE
from wire import listed

SCHEMATHESIS = Path(sys.executable).parent / "schemathesis"
CONFIG = Path(__file__).parent / "schemathesis.toml"
# What a login sends in the examples of the document.
USERNAME, PASSWORD = "admin", "correct horse battery staple"


@pytest.fixture
def made(tmp_path):
    """A site that tegata made, on which the examples may log in."""
    site = Site(tmp_path, "ES256", Sqlite, **ROTATE)
    site.users = {"pbkdf2_iterations": 1}
    site.configure()
    site.tegata("migrate")
    site.tegata("createuser", USERNAME, "--password-stdin", input=f"{PASSWORD}\n")
    yield site
    site.stop()


def test_the_document_says_of_ninja_jwts_endpoints_what_ninjas_own_says(twins):
    ours, theirs = (document(server) for server in twins)
    shared = [path for path in theirs["paths"] if "post" in theirs["paths"][path]]

    assert len(shared) == 6
    for path in shared:
        assert told(ours["paths"][path]["post"]) == told(theirs["paths"][path]["post"])


def test_the_schemas_of_the_document_are_ninja_jwts(twins):
    ours, theirs = (document(server)["components"]["schemas"] for server in twins)

    assert len(theirs) >= 10
    for name, schema in theirs.items():
        assert form(ours[name]) == form(schema), name
    assert listed("the OpenAPI document")


def test_whatever_is_sent_is_answered_as_the_document_says(made):
    statuses = ask(made, "--max-examples", "250")

    assert statuses >= {200, 400, 401, 405, 422}


def test_what_the_limits_refuse_is_answered_as_the_document_says(made):
    guesses = ["--include-path-regex", "/(pair|sliding)$", "--phases", "fuzzing"]
    limits = {"TEGATA_LIMITS__ENABLED": "true", "TEGATA_LIMITS__LOGIN_PER_ADDRESS": "9/h"}

    statuses = ask(made, *guesses, **limits)

    assert statuses >= {401, 429}


def document(server):
    return requests.get(server.origin + "/api/openapi.json", timeout=30).json()


def told(operation):
    """What is said of an endpoint, save for what Ninja JWT does not say."""
    ok = operation["responses"]["200"]["content"]
    names = [operation[name] for name in ("operationId", "summary", "tags")]
    body = operation["requestBody"]
    return names, body["required"], body["content"], ok


def form(schema):
    """The names, types and bounds of a schema's members."""
    members = {
        name: (member["title"], kind(member), member.get("maxLength"), member.get("format"))
        for name, member in schema.get("properties", {}).items()
    }
    return schema["title"], schema["type"], set(schema.get("required", [])), members


def kind(member):
    """A member's type; Ninja JWT says of `access` that it may be null, which it never is."""
    either = [each["type"] for each in member.get("anyOf", [member])]
    return next(each for each in either if each != "null")


def ask(site, *arguments, **environment):
    """Has schemathesis ask a service whatever the document allows and more, with an access token
    where one is wanted. The statuses of its answers, none of which was other than the document
    says."""
    server = site.serve_tegata(TEGATA_LOG__LEVEL="error", **environment)
    access = server.login(USERNAME, PASSWORD).json()["access"]
    bearer = ["--header", f"Authorization: Bearer {access}"]
    report = site.folder / "answers.har"
    run = subprocess.run(
        [SCHEMATHESIS, "--config-file", CONFIG, "run", server.origin + "/api/openapi.json"]
        + [*bearer, "--report-har-path", report, *arguments],
        # Which gets a folder of its notes.
        cwd=site.folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    assert run.returncode == 0, run.stdout
    answers = json.loads(report.read_text())["log"]["entries"]
    return {answer["response"]["status"] for answer in answers}
