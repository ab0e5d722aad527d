"""The models: small worlds, each small enough to be searched to its end.

Together they cover what one model with everything in it would need years for. Every limit of time
is one minute, so that three ages tell all moments apart (`journals`).
"""

from dataclasses import dataclass
from typing import Any

from tests.policies import basic
from tests.search.parts import Budget, Workload

from release_coordinator.api.policy import ReleasePolicySpec
from release_coordinator.api.release import ReleaseSpec

Body = dict[str, Any]
MINUTE = "1m"


def spec(version: str, *, migrations: str = "", components: str = "a", **parts: bool) -> Body:
    """A spec: one migration per letter (Reversible, ExpandOnly, Irreversible), one component each.

    `parts` may ask for a `watch`, a `backup`, a `cache` and a smoke `test`, before and after.
    """
    body: Body = {
        "version": version,
        "components": [_component(name, version) for name in components],
        "migrations": [_migration(f"m{n}", kind) for n, kind in enumerate(migrations)],
    }
    if parts.get("backup"):
        body["backup"] = {"job": _job("backup")}
    if parts.get("cache"):
        body["caches"] = [{"name": "redis", "job": _job("flush")}]
    if parts.get("test"):
        test = [{"name": "smoke", "job": _job("smoke")}]
        body |= {"verify": {"smokeTests": test}, "rollback": {"smokeTests": test}}
    if parts.get("watch"):
        limit: Body = {"breach": {"above": 5}, "failureThreshold": 1}
        metric = {"name": "errors", "query": "errors", **limit}
        limits = {"duration": MINUTE, "interval": MINUTE, "unknownLimit": MINUTE}
        body["watch"] = {**limits, "metrics": [metric]}
    return body


def _component(name: str, version: str) -> Body:
    return {
        "name": name,
        "workloadRef": {"kind": "Deployment", "name": name},
        "images": {"main": f"{name}:{version}"},
        "progressDeadline": MINUTE,
    }


def _migration(name: str, kind: str) -> Body:
    kinds = {"R": "Reversible", "E": "ExpandOnly", "I": "Irreversible"}
    body = {"name": name, "reversibility": kinds[kind], "up": _job(f"{name}-up")}
    return body | ({"down": _job(f"{name}-down")} if kind == "R" else {})


def _job(image: str) -> Body:
    return {"image": image, "timeout": MINUTE}


@dataclass(frozen=True)
class Model:
    """One world to search."""

    name: str
    about: str
    specs: tuple[tuple[Body, ...], ...]
    """Per application the specs that people may write; the first one is there at the start."""
    budget: Budget
    operators: int = 1
    signed: bool = False
    """Whether the QA engineer must sign off."""

    @property
    def policy(self) -> ReleasePolicySpec:
        """What all releases require."""
        signs = [{"role": "qa"}] if self.signed else []
        off = {"enforcement": "Off", "gates": [], "suites": [], "signOffs": signs}
        return ReleasePolicySpec.model_validate(basic()["spec"] | off)

    @property
    def parsed(self) -> list[list[ReleaseSpec]]:
        """The specs as the operator reads them."""
        return [[ReleaseSpec.model_validate(body) for body in bodies] for bodies in self.specs]

    @property
    def workloads(self) -> tuple[Workload, ...]:
        """All workloads, at their first version."""
        names = {c["name"] for bodies in self.specs for body in bodies for c in body["components"]}
        return tuple(Workload(name, "main", f"{name}:1.0.0") for name in sorted(names))


ONE = (spec("1.1.0", migrations="R"),)
PLAIN = (spec("1.1.0"),)
THREE = (spec("1.1.0", migrations="REI"),)
REHEARSED = ({**ONE[0], "rehearsal": True},)
FULL = (spec("1.1.0", test=True, backup=True, cache=True),)
TWO = (spec("1.1.0", migrations="RR"),)
UP = (spec("1.1.0", migrations="E"),)
WATCHED = (spec("1.1.0", watch=True),)
PAIR = (spec("1.1.0", migrations="R"), spec("1.2.0"))
HELD = {"refused": 1, "order": 1}
SIGNED = Budget(shut=1, crash=1, lost=1, deaf=1)

QUICK = (
    Model("crash", "an operator that is killed and loses replies", (ONE,), Budget(crash=1, lost=1)),
    Model("stale", "watches that tell up to two news late", (ONE,), Budget(deaf=1)),
    Model("refused", "effects that the API server refuses", (ONE,), Budget(refused=1)),
    Model("migrations", "migrations of each kind that fail", (THREE,), Budget(bad=1)),
    Model("two migrations", "that are reverted in order", (TWO,), Budget()),
    Model("jobs", "backup, cache and tests that fail", (FULL,), Budget(bad=1)),
    Model("vanish", "Jobs and revisions that somebody deletes", (ONE,), Budget(vanish=1)),
    Model("stopped", "Jobs that somebody suspends while they run", (THREE,), Budget(stop=1)),
    Model("metric", "metrics that go bad or unknown", (WATCHED,), Budget(metric=1)),
    Model("signed", "approvals that are taken back", (PLAIN,), Budget(shut=1), signed=True),
    Model("edited", "a spec that is edited in the middle", (PAIR,), Budget(edit=1)),
    Model("suspended", "a Release that people suspend", (PLAIN,), Budget(suspend=1)),
    Model("ordered", "holds, and rollback, abort and retry on request", (PLAIN,), Budget(**HELD)),
    Model("meddled", "workloads that others change", (PLAIN,), Budget(meddle=1)),
    Model("unlocked", "a lock that somebody deletes", (PLAIN,), Budget(unlock=1)),
    Model("deleted", "a Release that is deleted in the middle", (ONE,), Budget(delete=1)),
    Model("rehearsed", "a way back that is rehearsed", (REHEARSED,), Budget(bad=1)),
)
"""Seconds each; CI searches them on every change."""

DEEP = (
    Model("two operators", "at once, without an election", (ONE,), Budget(), operators=2),
    Model("two operators, killed", "one of them, once", (UP,), Budget(crash=1), operators=2),
    Model("two operators, late", "one of them, once", (UP,), Budget(deaf=1), operators=2),
    Model("two operators, stopped", "one Job, once", (UP,), Budget(stop=1), operators=2),
    Model("two operators, unlocked", "one lock, once", (PLAIN,), Budget(unlock=1), operators=2),
    Model("two Releases", "of applications that share a workload", (PLAIN, PLAIN), Budget()),
    Model("two orders", "a retry after a rollback that failed", (ONE,), Budget(order=2)),
    Model("deleted, ordered", "at any moment", (ONE,), Budget(delete=1, order=1)),
    Model("vanish, ordered", "a person answers each hold", (ONE,), Budget(vanish=1, order=1)),
    Model("migrations, ordered", "a person answers each hold", (THREE,), Budget(bad=1, order=1)),
    Model("metric, ordered", "a person answers each hold", (WATCHED,), Budget(metric=1, order=1)),
    Model("edited twice", "and back", (PAIR,), Budget(edit=2)),
    Model("signed, crashed", "while watches lag", (PLAIN,), SIGNED, signed=True),
)
"""Minutes each: `make search`."""

MODELS = (*QUICK, *DEEP)
