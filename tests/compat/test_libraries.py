"""PyJWT and jose, in the place of the services that share tokens with tegata."""

import json
import os
import subprocess
import time
import uuid

import jwt
import pytest
from conftest import TEGATA, Server, free_port
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
)
from peers import Node
from wire import base64url

# Each algorithm, and the form in which tegata is given its key.
FORMS = {
    "HS256": "secret",
    "HS384": "secret",
    "HS512": "secret",
    "RS256": "PKCS#8",
    "RS384": "PKCS#1",
    "RS512": "JWK",
    "PS256": "PKCS#8, imported",
    "PS384": "PKCS#1, imported",
    "PS512": "JWK, imported",
    "ES256": "SEC1",
    "ES384": "PKCS#8",
    "ES512": "JWK, imported",
    "EdDSA": "PKCS#8",
}

# The algorithm that the same key could be used with, too.
NEIGHBOURS = {
    "HS256": "HS512",
    "HS384": "HS256",
    "HS512": "HS256",
    "RS256": "PS256",
    "RS384": "PS384",
    "RS512": "RS256",
    "PS256": "RS256",
    "PS384": "RS384",
    "PS512": "PS256",
}

PASSWORD = "alice-pw"


def algorithms(chosen):
    return pytest.mark.parametrize("tegata", chosen, indirect=True)


each_algorithm = algorithms(FORMS)
each_with_a_public_key = algorithms([name for name in FORMS if not name.startswith("HS")])
each_key_with_a_neighbour = algorithms(NEIGHBOURS)
each_library = pytest.mark.parametrize("library", ["PyJWT", "jose"], indirect=True)


@each_library
@each_algorithm
def test_a_library_verifies_with_the_jwk_set(library, tegata):
    access = tegata.obtain_pair()["access"]

    header, claims = library.verify(access, tegata.algorithm, tegata.jwk_set)

    assert header == tegata.header
    assert is_of_alice(claims, "access")


@each_library
@each_algorithm
def test_a_library_verifies_with_the_pem_or_the_secret(library, tegata):
    refresh = tegata.obtain_pair()["refresh"]

    header, claims = library.verify(refresh, tegata.algorithm, tegata.verifying_key)

    assert header == tegata.header
    assert is_of_alice(claims, "refresh")


@each_library
@each_algorithm
def test_a_token_signed_by_a_library_is_accepted(library, tegata):
    token = library.sign(claims_of_alice("access"), tegata.algorithm, tegata.signing_key)

    assert tegata.verify(token) == 200


@each_library
@each_algorithm
def test_a_refresh_token_signed_by_a_library_is_refreshed(library, tegata):
    refresh = library.sign(claims_of_alice("refresh"), tegata.algorithm, tegata.signing_key)

    answer = tegata.server.post("/api/token/refresh", {"refresh": refresh})

    assert answer.status_code == 200
    access = answer.json()["access"]
    assert is_of_alice(library.verify(access, tegata.algorithm, tegata.jwk_set)[1], "access")


@each_library
@each_algorithm
def test_a_token_signed_by_another_key_is_refused(library, tegata):
    another = text_of(generate(tegata.algorithm), "PKCS#8", tegata.algorithm)
    claims = claims_of_alice("access")

    token = library.sign(claims, tegata.algorithm, another)

    assert tegata.verify(token) == 401


@each_library
@each_key_with_a_neighbour
def test_a_token_signed_by_another_algorithm_is_refused(library, tegata):
    algorithm = NEIGHBOURS[tegata.algorithm]
    claims = claims_of_alice("access")

    token = library.sign(claims, algorithm, tegata.signing_key)

    assert library.verify(token, algorithm, tegata.verifying_key)[1] == claims
    assert tegata.verify(token) == 401


@each_with_a_public_key
def test_a_token_with_the_public_key_as_hmac_secret_is_refused(jose, tegata):
    token = jose.sign(claims_of_alice("access"), "HS256", tegata.verifying_key)

    assert tegata.verify(token) == 401


@each_with_a_public_key
def test_the_kid_is_the_thumbprint_that_jose_calculates(jose, tegata):
    [jwk] = tegata.jwk_set["keys"]
    kid = jwt.get_unverified_header(tegata.obtain_pair()["access"])["kid"]

    assert kid == jwk["kid"]
    assert kid == jose.ask("thumbprint", algorithm=tegata.algorithm, key=jwk)
    public_pem = public_pem_of(tegata.key)
    assert kid == jose.ask("thumbprint", algorithm=tegata.algorithm, key=public_pem)


@each_with_a_public_key
def test_the_key_leaves_as_it_came(tegata):
    private = load_pem_private_key(tegata.signing_key.encode(), None)

    assert raw(private) == raw(tegata.key)
    assert tegata.verifying_key == public_pem_of(tegata.key)


@each_library
@each_algorithm
def test_the_signature_alone_is_verified_with_the_jwk_set(library, tegata, tmp_path):
    (tmp_path / "keys.json").write_text(json.dumps(tegata.jwk_set))
    token = library.sign({"any": "claim"}, tegata.algorithm, tegata.signing_key)
    other = library.sign({"another": "claim"}, tegata.algorithm, tegata.signing_key)
    tampered = ".".join([*other.split(".")[:2], token.split(".")[2]])

    command = ["token", "verify", "--jwk-file", str(tmp_path / "keys.json")]

    assert tegata.run(*command, token).returncode == 0
    assert tegata.run(*command, tampered).returncode == 1


