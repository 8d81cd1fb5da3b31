"""What the rounds of `endpoints.py` and the crate's bench come to: Markdown, and a chart beside it."""

import collections
import datetime
import json
import os
import platform
import re
import statistics
import subprocess
from pathlib import Path

import chart

ROOT = Path(__file__).parent.parent
# Most that a subject may take: times the echo, and so many primitives of the crate's bench.
AIMS = {
    "verify HS256": (1.15, None),
    "verify RS256": (1, ("RS256", 1.1)),
    "verify ES256": (1, ("ES256", 1.1)),
    "refresh HS256": (1.5, None),
    "rotation HS256": (4, None),
}
# So many rotations a second, at least.
ROTATIONS_AIM = 8000
# Most that a token may take beside its primitive, in ns.
CRATE_AIM = 500
# Most that a token of another issuer may take beside its primitive, and once it is remembered, in ns.
OTHERS_AIM = 2000
REMEMBERED_AIM = 600
# The groups of criterion's, in this order before all others.
CRATE = ("HS256", "RS256", "PS256", "ES256", "EdDSA")


def write(options, rounds):
    figures = Figures(rounds, primitives(options.criterion))
    picture = options.report.with_suffix(".svg")
    options.report.write_text(report(figures, options, picture.name))
    picture.write_text(chart.bars("CPU µs of the server for a request", figures.costs()))


def primitives(folder):
    """The medians of criterion's in nanoseconds, by group and function."""
    found = {}
    for file in folder.glob("*/*/new/estimates.json"):
        name = json.loads((file.parent / "benchmark.json").read_text())
        median = json.loads(file.read_text())["median"]
        interval = median["confidence_interval"]
        found[name["group_id"], name["function_id"]] = (
            median["point_estimate"],
            interval["lower_bound"],
            interval["upper_bound"],
        )
    return found


class Figures:
    """What the rounds and the crate's bench come to."""

    def __init__(self, rounds, crate):
        self.rounds, self.crate = rounds, crate

    def spread(self, name, what):
        sample = [one[what] for one in self.rounds[name]]
        return statistics.median(sample), min(sample), max(sample)

    def costs(self):
        return {name: self.spread(name, "cpu") for name in self.rounds}

    def ratios(self, name):
        """Of each round: times the echo of the same round."""
        if "echo" not in self.rounds:
            return None
        pairs = zip(self.rounds[name], self.rounds["echo"])
        sample = [one["cpu"] / other["cpu"] for one, other in pairs]
        return statistics.median(sample), min(sample), max(sample)

    def aim(self, name):
        """What it may take, what of that it takes, and whether that is met."""
        if name not in AIMS or name not in self.rounds or "echo" not in self.rounds:
            return None
        times, primitive = AIMS[name]
        words, allowance = f"{times:g} × echo", 0
        if primitive:
            algorithm, share = primitive
            bare = self.crate.get((algorithm, "verify, bare"))
            if not bare:
                return None
            words, allowance = f"echo + {share:g} × primitive", share * bare[0] / 1000
        most = [times * one["cpu"] + allowance for one in self.rounds["echo"]]
        took = [one["cpu"] for one in self.rounds[name]]
        part = statistics.median(one / other for one, other in zip(took, most))
        return words, part, part <= 1


def report(figures, options, picture):
    lines = [
        "# What requests take",
        "",
        f"`make bench`, {datetime.date.today()}: {options.rounds} rounds of {options.seconds} s for"
        f" each subject in turn, {options.connections} connections. {machine()}",
        "",
        "The server has one core, with one worker of Tokio's, and wrk the other. `echo` is a bare"
        " axum service of the same profile and allocator that reads the JSON of a verification and"
        " writes it back. Settings are the shipped ones, rotation off where the subject is called"
        " *refresh*; a *rotation* is durable before it is answered (SQLite, WAL, synchronous=FULL)."
        " Medians, and from least to most.",
        "",
        f"![CPU of the server for a request]({picture})",
        "",
        "| subject | CPU µs for a request | times the echo | requests/s | p50 ms | p99 ms |",
        "|---|---|---|---|---|---|",
    ]
    for name in figures.rounds:
        ratios = figures.ratios(name)
        lines.append(
            f"| {name} | {shown(figures.spread(name, 'cpu'), 1)}"
            f" | {shown(ratios, 2) if ratios else ''}"
            f" | {shown(figures.spread(name, 'rate'), 0)}"
            f" | {figures.spread(name, 'p50')[0]:.2f} | {figures.spread(name, 'p99')[0]:.2f} |"
        )
    lines += ["", *aims(figures), *crate(figures)]
    return "\n".join(lines) + "\n"


