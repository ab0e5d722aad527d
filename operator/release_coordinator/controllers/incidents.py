"""Opens the Incident of an attempt that went wrong, and keeps the status of all of a Release.

    journal or record -> `engine.incidents` (must there be one?) -> create
    incident, course, policy -> `engine.incidentreport` -> its status, if that says something new

An Incident that people have deleted is not opened again: not by a process that has seen it, and by
no other one if the attempt has ended, or went wrong and goes on, for more than a day.
"""

from collections.abc import Iterator
from contextlib import suppress
from datetime import datetime, timedelta

from pydantic import ValidationError

from release_coordinator.api.base import to_milliseconds
from release_coordinator.api.codec import (
    IncidentObject,
    ReleaseObject,
    parse_incident,
    parse_policy,
)
from release_coordinator.api.conditions import Phase
from release_coordinator.api.incident import FollowUpState
from release_coordinator.api.policy import IncidentSeverities
from release_coordinator.api.record import RecordSpec
from release_coordinator.api.status import HistoryEntry
from release_coordinator.cluster.port import INCIDENT, POLICY, RECORD, RELEASE, Body, Ref
from release_coordinator.controllers.port import Key, Parts
from release_coordinator.engine import incidents, names, policy
from release_coordinator.engine.incidentreport import Known, is_closed, report
from release_coordinator.engine.incidents import Course
from release_coordinator.errors import AlreadyExists, NotFound
from release_coordinator.render.incident import incident_body, status_body

OVER = timedelta(days=1)
"""For what ended longer ago, or went wrong longer ago and goes on, none is opened any more."""