class Tegata:
    """tegata at work, with a key from elsewhere and the user `alice`."""

    def __init__(self, folder, algorithm):
        self.folder = folder
        self.algorithm = algorithm
        self.key = generate(algorithm)
        self.environment = os.environ | {"TEGATA_USERS__PBKDF2_ITERATIONS": "1"}

        form, *imported = FORMS[algorithm].split(", ")
        (folder / "key").write_text(text_of(self.key, form, algorithm))
        (folder / "key").chmod(0o600)
        port = free_port()
        (folder / "config.toml").write_text(
            f'[server]\nbind = "127.0.0.1:{port}"\n[jwt]\nalgorithm = "{algorithm}"\n'
            + ("" if imported else 'signing_key_file = "key"\n')
        )
        self.made("migrate")
        self.made("createuser", "alice", "--password-stdin", input=PASSWORD)
        if imported:
            self.made("keys", "import", "key")

        if algorithm.startswith("HS"):
            self.signing_key = self.verifying_key = self.key
            self.jwk_set = {"keys": [{"kty": "oct", "alg": algorithm, "k": base64url(self.key)}]}
            self.header = {"alg": algorithm, "typ": "JWT"}
        else:
            self.signing_key = self.made("keys", "export", "--private")
            self.verifying_key = self.made("keys", "export", "--pem")
            self.jwk_set = json.loads(self.made("keys", "export"))
            kid = self.jwk_set["keys"][0]["kid"]
            self.header = {"alg": algorithm, "typ": "JWT", "kid": kid}
        self.server = Server([TEGATA, "serve"], folder, self.environment, port)

    def run(self, *arguments, **options):
        """A command of tegata, whatever its exit code."""
        command = [TEGATA, *arguments]
        pipes = {"cwd": self.folder, "env": self.environment, "capture_output": True}
        return subprocess.run(command, text=True, **pipes, **options)

    def made(self, *arguments, **options):
        """The output of a command that is done."""
        finished = self.run(*arguments, **options)
        assert finished.returncode == 0, finished.stderr
        return finished.stdout

    def obtain_pair(self):
        return self.server.login("alice", PASSWORD).json()

    def verify(self, token):
        return self.server.post("/api/token/verify", {"token": token}).status_code


class PyJwt:
    """PyJWT, in this process."""

    def sign(self, claims, algorithm, key):
        return jwt.encode(claims, key, algorithm)

    def verify(self, token, algorithm, key):
        if isinstance(key, dict):
            [key] = jwt.PyJWKSet.from_dict(key).keys
        decoded = jwt.decode_complete(token, key, [algorithm])
        return decoded["header"], decoded["payload"]


class Jose(Node):
    """jose, in a process of Node."""

    def __init__(self):
        super().__init__("jose.mjs")

    def sign(self, claims, algorithm, key):
        return self.ask("sign", claims=claims, algorithm=algorithm, key=key)

    def verify(self, token, algorithm, key):
        if algorithm.startswith("HS") and isinstance(key, dict):
            # jose takes no secrets from a set.
            [key] = key["keys"]
        return self.ask("verify", token=token, algorithm=algorithm, key=key)


@pytest.fixture(scope="module")
def tegata(request, tmp_path_factory):
    """One process for each algorithm."""
    tegata = Tegata(tmp_path_factory.mktemp("tegata"), request.param)
    yield tegata
    assert tegata.server.stop() == 0


@pytest.fixture(scope="module")
def jose():
    jose = Jose()
    yield jose
    jose.end()


@pytest.fixture
def library(request, jose):
    return {"PyJWT": PyJwt(), "jose": jose}[request.param]


def claims_of_alice(token_type):
    now = int(time.time())
    claims = {"token_type": token_type, "exp": now + 300, "iat": now}
    return claims | {"jti": uuid.uuid4().hex, "user_id": 1}


def is_of_alice(claims, token_type):
    lifetime = {"access": 300, "refresh": 86400}[token_type]
    names = {"token_type", "exp", "iat", "jti", "user_id"}
    return (
        set(claims) == names
        and (claims["token_type"], claims["user_id"]) == (token_type, 1)
        and claims["exp"] - claims["iat"] == lifetime
    )


def generate(algorithm):
    match algorithm:
        case "ES256":
            return ec.generate_private_key(ec.SECP256R1())
        case "ES384":
            return ec.generate_private_key(ec.SECP384R1())
        case "ES512":
            return ec.generate_private_key(ec.SECP521R1())
        case "EdDSA":
            return ed25519.Ed25519PrivateKey.generate()
        case _ if algorithm.startswith("HS"):
            return os.urandom(64).hex()
        case _:
            return rsa.generate_private_key(public_exponent=65537, key_size=2048)


def text_of(key, form, algorithm):
    if isinstance(key, str):
        return key
    if form == "JWK":
        return jwt.get_algorithm_by_name(algorithm).to_jwk(key)
    is_pkcs8 = form == "PKCS#8"
    private = PrivateFormat.PKCS8 if is_pkcs8 else PrivateFormat.TraditionalOpenSSL
    return key.private_bytes(Encoding.PEM, private, NoEncryption()).decode()


def public_pem_of(key):
    public = PublicFormat.SubjectPublicKeyInfo
    return key.public_key().public_bytes(Encoding.PEM, public).decode()


def raw(private):
    return private.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())
