"""What is measured on real containers: how fast a breach is answered, and what silence does.

    python -m tools.bench --breaches 12    breach -> rollback decided -> previous version serves
    python -m tools.bench --outages        Prometheus away, empty, not a number, coming and going

Each figure comes from outside the operator: moments are those at which a watch of the API server
has told, and the breach begins when Prometheus itself first answers with more than the limit.
Called by `tools.bench.__main__`; the rows go to `report`.
"""

import re
import threading
import time
import urllib.parse
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from manifests.bookshop import build
from tools.bench.measures import Row, in_seconds
from tools.cluster import clusters
from tools.cluster.progress import Progress
from tools.lab.kubectl import Body
from tools.lab.lab import Lab

SIDE_BY_SIDE = 3
"""Bookshops at a time: each has a database, a cache, a Prometheus and customers."""
BAD, GOOD = "1.4.5", "1.3.0"
LIMIT = 0.05
INTERVAL = 2.0
"""Seconds between two looks of the operator; Prometheus scrapes every second."""
PATIENCE = 900.0
TERMINAL = {"Completed", "RolledBack", "RollbackFailed", "Failed", "Held"}
_BEGUN = re.compile(r"undo/rollout/\w+ Running")
_OFF = ("Staging", "StagingTests", "StagingConfig", "Rehearsal", "Version", "Alerts")


@dataclass
class Seen:
    """Moments of one attempt in Unix seconds, by the watch."""

    moments: dict[str, float] = field(default_factory=dict)
    phases: list[str] = field(default_factory=list)
    last: Body = field(default_factory=dict)

    def hear(self, body: Body) -> None:
        """Note what is new."""
        self.last = body
        status = body.get("status", {})
        attempt = status.get("attempt", {})
        now = time.time()
        if (phase := status.get("phase", "")) and self.phases[-1:] != [phase]:
            self.phases.append(phase)
        if "trigger" in attempt:
            self.moments.setdefault("decided", now)
        for step in attempt.get("steps", []):
            self.moments.setdefault(f"{step['id']} {step['state']}", now)


@contextmanager
def laboratory(name: str, progress: Progress) -> Iterator[Lab]:
    """A cluster with the operator; it goes if it was not there before."""
    there = any(one.name == name and one.healthy for one in clusters.status())
    cluster = clusters.up(name, "kind", progress)
    try:
        cluster.load(build.build_images(build.VERSIONS, progress), progress)
        lab = Lab(cluster)
        lab.install_operator(progress=progress)
        yield lab
    finally:
        if not there:
            clusters.down(name, progress)