class Incidents:
    """Keeps the Incidents of Releases."""

    name = "incidents"

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._settled: dict[Key, set[str]] = {}
        """Names of Incidents that exist, existed, or will not be needed any more."""
        self._gone: set[Ref] = set()
        """Records that are asked for in vain."""

    async def reconcile(self, key: Key) -> float | None:
        """Open what is missing, report what is new."""
        body = self._parts.store.get(Ref(RELEASE, *key))
        release = self._parts.store.release(body) if body else None
        if release is None:
            self._settled.pop(key, None)
        elif not release.journal_fault:
            await self._open_missing(release)
        severities = self._severities(key)
        for incident in self._of(key):
            if not is_closed(incident):
                await self._report(incident, release, severities)
        return None

    def _of(self, key: Key) -> Iterator[IncidentObject]:
        """The Incidents that name the Release, whoever has opened them."""
        for body in self._parts.store.select(INCIDENT, key[0]):
            if body.get("spec", {}).get("release") == key[1]:
                yield parse_incident(body)

    async def _open_missing(self, release: ReleaseObject) -> None:
        """Of the present attempt and of those that have just ended."""
        settled = self._settled.setdefault((release.namespace, release.name), set())
        attempt = release.status.attempt
        if attempt is not None:
            await self._open(release, incidents.of_attempt(attempt), settled)
        for entry in release.status.history:
            name = names.incident_name(release.name, release.uid, entry.attempt)
            if name in settled or self._now() - entry.ended_at > OVER:
                continue
            record = await self._record(_record_ref(release, entry))
            if record is not None:
                await self._open(release, incidents.of_record(entry.record or "", record), settled)
            settled.add(name)

    async def _open(self, release: ReleaseObject, course: Course, settled: set[str]) -> None:
        """Unless nothing went wrong, it exists, it was deleted, or it is long over."""
        if incidents.cause_of(course) is None:
            return
        body = incident_body(release, course)
        ref = Ref(INCIDENT, release.namespace, body["metadata"]["name"])
        since = course.end.at if course.end else incidents.detected_at(course)
        is_over = self._now() - since > OVER
        if self._parts.store.get(ref) is None and not is_over and ref.name not in settled:
            self._parts.store.put(INCIDENT, await self._opened(ref, body))
        if self._parts.store.get(ref) is not None:
            settled.add(ref.name)

    async def _opened(self, ref: Ref, body: Body) -> Body:
        """The one that there is, else a new one. A process that has just begun asks first."""
        cluster = self._parts.cluster
        if not self._parts.store.complete(INCIDENT, ref.namespace):
            with suppress(NotFound):
                return await cluster.get(ref)
        try:
            return await cluster.create(INCIDENT, body)
        except AlreadyExists:
            return await cluster.get(ref)

    async def _report(
        self, incident: IncidentObject, release: ReleaseObject | None, said: IncidentSeverities
    ) -> None:
        course = await self._course(incident, release)
        done = await self._done(incident, release)
        known = Known(course, said, _planned(incident, release), done)
        status = report(incident, known, self._now())
        if status != incident.status:
            body = status_body(incident, status)
            stored = await self._parts.cluster.replace_status(INCIDENT, body)
            self._parts.store.put(INCIDENT, stored)

    async def _course(
        self, incident: IncidentObject, release: ReleaseObject | None
    ) -> Course | None:
        """What happened in its attempt; None where the status has all of it, or nobody knows."""
        spec = incident.spec
        if spec is None or spec.attempt is None or incident.status.record is not None:
            return None
        uid = spec.release_uid or (release.uid if release else "")
        attempt = release.status.attempt if release and release.uid == uid else None
        if attempt is not None and attempt.number == spec.attempt:
            return incidents.of_attempt(attempt)
        name = names.record_name(spec.release, uid, spec.attempt)
        record = await self._record(Ref(RECORD, incident.namespace, name), whole=True)
        return incidents.of_record(name, record) if record else None

    async def _done(self, incident: IncidentObject, release: ReleaseObject | None) -> str | None:
        """The version that names an incident as fixed and has completed since."""
        before = incident.status.follow_up
        if release is None or (before is not None and before.state is FollowUpState.DONE):
            return None
        for entry in release.status.history:
            if entry.outcome is not Phase.COMPLETED or not _is_later(entry, incident, release):
                continue
            record = await self._record(_record_ref(release, entry))
            if record is not None and incident.name in record.fixes:
                return entry.version
        return _named_afterwards(incident, release)

    async def _record(self, ref: Ref, *, whole: bool = False) -> RecordSpec | None:
        """A record; None if it is gone or of another kind. The store has them without details."""
        body = None if whole else self._parts.store.get(ref)
        if body is None and ref not in self._gone:
            body = await self._read(ref)
        try:
            return RecordSpec.model_validate(body["spec"]) if body else None
        except ValidationError:
            return None

    async def _read(self, ref: Ref) -> Body | None:
        try:
            body = await self._parts.cluster.get(ref)
        except NotFound:
            self._gone.add(ref)
            return None
        self._parts.store.put(RECORD, body)
        return body

    def _severities(self, key: Key) -> IncidentSeverities:
        """As the policy says that counts for the Release; as built in if it cannot be read."""
        found = {body["metadata"]["name"]: body for body in self._policies(key[0])}
        name = policy.chosen(key[1], found)
        spec, _ = parse_policy(found[name]) if name else (None, ())
        return spec.incidents.severity if spec else IncidentSeverities()

    def _policies(self, namespace: str) -> list[Body]:
        return self._parts.store.select(POLICY, namespace)

    def _now(self) -> datetime:
        """Now, in the precision that a status keeps."""
        return to_milliseconds(self._parts.now())


def _record_ref(release: ReleaseObject, entry: HistoryEntry) -> Ref:
    name = entry.record or names.record_name(release.name, release.uid, entry.attempt)
    return Ref(RECORD, release.namespace, name)


def _planned(incident: IncidentObject, release: ReleaseObject | None) -> str | None:
    """The version of the Release, if that names the incident as fixed."""
    spec = release.spec if release else None
    return spec.version if spec and incident.name in spec.fixes else None


def _named_afterwards(incident: IncidentObject, release: ReleaseObject) -> str | None:
    """The version that has completed, where the incident was named only after that had begun."""
    last = next(iter(release.status.history), None)
    if last is None or last.outcome is not Phase.COMPLETED:
        return None
    named = _planned(incident, release)
    return named if last.version == named and _is_later(last, incident, release) else None


def _is_later(entry: HistoryEntry, incident: IncidentObject, release: ReleaseObject) -> bool:
    """Whether an attempt came after that of the incident; another Release counts anew."""
    spec = incident.spec
    if spec is None or spec.attempt is None or spec.release_uid not in {None, release.uid}:
        return entry.ended_at >= incident.created
    return entry.attempt > spec.attempt
