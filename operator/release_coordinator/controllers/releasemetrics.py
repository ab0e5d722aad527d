"""What the release log says about how well releases go; exported by `telemetry`.

    store (slim records, policies, Releases) -> engine.releasereport -> telemetry.releasemetrics

Reckoned in the background and not when metrics are read: there may be 50,000 records, and no
release waits for them. It writes nothing and reads no API server. A record never changes, so each
is read once.
"""

import asyncio
import logging
from collections.abc import Callable
from datetime import datetime

from pydantic import ValidationError

from release_coordinator.api.codec import parse_policy
from release_coordinator.api.policy import ReleasePolicySpec
from release_coordinator.api.record import RecordSpec
from release_coordinator.clock import Clock
from release_coordinator.cluster.bodies import uid_of
from release_coordinator.cluster.port import POLICY, RECORD, RELEASE, Body
from release_coordinator.cluster.store import Store
from release_coordinator.engine.deployments import Application, Ended, ended
from release_coordinator.engine.releasereport import ReleaseReport, report
from release_coordinator.telemetry.releasemetrics import Report, ShutGate

logger = logging.getLogger(__name__)

PAUSE = 15.0
"""Seconds between two looks, whatever happens."""
LASTS = 60.0
"""Seconds after which windows have moved on, though nothing has happened."""
SLICE = 200
"""Records that are read at a time, before others have their turn."""


class ReleaseFigures:
    """Keeps the report up to date."""

    def __init__(self, store: Store, now: Callable[[], datetime]) -> None:
        self._store = store
        self._now = now
        self._read: dict[str, Ended | None] = {}
        """By the UID of the record; None for one that cannot be read."""
        self._measured: tuple[tuple[int, int], datetime, ReleaseReport] | None = None
        """What the store had changed by then, when that was, and what came of it."""
        self._report: Report | None = None

    def report(self) -> Report | None:
        """What was known a little while ago; None before the first look."""
        return self._report

    async def run(self, clock: Clock) -> None:
        """Work until cancelled. What goes wrong is logged: nothing else depends on it."""
        while True:
            try:
                await self.refresh()
            except Exception:
                logger.exception("The release metrics stay as they were")
            await clock.sleep(PAUSE)

    async def refresh(self) -> None:
        """Look once: at the records only if there is something new, at Releases always."""
        changes = self._store.changes(RECORD), self._store.changes(POLICY)
        now = self._now()
        last = self._measured
        if last is None or last[0] != changes or not 0 <= (now - last[1]).total_seconds() < LASTS:
            attempts, policies = await self._attempts(), await self._policies()
            # A thread, as it takes a second or two; what it is given never changes.
            found = await asyncio.to_thread(report, attempts, policies, now)
            last = self._measured = (changes, now, found)
        releases = self._store.select(RELEASE)
        present = {_application(body) for body in releases}
        self._report = Report(
            last[2].overall,
            {one: measured for one, measured in last[2].applications.items() if one in present},
            tuple(gate for body in releases for gate in _shut(body)),
        )

    async def _attempts(self) -> list[Ended]:
        read: dict[str, Ended | None] = {}
        for index, body in enumerate(self._store.select(RECORD)):
            if index % SLICE == 0:
                await asyncio.sleep(0)
            uid = uid_of(body)
            read[uid] = self._read[uid] if uid in self._read else _ended(body)
        self._read = read
        return [one for one in read.values() if one is not None]

    async def _policies(self) -> dict[tuple[str, str], ReleasePolicySpec]:
        """Those that can be read, by namespace and name."""
        found = {}
        for body in self._store.select(POLICY):
            await asyncio.sleep(0)
            spec, _ = parse_policy(body)
            if spec is not None:
                found[body["metadata"]["namespace"], body["metadata"]["name"]] = spec
        return found


def _ended(body: Body) -> Ended | None:
    try:
        record = RecordSpec.model_validate(body["spec"])
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