def breaches(lab: Lab, count: int) -> list[Row]:
    """Release a bad version again and again; how long each part of the answer takes."""
    shops = [f"breach-{number}" for number in range(min(SIDE_BY_SIDE, count))]
    rounds = [count // len(shops) + (at < count % len(shops)) for at in range(len(shops))]
    with ThreadPoolExecutor(len(shops)) as pool:
        found = list(pool.map(lambda one: _breaches(lab, *one), zip(shops, rounds, strict=True)))
    parts = [part for shop in found for part in shop]
    return [
        _row(f"{what}, n = {len(parts)}", [part[key] for part in parts])
        for key, what in (
            ("decided", "breach in Prometheus -> rollback decided"),
            ("written", "breach in Prometheus -> first Deployment on its way back"),
            (
                "serving",
                "breach in Prometheus -> the bad component serves the previous version",
            ),
        )
    ] + [
        Row(
            "least possible: two failures in a row, looked at every 2 s, scraped every 1 s",
            f"{INTERVAL:g} to {2 * INTERVAL:g} s",
        )
    ]


def _breaches(lab: Lab, shop: str, count: int) -> list[dict[str, float]]:
    with _bookshop(lab, shop):
        _begin(lab, shop, GOOD, {"watch": {"duration": "5s"}})
        if (seen := _followed(lab, shop)).phases[-1] != "Completed":
            raise RuntimeError(f"{shop}: {GOOD} is good: {seen.last['status']['message']}")
        return [_breach(lab, shop) for _ in range(count)]


def _breach(lab: Lab, shop: str) -> dict[str, float]:
    lab.wait_measured(shop)
    _begin(lab, shop, BAD, {"watch": {"interval": f"{INTERVAL:g}s"}})
    seen = _followed(lab, shop)
    if seen.phases[-1] != "RolledBack":
        raise RuntimeError(f"{shop} was not rolled back: {seen.last['status']['message']}")
    begun = _first_breach(lab, shop, seen.moments["decided"] - 60, seen.moments["decided"] + 5)
    moments = {
        "decided": seen.moments["decided"],
        "written": min(at for what, at in seen.moments.items() if _BEGUN.fullmatch(what)),
        "serving": seen.moments["undo/rollout/backend Succeeded"],
    }
    return {name: at - begun for name, at in moments.items()}


def _first_breach(lab: Lab, shop: str, start: float, end: float) -> float:
    """When Prometheus first answered with more than the limit, as the operator asks it."""
    counted = f'http_requests_total{{component="backend", version="{BAD}"'
    asked = (
        f'(sum(rate({counted}, code=~"5.."}}[15s])) / sum(rate({counted}}}[15s]))) > {LIMIT} '
        f"and sum(increase({counted}}}[15s])) >= 5"
    )
    words = {"query": asked, "start": f"{start:.0f}", "end": f"{end:.0f}", "step": "0.25"}
    service = f"/api/v1/namespaces/{shop}/services/bookshop-prometheus:9090/proxy"
    answer = lab.kubectl.raw(f"{service}/api/v1/query_range?{urllib.parse.urlencode(words)}")
    return float(answer["data"]["result"][0]["values"][0][0])


def outages(lab: Lab) -> list[Row]:
    """One bookshop for each kind of silence, in the watch of a good version."""
    with ThreadPoolExecutor(SIDE_BY_SIDE) as pool:
        return list(pool.map(lambda one: _outage(lab, *one), _SILENCES.items()))


def _outage(lab: Lab, name: str, silence: "Silence") -> Row:
    shop = f"silent-{name}"
    with _bookshop(lab, shop):
        lab.wait_measured(shop)
        watch = {"duration": "30s", "interval": "4s", "unknownLimit": "2m"} | silence.watch
        judged = {"name": "error-ratio", "failureThreshold": 6}
        if silence.query:
            judged["query"] = silence.query
        # A busy machine makes the answers slow, and that is no silence.
        told = {"name": "p95-latency", "severity": "Report"}
        _begin(lab, shop, GOOD, {"watch": watch | {"metrics": [judged, told]}})
        seen = _followed(lab, shop, silence.act(lab, shop) if silence.act else None)
    status = seen.last["status"]
    begun, ended = (seen.moments.get(f"watch {state}") for state in ("Running", "Succeeded"))
    length = f", watch of {ended - begun:.0f} s" if begun and ended else ""
    return Row(silence.what, f"{status['phase']}{length}", status["message"][:160])


@dataclass(frozen=True)
class Silence:
    """A kind of silence of a metric source."""

    what: str
    act: "Callable[[Lab, str], Callable[[Body], None]] | None" = None
    query: str = ""
    watch: dict[str, Any] = field(default_factory=dict)


def _away(*turns: float) -> Callable[[Lab, str], Callable[[Body], None]]:
    """Prometheus goes when the watch begins; seconds away, there, away and so on."""

    def act(lab: Lab, shop: str) -> Callable[[Body], None]:
        begun: list[float] = []
        pool = ThreadPoolExecutor(1)

        def go_and_come() -> None:
            for at, seconds in enumerate(turns):
                replicas = at % 2
                target = ("scale", "deployment/bookshop-prometheus", f"--namespace={shop}")
                lab.kubectl.run(*target, f"--replicas={replicas}")
                time.sleep(seconds)
            lab.kubectl.run(*target, "--replicas=1")

        def hear(body: Body) -> None:
            if body.get("status", {}).get("phase") == "Watching" and not begun:
                begun.append(time.time())
                pool.submit(go_and_come)

        return hear

    return act


_SILENCES = {
    "30": Silence("Prometheus stopped for 30 s, unknownLimit 2m", _away(30)),
    "60": Silence("Prometheus stopped for 60 s, unknownLimit 2m", _away(60)),
    "300": Silence(
        "Prometheus stopped for 300 s, unknownLimit 10m",
        _away(300),
        watch={"unknownLimit": "10m"},
    ),
    "300-hold": Silence("Prometheus stopped for 300 s, unknownLimit 2m", _away(300)),
    "empty": Silence("no series at all, unknownLimit 2m", query="vector(1) > 2"),
    "nan": Silence("NaN, unknownLimit 2m", query="vector(0) / vector(0)"),
    "flapping": Silence(
        "Prometheus 20 s away, 20 s there, five times", _away(20, 20, 20, 20, 20, 20, 20, 20, 20)
    ),
}


_INSTALLING = threading.Lock()
"""The installation redirects what is printed, for all threads."""


@contextmanager
def _bookshop(lab: Lab, shop: str) -> Iterator[None]:
    with _INSTALLING:
        lab.install_bookshop(shop)
    try:
        gates = [{"name": name, "enforcement": "Off"} for name in _OFF]
        lab.change_policy(shop, signOffs=[], gates=gates)
        yield
    finally:
        with _INSTALLING:
            lab.remove_bookshop(shop)


def _begin(lab: Lab, shop: str, version: str, patch: Body) -> None:
    """Apply a version, or try it again."""
    tried = False
    if lab.kubectl.succeeds("get", "rel", "bookshop", f"--namespace={shop}"):
        tried = lab.release(shop)["spec"]["version"] == version
    lab.apply_release(shop, version, patch)
    if tried:
        lab.annotate(shop, retry=str(lab.release(shop)["status"]["attempt"]["number"]))


def _followed(lab: Lab, shop: str, hear: Callable[[Body], None] | None = None) -> Seen:
    """Follow an attempt from its beginning to its end."""
    seen = Seen()
    number = 0
    for change in lab.changes(shop, PATIENCE):
        attempt = change.body.get("status", {}).get("attempt")
        if not attempt or (not number and attempt.get("recorded")):
            continue  # the one before
        number = attempt["number"]
        seen.hear(change.body)
        if hear:
            hear(change.body)
        held = change.body["status"]["phase"] == "Held"
        if held or (attempt.get("recorded") and seen.phases[-1] in TERMINAL):
            return seen
    raise TimeoutError(f"{shop} did not end: {seen.phases}")


def _row(what: str, seconds: list[float]) -> Row:
    return Row(what, in_seconds(seconds), f"{min(seconds):.1f} to {max(seconds):.1f} s")
