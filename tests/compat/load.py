"""Clients of both services at work, and the rows that each answer of theirs promises."""

import random
import threading
import time
from concurrent.futures import ThreadPoolExecutor

from wire import claims_of

NAMES = ("tegata", "django")
CLIENTS = 4


class Load:
    """Clients who log in, refresh some times and log out, at either service by turns. Each has a
    token of its own, so that nothing of what they ask may be refused."""

    def __init__(self, tegata, django):
        self.services = dict(zip(NAMES, (tegata, django)))
        self.promised = set()
        self.answers = []
        self.refused = []
        self.is_over = threading.Event()
        self.pool = ThreadPoolExecutor(CLIENTS)

    def __enter__(self):
        self.clients = [self.pool.submit(self.work, random.Random(seed)) for seed in range(CLIENTS)]
        return self

    def __exit__(self, *_):
        self.is_over.set()
        self.pool.shutdown()
        for client in self.clients:
            client.result()

    def work(self, dice):
        while not self.is_over.is_set():
            token = self.log_in(dice)
            for _ in range(dice.randrange(4)):
                token = token and self.refresh(dice, token)
            if token:
                self.log_out(dice, token)

    def log_in(self, dice):
        answer = self.ask(dice.choice(NAMES), "login", "alice", "alice-pw")
        if answer is not None:
            self.promised.add(("outstanding", jti_of(answer["refresh"])))
            return answer["refresh"]

    def refresh(self, dice, token):
        name = dice.choice(NAMES)
        answer = self.ask(name, "refresh", token)
        if answer is not None:
            old, new = jti_of(token), jti_of(answer["refresh"])
            self.promised.add(("blacklisted", old))
            if name == "tegata":
                # Django's rotation leaves the new token without a row.
                self.promised.update([("outstanding", new), ("rotated", old, new)])
            return answer["refresh"]

    def log_out(self, dice, token):
        if self.ask(dice.choice(NAMES), "blacklist", token) is not None:
            self.promised.add(("blacklisted", jti_of(token)))

    def ask(self, name, verb, *arguments):
        """The answer's content; none where it is refused."""
        answer = getattr(self.services[name], verb)(*arguments)
        self.answers.append((name, verb, answer.status_code))
        if answer.status_code == 200:
            return answer.json()
        self.refused.append((name, verb, answer.status_code, answer.text[:200]))

    def reach(self, count):
        """Goes on until so many rows are promised."""
        deadline = time.monotonic() + 60
        while len(self.promised) < count and time.monotonic() < deadline:
            time.sleep(0.05)
        assert len(self.promised) >= count

    def lost(self, site):
        """What was promised and is not there."""
        return self.promised - rows(site)


def rows(site):
    """What stands in the tables, as the clients' promises say it."""
    outstanding = "SELECT jti FROM token_blacklist_outstandingtoken JOIN auth_user AS owner \
        ON owner.id = user_id WHERE username = 'alice'"
    blacklisted = "SELECT jti FROM token_blacklist_outstandingtoken AS outstanding \
        JOIN token_blacklist_blacklistedtoken ON token_id = outstanding.id"
    rotated = "SELECT parent_jti, successor_jti FROM tegata_rotation"
    tables = {"outstanding": outstanding, "blacklisted": blacklisted, "rotated": rotated}
    return {(name, *row) for name, sql in tables.items() for row in site.query(sql)}


def jti_of(token):
    return claims_of(token)["jti"]
