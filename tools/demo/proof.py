"""What is true after an act, asked from outside: cluster, database, customers, release log.

Used by `demo.__main__`. A check compares what was expected with what was seen; nothing here
trusts the operator but the checks of its own reports.
"""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from statistics import median

from tools.demo.acts import Act, Ending
from tools.demo.signing import SIGN_OFF, SIGNERS
from tools.lab.kubectl import Body
from tools.lab.lab import Lab

from release_coordinator.api.conditions import Phase, Reason

LIMIT = 2.0
"""Times the response time before: the same limit that the releases declare."""
RELAXED = (
    "Off: Staging, StagingTests, StagingConfig, Rehearsal, sign-off product-owner; "
    "no suite smoke, full"
)
"""What the policy of the bookshop asks for less than the built-in one, for a Minor release."""
REPLICAS = {"backend": 2, "frontend": 1}


@dataclass(frozen=True)
class Check:
    """One comparison."""

    act: str
    what: str
    expected: str
    seen: str
    right: bool


class Proof:
    """Asks after each act and keeps the answers."""

    def __init__(self, lab: Lab, namespace: str) -> None:
        self._lab = lab
        self._namespace = namespace
        self._usual = self._response()
        self.checks: list[Check] = []

    @property
    def usual(self) -> float:
        """Return the response time before the first act, in seconds."""
        return self._usual

    def examine(self, act: Act, ending: Ending) -> bool:
        """Ask everything that must be true after an act, and tell whether it is."""
        release = ending.release
        found = [
            *self._reports(act, release),
            *self._workloads(act),
            *self._database(act),
            *self._customers(act, ending.response),
            *self._log(act, release),
        ]
        self.checks += found
        return all(check.right for check in found)

    def _reports(self, act: Act, release: Body) -> Iterator[Check]:
        status = release["status"]
        yield _equal(act, "phase", act.outcome, status["phase"])
        conditions = {entry["type"]: entry for entry in status["conditions"]}
        good = act.outcome is Phase.COMPLETED
        wanted = {
            "Ready": f"{good} {act.reason}",
            "Reconciling": f"False {act.reason}",
            "Stalled": f"{not good} {act.reason}",
            "RolledBack": "False NotNeeded" if good else f"True {act.reason}",
        }
        for kind, expected in wanted.items():
            seen = f"{conditions[kind]['status']} {conditions[kind]['reason']}"
            yield _equal(act, f"condition {kind}", expected, seen)

    def _workloads(self, act: Act) -> Iterator[Check]:
        told, runs = self._lab.images(self._namespace), self._lab.running_images(self._namespace)
        for component, replicas in REPLICAS.items():
            name = f"bookshop-{component}"
            image = f"{name}:{act.runs}"
            yield _equal(act, f"image of Deployment {component}", image, told[name])
            expected = _counted({image: replicas})
            yield _equal(act, f"pods of {component}", expected, _counted(runs[name]))

    def _database(self, act: Act) -> Iterator[Check]:
        yield _equal(act, "schema in PostgreSQL", act.schema, self._lab.schema(self._namespace))
        ledger = self._lab.ledger(self._namespace)
        yield _equal(act, "migrations ever run", _counted(act.ledger), _counted(ledger))

    def _customers(self, act: Act, felt: float | None) -> Iterator[Check]:
        limit = self._usual * LIMIT
        text = f"{limit * 1000:.0f} ms ({LIMIT:g} x before)"
        if act.reason is Reason.METRIC_BREACH:
            slow = felt is not None and felt > limit
            yield Check(act.version, "response while it ran", f"above {text}", _ms(felt), slow)
        seconds = self._response()
        fast = seconds < limit
        yield Check(act.version, "response afterwards", f"below {text}", _ms(seconds), fast)

    def _log(self, act: Act, release: Body) -> Iterator[Check]:
        number = release["status"]["attempt"]["number"]
        records = [r["spec"] for r in self._lab.records(self._namespace)]
        mine = [record for record in records if record["attempt"] == number]
        seen = ", ".join(f"{record['version']} {record['outcome']}" for record in mine)
        yield _equal(act, "ReleaseRecord", f"{act.version} {act.outcome}", seen)
        for record in mine:
            yield from self._signed(act, release, record)
        told = Counter(event["reason"] for event in self._lab.events(self._namespace))
        seen = act.outcome if told[act.outcome] else f"only {', '.join(sorted(told))}"
        yield _equal(act, "Event", act.outcome, seen)

    def _signed(self, act: Act, release: Body, record: Body) -> Iterator[Check]:
        """Who signed, under which policy, and that all speak of one plan."""
        gates = {gate["name"]: gate.get("message", "") for gate in record["gates"]}
        for role, name in SIGNERS.items():
            yield _equal(
                act,
                f"recorded for {role}",
                f"signed off by {name}",
                gates.get(SIGN_OFF + role, "nothing"),
            )
        policy = record["policy"]
        yield _equal(act, "recorded policy", "default", policy.get("name", "built-in"))
        yield _equal(act, "recorded relaxations", RELAXED, "; ".join(policy.get("relaxed", [])))
        digest = release["status"]["attempt"]["digest"]
        words = [one["spec"] for one in self._lab.approvals(self._namespace)]
        signed = sorted(word["role"] for word in words if word["digest"] == digest)
        yield _equal(
            act, "Approvals of this very plan", ", ".join(sorted(SIGNERS)), ", ".join(signed)
        )
        yield _equal(act, "digest in the record", digest[:19], record["digest"][:19])

    def _response(self) -> float:
        return median(self._lab.response_seconds(self._namespace))


def _equal(act: Act, what: str, expected: str, seen: str) -> Check:
    return Check(act.version, what, str(expected), str(seen), str(expected) == str(seen))


def _ms(seconds: float | None) -> str:
    return "never" if seconds is None else f"{seconds * 1000:.0f} ms"


def _counted(numbers: Mapping[str, int]) -> str:
    return ", ".join(f"{count} x {name}" for name, count in sorted(numbers.items()))
