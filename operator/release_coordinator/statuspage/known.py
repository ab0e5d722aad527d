"""The objects of the mirror as typed values, each read once for every state it has.

Between `statuspage.mirror` and `views`: a page of five hundred releases must not parse five hundred
journals each time somebody looks, and while it does so once, others must be answered.
"""

import asyncio
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime, timedelta
from typing import Generic, TypeVar

from release_coordinator.api.codec import (
    IncidentObject,
    ReleaseObject,
    parse_incident,
    parse_policy,
    parse_release,
)
from release_coordinator.api.conditions import Phase
from release_coordinator.api.record import RecordSpec
from release_coordinator.cluster.bodies import uid_of, version_of
from release_coordinator.cluster.port import INCIDENT, POLICY, RECORD, RELEASE, Body, Kind
from release_coordinator.engine import releasereport
from release_coordinator.engine.deployments import Application, Ended, ended
from release_coordinator.engine.releasereport import ReleaseReport

from .mirror import Mirror
from .views import record
from .views.public import Facts, Published, facts_of
from .views.release import HistoryRow
from .views.summary import Summary, summary_of

T = TypeVar("T")
Log = dict[Application, list[tuple[Body, RecordSpec]]]

READ = 20
"""Records that are read for one page; the rest is for the next look."""
LASTS = timedelta(minutes=1)
"""How long metrics stay as they are if nothing happens."""
HISTORY = 50
"""Attempts of a Release that are listed; the newest."""


class Readings(Generic[T]):
    """What was made of each object, as long as the object stays as it is."""

    def __init__(self, read: Callable[[Body], T]) -> None:
        self._read = read
        self._known: dict[str, tuple[str, T]] = {}

    def of(self, body: Body) -> T:
        """What the object says."""
        uid, version = uid_of(body), version_of(body)
        found = self._known.get(uid)
        if found is None or found[0] != version:
            found = self._known[uid] = (version, self._read(body))
        return found[1]

    async def all(self, bodies: Iterable[Body]) -> list[T]:
        """What each of them says; others have their turns while it is found out."""
        made = []
        for body in bodies:
            known = self._known.get(uid_of(body))
            if known is None or known[0] != version_of(body):
                await asyncio.sleep(0)
            made.append(self.of(body))
        return made

    def keep(self, bodies: Sequence[Body]) -> None:
        """Forget what is not among these."""
        if len(self._known) > len(bodies):
            alive = {uid_of(body) for body in bodies}
            self._known = {uid: one for uid, one in self._known.items() if uid in alive}


class Known:
    """What pages are made of."""

    def __init__(self, mirror: Mirror) -> None:
        self.mirror = mirror
        self._summaries = Readings(lambda body: summary_of(parse_release(body)))
        self._facts = Readings(lambda body: facts_of(parse_release(body)))
        self._incidents = Readings(parse_incident)
        self._records = Readings(record.spec_of)
        self._ended = Readings(_ended)
        self._policies = Readings(lambda body: parse_policy(body)[0])
        self._log: tuple[int, Log] = (-1, {})
        self._report: tuple[int, datetime, ReleaseReport] | None = None
        self._notes: dict[str, Published] = {}

    async def summaries(self) -> list[Summary]:
        """Every Release in a row."""
        return await self._all(RELEASE, self._summaries)

    async def facts(self, namespaces: Sequence[str]) -> list[Facts]:
        """What everybody may know of the Releases of these namespaces."""
        self._facts.keep(self.mirror.all(RELEASE))
        bodies = (body for space in namespaces for body in self.mirror.all(RELEASE, space))
        return await self._facts.all(bodies)

    def release(self, namespace: str, name: str) -> ReleaseObject | None:
        """One Release."""
        body = self.mirror.get(RELEASE, namespace, name)
        return parse_release(body) if body else None

    async def incidents(self) -> list[IncidentObject]:
        """All incidents."""
        return await self._all(INCIDENT, self._incidents)

    def incident(self, namespace: str, name: str) -> IncidentObject | None:
        """One incident."""
        body = self.mirror.get(INCIDENT, namespace, name)
        return self._incidents.of(body) if body else None

    async def incidents_of(self, release: ReleaseObject) -> list[IncidentObject]:
        """Those of one Release, or of another one that had its name."""
        found = await self._incidents.all(self.mirror.all(INCIDENT, release.namespace))
        return [one for one in found if one.spec and one.spec.release == release.name]

    async def report(self, now: datetime) -> ReleaseReport:
        """The release metrics, reckoned anew when something has changed, or now and then."""
        revision = self.mirror.revisions[RECORD] + self.mirror.revisions[POLICY]
        if self._report and self._report[0] == revision and now - self._report[1] < LASTS:
            return self._report[2]
        attempts = [one for one in await self._all(RECORD, self._ended) if one is not None]
        policies = {
            _application(body): spec
            for body in self.mirror.all(POLICY)
            if (spec := self._policies.of(body)) is not None
        }
        made = releasereport.report(attempts, policies, now)
        self._report = (revision, now, made)
        return made

    def names(self) -> set[Application]:
        """All Releases there are."""
        return {_application(body) for body in self.mirror.all(RELEASE)}

    async def notes(self, applications: Iterable[Application]) -> dict[Application, Published]:
        """What was published of the version that each of them has brought last, as far as known.

        Records never change, so each is read once.
        """
        log = await self._records_by_release()
        wanted = {one: last for one in applications if (last := _completed(log.get(one, ())))}
        unread = [body for body in wanted.values() if uid_of(body) not in self._notes]
        for body in unread[:READ]:
            metadata = body["metadata"]
            whole = await self.mirror.whole(RECORD, metadata["namespace"], metadata["name"])
            spec = record.spec_of(whole) if whole else None
            if spec is not None:
                text = spec.notes.text if spec.notes else ""
                self._notes[uid_of(body)] = Published(spec.version, text)
        known = {one: self._notes.get(uid_of(body)) for one, body in wanted.items()}
        return {one: notes for one, notes in known.items() if notes is not None and notes.text}

    async def history(self, release: ReleaseObject, now: datetime) -> list[HistoryRow]:
        """The newest attempts that have ended, of a Release or of another that had its name."""
        log = await self._records_by_release()
        found = log.get((release.namespace, release.name), ())
        rows = (record.row_of(body, spec, now) for body, spec in found)
        return sorted(rows, key=lambda row: row.ended.at, reverse=True)[:HISTORY]

    async def _records_by_release(self) -> Log:
        revision = self.mirror.revisions[RECORD]
        if self._log[0] != revision:
            log: Log = defaultdict(list)
            bodies = self.mirror.all(RECORD)
            self._records.keep(bodies)
            specs = await self._records.all(bodies)
            for body, spec in zip(bodies, specs, strict=True):
                if spec is not None:
                    log[body["metadata"]["namespace"], spec.release].append((body, spec))
            self._log = (revision, log)
        return self._log[1]

    async def _all(self, kind: Kind, readings: Readings[T]) -> list[T]:
        bodies = self.mirror.all(kind)
        readings.keep(bodies)
        return await readings.all(bodies)


def _application(body: Body) -> Application:
    return body["metadata"]["namespace"], body["metadata"]["name"]


def _completed(records: Iterable[tuple[Body, RecordSpec]]) -> Body | None:
    """The record of the attempt that has completed last."""
    done = [(spec.ended_at, body) for body, spec in records if spec.outcome is Phase.COMPLETED]
    return max(done, key=lambda one: one[0])[1] if done else None


def _ended(body: Body) -> Ended | None:
    spec = record.spec_of(body)
    return ended(body["metadata"]["namespace"], spec) if spec else None
