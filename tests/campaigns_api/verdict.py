"""What a run on the real API server breaches: the monitor and the oracles of `tests.campaigns`.

What was stored is played again in the order of the API server, so that the monitor sees each
moment as it was. For the comparison with the run without faults, names and digests that depend on
UIDs get the same words in all runs.

Allowed to differ, and nothing else: moments, UIDs, counts of samples (`oracles.CHANCE`), how often
the status and the marks of the Release were written, what controllers and the kubelet write, and
the fields that `stories.RACES` names.
"""

import json
import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

from tests.campaigns.monitor import Monitor
from tests.campaigns.oracles import Outcome, differences, outcome, unexpected
from tests.campaigns.workloads import Workload
from tests.campaigns_api.chronicle import Moment
from tests.campaigns_api.world import CANARY
from tests.fakes.kubelet import Kubelet

from release_coordinator.cluster.port import Body

OURS = frozenset({"ControllerRevision", "ReleaseRecord"})
"""Kinds that nobody else changes, so each of their changes counts."""
UNCOUNTED = frozenset({"Pod", "Release", "Approval"})
_HASHED = re.compile(r"-[0-9a-f]{10}(?![0-9a-z])")
_DIGEST = re.compile(r"sha256:[0-9a-f]{64}")
_UID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_TIME = re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(?:\.\d+)?(?:Z| UTC)?")
_POD = re.compile(r"(?<=-#-)[a-z0-9]{5}(?![a-z0-9])")


@dataclass(frozen=True)
class Counts:
    """How often one object was created, deleted and changed."""

    created: int = 0
    deleted: int = 0
    changed: int = 0
    """Generations of its spec, or changes at all of kinds that are ours alone."""


@dataclass(frozen=True)
class Verdict:
    """The end of a run and what was wrong on the way."""

    outcome: Outcome
    counts: dict[str, Counts]
    breaches: tuple[str, ...]


class Replayed:
    """Plays a story again for the monitor, and is the API server and the clock meanwhile."""

    def __init__(self, kubelet: Kubelet) -> None:
        self.controllers = kubelet
        self.cluster = self
        self.time = self
        self._state: dict[str, Body] = {}
        self._subscribers: list[Callable[[str, Body], None]] = []
        self._now = datetime.now(UTC)

    def subscribe(self, subscriber: Callable[[str, Body], None], /) -> None:
        """Tell of every change."""
        self._subscribers.append(subscriber)

    def everything(self) -> list[Body]:
        """All that is stored at this moment of the story."""
        return list(self._state.values())

    def now(self) -> datetime:
        """The time of day; the order says more."""
        return self._now

    def play(self, moments: list[Moment]) -> None:
        """Let everything happen again."""
        for moment in moments:
            uid = moment.body["metadata"]["uid"]
            self._state[uid] = moment.body
            if moment.event == "DELETED":
                del self._state[uid]
            for subscriber in self._subscribers:
                subscriber(moment.event, moment.body)


class Settled:
    """The end of a story, in words that are the same in all runs."""

    def __init__(self, replayed: Replayed, words: "Words") -> None:
        self.controllers = replayed.controllers
        self.cluster = self
        kept = [body for body in replayed.everything() if body["kind"] != "Pod"]
        self._bodies: list[Body] = words.same(kept)

    def subscribe(self, subscriber: Callable[[str, Body], None], /) -> None:
        """Nothing happens any more."""

    def everything(self) -> list[Body]:
        """All that is stored."""
        return self._bodies


class Words:
    """Replaces what depends on UIDs, the namespace and the time; the same by the same word."""

    def __init__(self, *names: tuple[str, str]) -> None:
        self._names = names
        self._digests: dict[str, str] = {}

    def same(self, value: Any) -> Any:
        """The value in words of all runs."""
        text = json.dumps(value, sort_keys=True)
        for name, word in self._names:
            text = text.replace(name, word)
        text = _DIGEST.sub(self._digest, text)
        text = _UID.sub("uid", _TIME.sub("then", text))
        return json.loads(_POD.sub("#", _HASHED.sub("-#", text)))

    def _digest(self, found: re.Match[str]) -> str:
        return self._digests.setdefault(found[0], f"digest-{len(self._digests)}")


def judge(
    workload: Workload, moments: list[Moment], kubelet: Kubelet, words: Words, log: str
) -> Verdict:
    """Play a story again and say what was wrong."""
    replayed = Replayed(kubelet)
    monitor = Monitor(replayed)
    replayed.play(moments)
    end = Settled(replayed, words)
    found = outcome(end, monitor)
    breaches = [*monitor.breaches, *unexpected(workload, end, found), *_told(moments, log)]
    return Verdict(found, counts(moments, words), tuple(breaches))


def counts(moments: list[Moment], words: Words) -> dict[str, Counts]:
    """How often each object was created, deleted and changed."""
    found: dict[str, Counts] = {}
    for moment in moments:
        body, kind = moment.body, moment.body["kind"]
        if kind in UNCOUNTED:
            continue
        name = words.same(f"{kind}/{body['metadata']['name']}")
        before = found.get(name, Counts())
        found[name] = Counts(
            before.created + (moment.event == "ADDED"),
            before.deleted + (moment.event == "DELETED"),
            before.changed + 1 if kind in OURS else int(body["metadata"].get("generation", 0)),
        )
    return found


def end_differences(found: Outcome, wanted: Outcome, races: frozenset[str]) -> list[str]:
    """I12: what differs from the end without faults, but for what depends on who is faster."""
    return differences(_without(found, races), _without(wanted, races))


def _without(outcome: Outcome, races: frozenset[str]) -> Outcome:
    def clean(value: Any) -> Any:
        if isinstance(value, dict):
            return {key: clean(item) for key, item in value.items() if key not in races}
        return [clean(item) for item in value] if isinstance(value, list) else value

    return replace(outcome, release=clean(outcome.release), records=clean(outcome.records))


def count_differences(found: dict[str, Counts], wanted: dict[str, Counts]) -> list[str]:
    """I12: objects that were created, deleted or changed more or less often than without faults."""
    return [
        f"I12: {name}: {found.get(name)}, without faults {wanted.get(name)}"
        for name in sorted(found.keys() | wanted.keys())
        if found.get(name) != wanted.get(name)
    ]


def _told(moments: list[Moment], log: str) -> list[str]:
    """I13: what no one may tell; and errors that the operator did not foresee."""
    ours = [m.body for m in moments if m.body["kind"] in {"Release", "ReleaseRecord"}]
    breaches = [
        f"I13: {where} tells a secret"
        for where, text in (("the log", log), ("an object", json.dumps(ours)))
        if CANARY in text
    ]
    if "Traceback" in log:
        last = log.rpartition("Traceback")[2].strip().splitlines()
        breaches.append(f"an error that was not foreseen is in the log: {last[-1][:200]}")
    return breaches
