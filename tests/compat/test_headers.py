"""Odd headers and odd forms of tokens, each genuinely signed, answered by both services."""

import base64
import hashlib
import hmac
import json
import time
import uuid

import pytest
from conftest import SECRET_KEY
from wire import listed, told

PADDING = "`=` padding in a segment"
EXTENSIONS = "header `crit` in any form, `b64`, `zip`"
TYPE = "header `typ` other than `JWT` or `at+jwt`"
TWICE = "a member twice in header or claims"
"""Rows of the reference of differences."""

ALIKE = {
    "usual": '{"alg":"HS256","typ":"JWT"}',
    "alg alone": '{"alg":"HS256"}',
    "typ in lower case": '{"alg":"HS256","typ":"jwt"}',
    "more members": '{"alg":"HS256","typ":"JWT","jku":"http://127.0.0.1:9/","x":[1]}',
    "a key besides": '{"alg":"HS256","jwk":{"kty":"oct","k":"AAAA"}}',
    "kid a text": '{"alg":"HS256","kid":"1"}',
    "kid a number": '{"alg":"HS256","kid":1}',
    "kid null": '{"alg":"HS256","kid":null}',
    "alg in lower case": '{"alg":"hs256"}',
    "alg none": '{"alg":"none"}',
    "alg None": '{"alg":"None"}',
    "alg HS384": '{"alg":"HS384"}',
    "alg HS512": '{"alg":"HS512"}',
    "alg RS256": '{"alg":"RS256"}',
    "alg ES256": '{"alg":"ES256"}',
    "alg empty": '{"alg":""}',
    "alg null": '{"alg":null}',
    "alg a list": '{"alg":["HS256"]}',
    "alg missing": '{"typ":"JWT"}',
    "alg padded": '{"alg":"HS256 "}',
    "crit empty": '{"alg":"HS256","crit":[]}',
    "crit unknown": '{"alg":"HS256","crit":["exp"]}',
    "crit a text": '{"alg":"HS256","crit":"b64"}',
    "b64 false": '{"alg":"HS256","b64":false,"crit":["b64"]}',
    "no object": '["HS256"]',
    "no JSON": "HS256",
    "nothing": "",
}
UNLIKE = {
    "typ of a logout token": ('{"alg":"HS256","typ":"logout+jwt"}', TYPE),
    "typ empty": ('{"alg":"HS256","typ":""}', TYPE),
    "typ a number": ('{"alg":"HS256","typ":1}', TYPE),
    "crit of b64": ('{"alg":"HS256","b64":true,"crit":["b64"]}', EXTENSIONS),
    "b64 true": ('{"alg":"HS256","b64":true}', EXTENSIONS),
    "zip": ('{"alg":"HS256","zip":"DEF"}', EXTENSIONS),
    "alg twice": ('{"alg":"none","alg":"HS256"}', TWICE),
}


def token(header=ALIKE["usual"], pad=False):
    """A refresh token under a header given as a text."""
    now = int(time.time())
    claims = {"token_type": "refresh", "exp": now + 3600, "jti": uuid.uuid4().hex, "user_id": 1}
    # A length that base64 pads.
    parts = [encoded(text.encode(), pad) for text in (header + " ", json.dumps(claims) + " ")]
    signed = ".".join(parts)
    mac = hmac.new(SECRET_KEY.encode(), signed.encode(), hashlib.sha256).digest()
    return f"{signed}.{encoded(mac)}"


def encoded(data, pad=False):
    text = base64.urlsafe_b64encode(data).decode()
    return text if pad else text.rstrip("=")


def verify(twins, text):
    return [server.verify(text) for server in twins]


def altered(place, text):
    """A genuine token in which one segment is written in another way."""
    parts = token().split(".")
    parts[place] = text(parts[place])
    return ".".join(parts)


def loose(segment):
    """The segment with a bit set that means nothing."""
    letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    return segment[:-1] + letters[letters.index(segment[-1]) + 1]


@pytest.mark.parametrize("case", ALIKE)
def test_a_header_is_taken_alike(twins, case):
    ours, theirs = verify(twins, token(ALIKE[case]))

    assert told(ours) == told(theirs)


@pytest.mark.parametrize("case", UNLIKE)
def test_a_header_is_taken_as_the_reference_of_differences_says(twins, case):
    header, row = UNLIKE[case]

    ours, theirs = verify(twins, token(header))

    assert (ours.status_code, theirs.status_code) == (401, 200)
    assert listed(row)


@pytest.mark.parametrize(
    "text",
    [
        lambda segment: segment + "\n",
        lambda segment: " " + segment,
        lambda segment: segment + "====",
        lambda segment: segment + "!",
        lambda segment: segment[:-1],
        lambda segment: segment + "A",
        lambda segment: "",
        lambda segment: segment + ".",
        lambda segment: "." + segment,
        lambda segment: segment.swapcase(),
    ],
    ids=["newline", "blank", "padding", "junk", "short", "long", "empty", "dot", "dotted", "case"],
)
@pytest.mark.parametrize("place", [0, 1, 2], ids=["header", "claims", "signature"])
def test_a_damaged_segment_is_refused_alike(twins, place, text):
    ours, theirs = verify(twins, altered(place, text))

    assert told(ours) == told(theirs)
    assert ours.status_code == 401


def test_a_signature_with_bits_left_over_is_refused_alike(twins):
    ours, theirs = verify(twins, altered(2, loose))

    assert told(ours) == told(theirs)
    assert ours.status_code == 401


@pytest.mark.parametrize(
    "padded",
    [token(pad=True), altered(2, lambda segment: segment + "=")],
    ids=["what is signed", "the signature"],
)
def test_padding_is_refused(twins, padded):
    assert "=" in padded

    ours, theirs = verify(twins, padded)

    assert (ours.status_code, theirs.status_code) == (401, 200)
    assert listed(PADDING)
