"""What the release log says about how well releases go; asked by `telemetry` at every scrape.

    store (slim records, policies, Releases) -> engine.releasereport -> telemetry.releasemetrics

It writes nothing and reads no API server. A record never changes, so each is read once.
"""

from collections.abc import Callable
from datetime import datetime

from pydantic import ValidationError

from release_coordinator.api.codec import parse_policy
from release_coordinator.api.policy import ReleasePolicySpec
from release_coordinator.api.record import RecordSpec
from release_coordinator.cluster.bodies import uid_of
from release_coordinator.cluster.port import POLICY, RECORD, RELEASE, Body
from release_coordinator.cluster.store import Store
from release_coordinator.engine.deployments import Application, Ended, ended
from release_coordinator.engine.releasereport import report
from release_coordinator.telemetry.releasemetrics import Report, ShutGate

LASTS = 15.0
"""Seconds for which a report is given again: several may read the metrics."""


class ReleaseFigures:
    """Computes the report, not more often than needed."""

    def __init__(self, store: Store, now: Callable[[], datetime]) -> None:
        self._store = store
        self._now = now
        self._read: dict[str, Ended | None] = {}
        """By the UID of the record; None for one that cannot be read."""
        self._last: tuple[datetime, Report] | None = None

    def report(self) -> Report:
        """What is known now, or was a few seconds ago."""
        now = self._now()
        if self._last is None or not 0 <= (now - self._last[0]).total_seconds() < LASTS:
            self._last = (now, self._computed(now))
        return self._last[1]

    def _computed(self, now: datetime) -> Report:
        found = report(self._attempts(), self._policies(), now)
        releases = self._store.select(RELEASE)
        present = {_application(body) for body in releases}
        return Report(
            found.overall,
            {one: measured for one, measured in found.applications.items() if one in present},
            tuple(gate for body in releases for gate in _shut(body)),
        )

    def _attempts(self) -> list[Ended]:
        bodies = self._store.select(RECORD)
        self._read = {
            uid_of(body): self._read[uid_of(body)] if uid_of(body) in self._read else _ended(body)
            for body in bodies
        }
        return [one for one in self._read.values() if one is not None]

    def _policies(self) -> dict[tuple[str, str], ReleasePolicySpec]:
        """Those that can be read, by namespace and name."""
        found = {}
        for body in self._store.select(POLICY):
            spec, _ = parse_policy(body)
            if spec is not None:
                found[body["metadata"]["namespace"], body["metadata"]["name"]] = spec
        return found


def _ended(body: Body) -> Ended | None:
    spec = body["spec"]
    # There are 20 gates in each of 1,000 records, and only those count at which it has waited.
    waited = [gate for gate in spec.get("gates", ()) if gate.get("waitedSeconds")]
    try:
        record = RecordSpec.model_validate({**spec, "gates": waited, "orders": []})
    except ValidationError:
        return None  # written by another version of the operator
    return ended(body["metadata"]["namespace"], record)


def _shut(body: Body) -> list[ShutGate]:
    """The gates that hold a Release up; read as it stands there, as there are many Releases."""
    attempt = body.get("status", {}).get("attempt") or {}
    if attempt.get("end"):
        return []
    return [
        ShutGate(
            _application(body),
            gate["name"],
            datetime.fromisoformat(gate["shutSince"]).timestamp(),
        )
        for gate in attempt.get("gates", ())
        if gate.get("shutSince")
    ]


def _application(body: Body) -> Application:
    return body["metadata"]["namespace"], body["metadata"]["name"]
