"""Makes the Notifications that should exist, and deletes those that are old (R3.1, R3.16, R4.9).

    Release, records, Incidents, Channels -> engine.announcing -> Notifications

Without a Channel there is no object at all. Nothing is sent here: see `controllers.delivery`.
"""

from collections.abc import Set as AbstractSet
from contextlib import suppress
from dataclasses import replace
from datetime import datetime

from pydantic import ValidationError

from release_coordinator.api.codec import (
    IncidentObject,
    parse_channel,
    parse_incident,
    parse_notification,
)
from release_coordinator.api.conditions import Phase
from release_coordinator.api.record import RecordSpec
from release_coordinator.api.release import ReleaseSpec
from release_coordinator.api.revert import Revert
from release_coordinator.cluster.port import (
    CHANNEL,
    CONTROLLER_REVISION,
    INCIDENT,
    NOTIFICATION,
    RECORD,
    RELEASE,
    Body,
    Ref,
)
from release_coordinator.controllers.port import Key, Parts
from release_coordinator.engine import names, news, reverts
from release_coordinator.engine.announcing import NEWS_FOR, Scene, Wanted, expires_at, wanted
from release_coordinator.engine.news import Course
from release_coordinator.errors import AlreadyExists, Conflict, Denied, NotFound
from release_coordinator.evidence import records
from release_coordinator.render.notification import notification_body
from release_coordinator.render.objects import read_revision

READ_LIMIT = 1000
"""Records that are kept; of others each look reads them again."""


class Messages:
    """Keeps the outbox of each Release complete and short."""

    name = "messages"

    def __init__(self, parts: Parts) -> None:
        self._cluster, self._store, self._now = parts.cluster, parts.store, parts.now
        self._read: dict[Ref, Course | None] = {}
        """Records that ended not long ago, with all their steps."""

    async def reconcile(self, key: Key) -> float | None:
        """Create what is missing; returns the seconds until the next one may be deleted."""
        bodies = self._store.select(NOTIFICATION, key[0], {names.LABEL_RELEASE: key[1]})
        channels = [parse_channel(body) for body in self._store.select(CHANNEL)]
        if not key[1] or not (channels or bodies):
            return None
        now = self._now()
        told = wanted(await self._scene(key, now), channels, now) if channels else []
        for one in told:
            if self._store.get(Ref(NOTIFICATION, one.namespace, one.name)) is None:
                await self._create(one)
        return await self._prune(bodies, {one.name for one in told}, now)

    async def _create(self, one: Wanted) -> None:
        with suppress(AlreadyExists):  # made before a restart; the watch brings it
            body = await self._cluster.create(NOTIFICATION, notification_body(one))
            self._store.put(NOTIFICATION, body)

    async def _prune(self, bodies: list[Body], keep: set[str], now: datetime) -> float | None:
        waits = []
        for message in map(parse_notification, bodies):
            end = expires_at(message)
            if end is None or message.name in keep:
                continue
            if end > now:
                waits.append((end - now).total_seconds())
                continue
            ref = Ref(NOTIFICATION, message.namespace, message.name)
            with suppress(NotFound, Conflict):
                await self._cluster.delete(ref, uid=message.uid)
            self._store.remove(ref, message.uid)
        return min(waits, default=None)

    async def _scene(self, key: Key, now: datetime) -> Scene:
        body = self._store.get(Ref(RELEASE, *key))
        course = news.present(self._store.release(body)) if body else None
        incidents = self._incidents(key)
        concerned = frozenset(one.spec.attempt for one in incidents if one.spec)
        past = await self._past(key, concerned, now)
        written = {(one.uid, one.number) for one in past}
        # Once it has ended its record says more: the release notes.
        present = [course] if course and (course.uid, course.number) not in written else []
        return Scene(
            courses=(*past, *present),
            incidents=incidents,
            labels=(body or {}).get("metadata", {}).get("labels") or {},
        )

    def _incidents(self, key: Key) -> tuple[IncidentObject, ...]:
        return tuple(
            parse_incident(body)
            for body in self._store.select(INCIDENT, key[0])
            if body.get("spec", {}).get("release") == key[1]
        )

    async def _past(
        self, key: Key, concerned: AbstractSet[int | None], now: datetime
    ) -> list[Course]:
        """The attempts that ended not long ago, or that incidents are about, oldest first."""
        await records.ensure_listed(self._cluster, self._store, key[0])
        found: list[Course | None] = []
        for body in self._store.select(RECORD, key[0], {names.LABEL_RELEASE: key[1]}):
            if now - datetime.fromisoformat(body["spec"]["endedAt"]) < NEWS_FOR:
                found.append(await self._whole(body))
            elif body["spec"]["attempt"] in concerned:
                found.append(_course(body))
        return sorted(filter(None, found), key=lambda one: (one.started_at, one.number))

    async def _whole(self, body: Body) -> Course | None:
        """An attempt with its steps, which the store does not keep."""
        ref = Ref(RECORD, body["metadata"]["namespace"], body["metadata"]["name"])
        if ref not in self._read:
            record = await self._record(ref)
            course = news.recorded(str(ref.namespace), record) if record else None
            if course is not None and record is not None and record.outcome in reverts.BACK:
                course = replace(course, revert=await self._revert(str(ref.namespace), record))
            self._read[ref] = course
            while len(self._read) > READ_LIMIT:
                del self._read[next(iter(self._read))]
        return self._read[ref]

    async def _revert(self, namespace: str, record: RecordSpec) -> Revert | None:
        """What takes out of Git what was rolled back: from the plan that completed before it."""
        good = await self._good(namespace, record)
        images = await self._before(namespace, record) or (reverts.of_plan(good) if good else {})
        release = self._store.get(Ref(RELEASE, namespace, record.release)) or {}
        return reverts.revert(record, good, images, reverts.source_of(release))

    async def _good(self, namespace: str, record: RecordSpec) -> ReleaseSpec | None:
        labels = {names.LABEL_RELEASE: record.release}
        found = [
            (body["spec"]["attempt"], body["metadata"]["name"])
            for body in self._store.select(RECORD, namespace, labels)
            if body["spec"].get("outcome") == Phase.COMPLETED
            and body["spec"].get("releaseUid") == record.release_uid
            and body["spec"].get("version") == record.previous_version
            and body["spec"]["attempt"] < record.attempt
        ]
        if not found:
            return None
        last = await self._record(Ref(RECORD, namespace, max(found)[1]))
        return last.plan if last else None

    async def _before(self, namespace: str, record: RecordSpec) -> reverts.Images:
        """Images that the attempt had found; none if that is not recorded any more."""
        try:
            ref = Ref(CONTROLLER_REVISION, namespace, record.revision or "")
            body = await self._cluster.get(ref) if record.revision else {}
            return reverts.of_previous(read_revision(body).previous) if body else {}
        except (NotFound, Denied, ValidationError):
            return {}

    async def _record(self, ref: Ref) -> RecordSpec | None:
        """A whole record; None if it is gone, or written by another version of the operator."""
        try:
            return RecordSpec.model_validate((await self._cluster.get(ref))["spec"])
        except (NotFound, ValidationError):
            return None


def _course(body: Body) -> Course | None:
    try:
        return news.recorded(body["metadata"]["namespace"], RecordSpec.model_validate(body["spec"]))
    except ValidationError:
        return None  # written by another version of the operator
