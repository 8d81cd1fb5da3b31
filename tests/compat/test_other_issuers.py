"""oidc-provider, an issuer that somebody else wrote: its tokens at tegata, by `JWK_URL` and by
discovery."""

import json
import time
import uuid

import pytest
import requests
from conftest import Site, free_port
from peers import Node
from wire import base64url, when

COOLDOWN = 5
"""The seconds of `[jwks] cooldown`, the least there are."""
AUDIENCE = "orders-api"

each_algorithm = pytest.mark.parametrize("algorithm", ["RS256", "PS256", "ES256", "EdDSA"])


class Issuer(Node):
    """oidc-provider, with a client that may have tokens for `AUDIENCE`."""

    def __init__(self):
        super().__init__("issuer.mjs")
        self.port = free_port()
        self.origin = self.start()

    def start(self):
        return self.ask("start", port=self.port)

    def token(self, kind="ES256"):
        """Signed by that algorithm, or opaque."""
        form = {"grant_type": "client_credentials", "scope": "orders:read"}
        form["resource"] = f"https://orders.example/{kind}"
        url, client = f"{self.origin}/token", ("orders", "orders-secret")
        answer = requests.post(url, auth=client, data=form, timeout=30)
        assert answer.status_code == 200, answer.text
        return answer.json()["access_token"]

    def asked(self, path):
        return self.ask("asked").get(path, 0)


@each_algorithm
def test_a_token_of_each_algorithm_verifies_through_discovery(issuer, discovering, algorithm):
    token = issuer.token(algorithm)

    assert discovering.verify(token).status_code == 200
    assert discovering.verify(forged(token)).status_code == 401


def test_a_token_verifies_through_jwk_url_and_own_tokens_do_too(issuer, with_jwk_url):
    token, own = issuer.token(), with_jwk_url.login("alice", "alice-pw").json()["access"]

    assert with_jwk_url.verify(token).status_code == 200
    assert with_jwk_url.verify(own).status_code == 200
    assert with_jwk_url.verify(forged(token)).status_code == 401
    assert with_jwk_url.verify(forged(own)).status_code == 401


def test_a_token_of_another_algorithm_is_refused_through_jwk_url(issuer, with_jwk_url):
    refused = with_jwk_url.verify(issuer.token("RS256"))

    assert (refused.status_code, refused.json()["code"]) == (401, "token_not_valid")


def test_an_opaque_token_is_refused(issuer, service):
    assert service.verify(issuer.token("opaque")).status_code == 401


def test_a_token_of_another_issuer_is_refused(service):
    other = Issuer()

    assert service.verify(other.token()).status_code == 401
    other.end()


def test_a_claim_names_the_user_and_none_makes_him_staff(issuer, discovering):
    token = issuer.token()

    user = discovering.get("/api/token/user", token)
    assert (user.status_code, user.json()["username"]) == (200, "alice")
    told = discovering.get("/api/token/auth", token)
    headers = [told.headers[f"x-auth-{name}"] for name in ("user-id", "username", "is-staff")]
    assert (told.status_code, headers) == (200, ["", "alice", ""])


def test_a_token_of_another_issuer_earns_none_of_ours(issuer, discovering):
    token = issuer.token()

    assert discovering.refresh(token).status_code == 401
    assert discovering.slide(token).status_code == 401
    assert discovering.blacklist(token).status_code == 401


def test_a_rotation_of_its_keys_is_followed(issuer, service):
    old = followed(issuer, service, "rotate")

    assert service.verify(old).status_code == 200


def test_a_withdrawn_key_ends_with_the_next_look_at_the_set(issuer, service):
    old = followed(issuer, service, "rotate", "withdraw")

    assert service.verify(old).status_code == 401


def test_its_tokens_are_known_while_it_is_down_and_new_keys_are_not(issuer, service):
    known = issuer.token()
    assert service.verify(known).status_code == 200
    issuer.ask("rotate")
    unknown = issuer.token()
    issuer.ask("stop")

    away = when(503, lambda: service.verify(unknown), within=3 * COOLDOWN)
    assert (away.status_code, away.json()["code"]) == (503, "unavailable")
    assert int(away.headers["retry-after"]) >= 1
    assert service.verify(known).status_code == 200

    issuer.start()
    assert when(200, lambda: service.verify(unknown), within=4 * COOLDOWN).status_code == 200


def test_it_need_not_be_there_at_the_start(issuer, start):
    issuer.ask("stop")
    service = start("JWK_URL")
    assert service.login("alice", "alice-pw").status_code == 200

    issuer.start()
    token = issuer.token()

    assert when(200, lambda: service.verify(token), within=4 * COOLDOWN).status_code == 200


def test_a_flood_of_unknown_keys_asks_it_once_in_a_cool_down(issuer, service):
    token = issuer.token()
    assert service.verify(token).status_code == 200
    before, begin = issuer.asked("/jwks"), time.monotonic()

    for _ in range(500):
        assert service.verify(with_header(token, kid=uuid.uuid4().hex)).status_code == 401
    assert service.verify(token).status_code == 200

    cooldowns = 1 + (time.monotonic() - begin) // COOLDOWN
    assert issuer.asked("/jwks") - before <= cooldowns


def followed(issuer, service, *changes):
    """Changes the issuer's keys, waits until the service knows them, and answers with a token of the
    old ones, which verified before."""
    old = issuer.token()
    assert service.verify(old).status_code == 200

    for change in changes:
        issuer.ask(change)
    new = issuer.token()

    assert when(200, lambda: service.verify(new), within=3 * COOLDOWN).status_code == 200
    return old


def forged(token):
    """With another signature, of the same form."""
    signed, signature = token.rsplit(".", 1)
    other = "B" if signature.startswith("A") else "A"
    return f"{signed}.{other}{signature[1:]}"


def with_header(token, **members):
    header = {"alg": "ES256", "typ": "at+jwt", **members}
    _, rest = token.split(".", 1)
    return f"{base64url(json.dumps(header))}.{rest}"


@pytest.fixture
def issuer():
    issuer = Issuer()
    yield issuer
    issuer.end()


@pytest.fixture
def start(issuer, tmp_path):
    """A service that knows the issuer in one of two ways."""
    sites = []

    def start(way):
        jwt, more = {
            "JWK_URL": (
                # The rules for its tokens are those for our own.
                {"JWK_URL": f"{issuer.origin}/jwks", "AUDIENCE": AUDIENCE, "ISSUER": issuer.origin},
                "",
            ),
            "discovery": (
                {},
                "[[jwt.issuers]]\n"
                f'issuer = "{issuer.origin}"\naudience = "{AUDIENCE}"\n'
                'algorithms = ["RS256", "PS256", "ES256", "EdDSA"]\n'
                'user_id_claim = "preferred_username"\nuser_id_field = "username"\n',
            ),
        }[way]
        site = Site(tmp_path, "ES256", **jwt)
        site.more = f'{more}[jwks]\ncooldown = "{COOLDOWN}s"\n'
        sites.append(site)
        site.configure()
        site.tegata("migrate")
        site.tegata("createuser", "alice", "--password-stdin", input="alice-pw\n")
        return site.serve_tegata()

    yield start
    for site in sites:
        site.stop()


@pytest.fixture(params=["JWK_URL", "discovery"])
def service(request, start):
    return start(request.param)


@pytest.fixture
def with_jwk_url(start):
    return start("JWK_URL")


@pytest.fixture
def discovering(start):
    return start("discovery")