def aims(figures):
    lines = ["## Aims", "", "| subject | aim | of that it takes | |", "|---|---|---|---|"]
    for name in figures.rounds:
        if aim := figures.aim(name):
            words, part, is_met = aim
            lines.append(f"| {name} | {words} | {part:.2f} | {verdict(is_met)} |")
    name = "rotation HS256"
    if name in figures.rounds:
        rate = figures.spread(name, "rate")[0]
        met = verdict(rate >= ROTATIONS_AIM)
        lines.append(f"| {name} | {ROTATIONS_AIM} a second | {rate / ROTATIONS_AIM:.2f} | {met} |")
    for (algorithm, function), (taken, *_) in sorted(figures.crate.items()):
        bare = {"issue": "sign, bare", "verify": "verify, bare"}.get(function)
        if bare and (algorithm, bare) in figures.crate:
            most = figures.crate[algorithm, bare][0] + CRATE_AIM
            words = f"the primitive + {CRATE_AIM} ns"
            met = verdict(taken <= most)
            lines.append(f"| crate: {function} {algorithm} | {words} | {taken / most:.2f} | {met} |")
    for algorithm in CRATE:
        found = {
            what: figures.crate.get(("others", f"{algorithm}, {what}"), (None,))[0]
            for what in ("bare", "verify", "remembered")
        }
        if None in found.values():
            continue
        for what, words, most in (
            ("verify", f"the primitive + {OTHERS_AIM} ns", found["bare"] + OTHERS_AIM),
            ("remembered", f"{REMEMBERED_AIM} ns", REMEMBERED_AIM),
        ):
            part, met = found[what] / most, verdict(found[what] <= most)
            lines.append(f"| of another issuer: {what} {algorithm} | {words} | {part:.2f} | {met} |")
    return [*lines, ""]


def verdict(is_met):
    return "met" if is_met else "**not met**"


def crate(figures):
    if not figures.crate:
        return []
    lines = [
        "## The crate",
        "",
        "`cargo bench -p tegata-jwt -F jwks`, by criterion: medians in ns, within the bounds of their"
        " confidence of 95 %. *bare* is aws-lc-rs alone, its key parsed once, over the same bytes.",
        "",
        "| | function | ns |",
        "|---|---|---|",
    ]
    groups = collections.defaultdict(list)
    for (group, function), estimate in sorted(figures.crate.items()):
        groups[group].append((function, estimate))
    for group in sorted(groups, key=lambda group: (group not in CRATE, group)):
        for function, estimate in groups[group]:
            lines.append(f"| {group} | {function or ''} | {shown(estimate, 0)} |")
    return lines


def shown(spread, digits):
    median, least, most = (f"{figure:,.{digits}f}" for figure in spread)
    return f"{median} ({least} to {most})"


def machine():
    model = re.search(r"^model name\s*: (.*)$", Path("/proc/cpuinfo").read_text(), re.MULTILINE)
    model = model[1] if model else platform.processor() or platform.machine()
    load = ", ".join(f"{figure:.1f}" for figure in os.getloadavg())
    return (
        f"{model}, {os.cpu_count()} cores, {platform.system()} {platform.release().split('-')[0]};"
        f" {said('rustc', '--version')}; wrk {said('wrk', '-v').split()[1]};"
        f" commit {said('git', '-C', str(ROOT), 'describe', '--always', '--dirty')}."
        f" Load of the machine at the end: {load}."
    )


def said(*command):
    done = subprocess.run(command, capture_output=True, text=True)
    return (done.stdout or done.stderr or "unknown unknown").splitlines()[0]
