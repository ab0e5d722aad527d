"""The objects of the mirror as typed values, each read once for every state it has.

Between `statuspage.mirror` and `views`: a page of five hundred releases must not parse five hundred
journals each time somebody looks.
"""

from collections.abc import Callable, Sequence
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
from release_coordinator.cluster.bodies import has_labels, uid_of, version_of
from release_coordinator.cluster.port import INCIDENT, POLICY, RECORD, RELEASE, Body, Kind
from release_coordinator.engine import releasereport
from release_coordinator.engine.deployments import Application, Ended, ended
from release_coordinator.engine.names import LABEL_RELEASE
from release_coordinator.engine.releasereport import ReleaseReport

from .mirror import Mirror
from .views import record
from .views.public import Published
from .views.release import HistoryRow
from .views.summary import Summary, summary_of

T = TypeVar("T")

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

    def keep(self, bodies: list[Body]) -> None:
        """Forget what is not among these."""
        if len(self._known) > len(bodies):
            alive = {uid_of(body) for body in bodies}
            self._known = {uid: one for uid, one in self._known.items() if uid in alive}


class Known:
    """What pages are made of."""

    def __init__(self, mirror: Mirror) -> None:
        self.mirror = mirror
        self._summaries = Readings(lambda body: summary_of(parse_release(body)))
        self._incidents = Readings(parse_incident)
        self._records = Readings(record.spec_of)
        self._ended = Readings(_ended)
        self._policies = Readings(lambda body: parse_policy(body)[0])
        self._report: tuple[int, datetime, ReleaseReport] | None = None
        self._notes: dict[str, Published] = {}

    def summaries(self) -> list[Summary]:
        """Every Release in a row."""
        return self._all(RELEASE, self._summaries)

    def releases(self, namespace: str) -> list[ReleaseObject]:
        """Those of one namespace, whole."""
        return [parse_release(body) for body in self.mirror.all(RELEASE, namespace)]

    def release(self, namespace: str, name: str) -> ReleaseObject | None:
        """One Release."""
        body = self.mirror.get(RELEASE, namespace, name)
        return parse_release(body) if body else None

    def incidents(self) -> list[IncidentObject]:
        """All incidents."""
        return self._all(INCIDENT, self._incidents)

    def incident(self, namespace: str, name: str) -> IncidentObject | None:
        """One incident."""
        body = self.mirror.get(INCIDENT, namespace, name)
        return self._incidents.of(body) if body else None

    def incidents_of(self, release: ReleaseObject) -> list[IncidentObject]:
        """Those of one Release, or of another one that had its name."""
        bodies = self.mirror.all(INCIDENT, release.namespace)
        found = (self._incidents.of(body) for body in bodies)
        return [one for one in found if one.spec and one.spec.release == release.name]

    def report(self, now: datetime) -> ReleaseReport:
        """The release metrics, reckoned anew when something has changed, or now and then."""
        last = self._report
        if last and last[0] == self.mirror.revision and now - last[1] < LASTS:
            return last[2]
        attempts = [one for one in self._all(RECORD, self._ended) if one is not None]
        policies = {
            (body["metadata"]["namespace"], body["metadata"]["name"]): spec
            for body in self.mirror.all(POLICY)
            if (spec := self._policies.of(body)) is not None
        }
        made = releasereport.report(attempts, policies, now)
        self._report = (self.mirror.revision, now, made)
        return made

    def names(self) -> set[Application]:
        """All Releases there are."""
        return {
            (body["metadata"]["namespace"], body["metadata"]["name"])
            for body in self.mirror.all(RELEASE)
        }

    async def notes(self, releases: Sequence[ReleaseObject]) -> dict[str, Published]:
        """What was published of the version that each of them has brought last, as far as known.

        Records never change, so each is read once.
        """
        wanted = {
            f"{one.namespace}/{one.name}": last
            for one in releases
            if (last := self._completed(one)) is not None
        }
        unread = [body for body in wanted.values() if uid_of(body) not in self._notes]
        for body in unread[:READ]:
            metadata = body["metadata"]
            whole = await self.mirror.whole(RECORD, metadata["namespace"], metadata["name"])
            spec = record.spec_of(whole) if whole else None
            if spec is not None:
                text = spec.notes.text if spec.notes else ""
                self._notes[uid_of(body)] = Published(spec.version, text)
        known = {key: self._notes.get(uid_of(body)) for key, body in wanted.items()}
        return {key: one for key, one in known.items() if one is not None and one.text}

    def _completed(self, release: ReleaseObject) -> Body | None:
        """The record of the attempt that has completed last."""
        bodies = self._records_of(release)
        found = [(spec.ended_at, body) for body, spec in bodies if spec.outcome is Phase.COMPLETED]
        return max(found, key=lambda one: one[0], default=(None, None))[1]

    def history(self, release: ReleaseObject, now: datetime) -> list[HistoryRow]:
        """The newest attempts of a Release that have ended."""
        rows = [record.row_of(body, spec, now) for body, spec in self._records_of(release)]
        return sorted(rows, key=lambda row: row.ended.at, reverse=True)[:HISTORY]

    def _records_of(self, release: ReleaseObject) -> list[tuple[Body, RecordSpec]]:
        """Its records, and those of another one that had its name."""
        bodies = [
            body
            for body in self.mirror.all(RECORD, release.namespace)
            if has_labels(body, {LABEL_RELEASE: release.name})
        ]
        found = ((body, self._records.of(body)) for body in bodies)
        return [(body, spec) for body, spec in found if spec is not None]

    def _all(self, kind: Kind, readings: Readings[T]) -> list[T]:
        bodies = self.mirror.all(kind)
        readings.keep(bodies)
        return [readings.of(body) for body in bodies]


def _ended(body: Body) -> Ended | None:
    spec = record.spec_of(body)
    return ended(body["metadata"]["namespace"], spec) if spec else None
