"""Tokens whose claims are odd and whose signature is genuine, shown to both services."""

import json
import time
import uuid

from conftest import SECRET_KEY
from wire import claims_of, sign

HOUR = 3600
VERIFY, REFRESH, SLIDE, BLACKLIST = "verify", "refresh", "sliding/refresh", "blacklist"
ENDPOINTS = {VERIFY: "token", REFRESH: "refresh", SLIDE: "token", BLACKLIST: "refresh"}
EVERYWHERE = tuple(ENDPOINTS)


def now(seconds=0):
    return int(time.time()) + seconds


def ask(twins, path, changes):
    """What both say to one token at an endpoint."""
    token = odd_token("sliding" if path == SLIDE else "refresh", changes)
    return [
        content(server.post(f"/api/token/{path}", {ENDPOINTS[path]: token})) for server in twins
    ]


def odd_token(token_type, changes):
    usual = {
        "token_type": token_type,
        "exp": now(HOUR),
        "iat": now(),
        "jti": uuid.uuid4().hex,
        "refresh_exp": now(HOUR),
        "user_id": 1,
    }
    if isinstance(changes, str):
        members = json.dumps(usual)[1:-1]
        return sign(changes.replace("%s", members), SECRET_KEY)
    merged = usual | changes
    return sign({name: value for name, value in merged.items() if value is not ...}, SECRET_KEY)


def content(answer):
    """Status and body, a token in it as its claims without what is ever new."""
    if answer.status_code == 500:
        return 500
    if answer.status_code != 200:
        return answer.status_code, answer.content
    return 200, {
        name: [
            (claim, None if claim in FRESH else value) for claim, value in claims_of(token).items()
        ]
        for name, token in answer.json().items()
    }


FRESH = ("exp", "iat", "jti")
