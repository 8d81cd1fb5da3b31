"""What clients asked and were answered, and what must hold after that, whatever came in between. A
call is recorded as it begins and as it ends; one that was cut off may have taken effect or not."""

import collections
import itertools
from dataclasses import dataclass, field

from wire import claims_of

OK, REFUSED, UNKNOWN = "ok", "refused", "unknown"
LOGIN, REFRESH, BLACKLIST, VERIFY = "pair", "refresh", "blacklist", "verify"


@dataclass(frozen=True)
class Rules:
    """What becomes of a token that comes again. The grace outlasts the test."""

    grace: bool
    detection: bool

    def settings(self):
        return {
            "ROTATE_REFRESH_TOKENS": True,
            "BLACKLIST_AFTER_ROTATION": True,
            "REFRESH_GRACE_PERIOD": "5m" if self.grace else "0",
            "REFRESH_REUSE_DETECTION": self.detection,
        }


ONCE = Rules(grace=False, detection=False)
DETECTION = Rules(grace=False, detection=True)
GRACE = Rules(grace=True, detection=True)


@dataclass(eq=False)
class Call:
    """A call, whose beginning and end are counted and not timed."""

    kind: str
    jti: str | None
    rules: Rules
    began: int
    ended: int | None = None
    outcome: str = UNKNOWN
    token: str | None = field(default=None, repr=False)

    def ends_family(self):
        """Whether nothing of the token's family is of use, now that this was answered; or may be
        of none, where it was cut off."""
        if self.kind == REFRESH:
            return self.outcome != OK and self.rules == DETECTION
        return self.kind == BLACKLIST


class History:
    """What was asked and answered, and what follows from it. Tokens go by their `jti`."""

    def __init__(self):
        self.time = itertools.count()
        # Calls of which nothing was learned yet.
        self.fresh = []
        self.calls = collections.defaultdict(list)
        self.text = {}
        self.family = {}
        self.successor = {}
        # Tokens that were given and not spent, and those that were spent or ended otherwise, in the
        # order in which that was learned.
        self.live = {}
        self.ended = {}
        # Families that have ended, and when; families that a call that was cut off may have ended;
        # and what did either.
        self.dead = {}
        self.doubted = set()
        self.enders = collections.defaultdict(list)

    def learn(self):
        """Takes in what was answered since, in its order, and then what was cut off."""
        fresh, self.fresh = self.fresh, []
        answered = [call for call in fresh if call.outcome != UNKNOWN]
        for call in fresh:
            self.calls[call.jti].append(call)
        for call in sorted(answered, key=lambda call: call.ended):
            self.learn_answer(call)
        for call in fresh:
            if call.outcome == UNKNOWN and call.ends_family():
                self.doubted.add(self.family[call.jti])
                self.enders[self.family[call.jti]].append(call)
        for call in answered:
            if call.outcome == REFUSED:
                assert self.has_cause(call), self.tell(call.jti)

    def learn_answer(self, call):
        if call.kind == LOGIN:
            self.give(call.token, None)
            return

        jti, family = call.jti, self.family[call.jti]
        if call.outcome == OK:
            assert call.began < self.dead.get(family, call.began + 1), self.tell(jti)
            self.learn_success(call)
        self.end(jti)
        if call.ends_family():
            self.enders[family].append(call)
            self.dead.setdefault(family, call.ended)
            for relative in [other for other in self.live if self.family[other] == family]:
                self.end(relative)

    def learn_success(self, call):
        """A token is spent once; only within the grace it earns the same successor again."""
        jti = call.jti
        others = [
            other
            for other in self.calls[jti]
            if other is not call and other.outcome == OK and other.ended < call.ended
        ]
        if call.kind == BLACKLIST:
            assert not others, self.tell(jti)
            return
        successor = claims_of(call.token)["jti"]
        if others:
            assert call.rules.grace, self.tell(jti)
            assert self.successor.get(jti) == successor, self.tell(jti)
        else:
            self.successor[jti] = successor
            self.give(call.token, jti)
            self.doubted.discard(self.family[jti])

    def give(self, token, parent):
        jti = claims_of(token)["jti"]
        assert jti not in self.family, self.tell(jti)
        self.text[jti] = token
        self.family[jti] = self.family.get(parent, jti)
        # The family may have ended between the commit and the answer.
        home = self.ended if self.family[jti] in self.dead else self.live
        home[jti] = None

    def end(self, jti):
        self.live.pop(jti, None)
        self.ended[jti] = None

    def has_cause(self, refusal):
        """Whether somebody else may have spent the token, or ended its family."""
        uses = [call for call in self.calls[refusal.jti] if call.outcome != REFUSED]
        others = uses + self.enders[self.family[refusal.jti]]
        return any(call is not refusal and call.began < refusal.ended for call in others)

    def is_sure(self, jti, rules):
        """Whether a token that lives must be accepted: after a call that was cut off only the
        grace lets it."""
        return self.family[jti] not in self.doubted and (rules.grace or not self.calls[jti])

    def allowed(self, jti, rules):
        """What may become of a refresh with a token that was spent or ended."""
        if rules.grace and self.successor.get(jti) in self.live:
            return {OK}
        is_unheard = jti not in self.successor and UNKNOWN in {
            call.outcome for call in self.calls[jti]
        }
        return {OK, REFUSED} if rules.grace and is_unheard else {REFUSED}

    def tell(self, jti):
        """All that was asked with a token and its family, for whoever reads of a failure."""
        family = self.family.get(jti)
        calls = [
            call
            for relative in [other for other in self.family if self.family[other] == family]
            for call in self.calls[relative]
        ]
        calls.sort(key=lambda call: call.began)
        return "\n".join([f"{jti} of the family {family}", *map(str, calls)])
