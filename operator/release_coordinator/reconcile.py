"""One pass over one Release, on one page: look -> decide -> act -> report.

Called by the work queue's workers, one at a time per Release. The contract:

- `decide` asks for what it has not seen; it is looked up and `decide` is asked again;
- what it notes is collected, and persisted *before* the next effect (write-ahead), with the
  resourceVersion of the Release as precondition: whoever works on an old view is refused;
- after an effect everything is looked at anew;
- a pass ends when there is nothing to do but wait. It writes the status only if it says
  something new.

So a crash anywhere repeats at most one effect, and every effect is safe to repeat.
"""

import logging
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from .act import Actor
from .api.codec import ReleaseObject
from .api.conditions import Reason
from .api.status import ReleaseStatus
from .cluster.port import RELEASE, Cluster, Ref
from .cluster.store import Store
from .engine.action import Action, AddFinalizer, subject
from .engine.decide import decide
from .engine.locks import may_come_late
from .engine.observation import Jump, NotSeen, Observation, Want
from .engine.outcome import Decision, Do, Note, Wait
from .engine.refusal import passed_over, refused
from .engine.summary import material, summarise
from .errors import Conflict, Denied, Invalid, NotFound, Transient
from .look import Looker
from .recorder import Recorder
from .render.objects import status_body
from .telemetry.passes import PassObserver

Key = tuple[str, str]
"""Namespace and name of a Release."""

MOVES_LIMIT = 2000
"""Decisions in one pass; far above what the longest plan needs. Beyond it we run in a circle."""

QUIET_SECONDS = 30.0
"""Values that led to no new verdict are written at most this often."""

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Parts:
    """What a pass works with; wired once, in `__main__` or by a test."""

    cluster: Cluster
    store: Store
    looker: Looker
    actor: Actor
    recorder: Recorder
    observer: PassObserver
    now: Callable[[], datetime]
    """Time of day; the only clock of decisions."""
    jumps: Callable[[], tuple[Jump, ...]] = tuple
    """When that clock was put forward."""


@dataclass(frozen=True, slots=True)
class Unwritten:
    """A journal that is not worth a write yet."""

    uid: str
    stored: ReleaseStatus
    """What it was made from."""
    status: ReleaseStatus

    def goes_on_from(self, release: ReleaseObject) -> bool:
        """Whether nobody has written the journal meanwhile, whatever else was changed.

        Its write still says which state of the Release was read, so that two operators never
        both go on.
        """
        same = self.uid == release.uid and not release.journal_fault
        return same and self.stored == release.status


@dataclass(slots=True)
class Memory:
    """What would be a pity, but no harm, to lose in a crash."""

    unwritten: dict[Key, Unwritten] = field(default_factory=dict)
    written: dict[Key, datetime] = field(default_factory=dict)
    """Time of our last write."""
    conflicted: set[Key] = field(default_factory=set)

    def forget(self, key: Key) -> None:
        """The Release is gone."""
        self.unwritten.pop(key, None)
        self.written.pop(key, None)
        self.conflicted.discard(key)


class Reconciler:
    """Brings Releases forward."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._memory = Memory()

    async def reconcile(self, key: Key) -> float | None:
        """One pass. Returns the seconds until the next look, None to wait for an event.

        Raises what `Cluster` raises for faults of the API server: the queue backs off.
        """
        body = self._parts.store.get(Ref(RELEASE, *key))
        if body is None:
            self._parts.observer.gone(key)
            self._memory.forget(key)
            return None
        try:
            seconds = await _Pass(self._parts, self._memory, self._parts.store.release(body)).run()
        except Conflict:
            await self._refresh(key)
            if key in self._memory.conflicted:
                raise
            self._memory.conflicted.add(key)
            return 0.0
        self._memory.conflicted.discard(key)
        return seconds

    async def _refresh(self, key: Key) -> None:
        """Our view was old: replace it by the API server's."""
        ref = Ref(RELEASE, *key)
        try:
            self._parts.store.put(RELEASE, await self._parts.cluster.get(ref))
        except NotFound:
            self._parts.store.remove(ref, "")


class _Pass:
    """The moving parts of one pass."""

    def __init__(self, parts: Parts, memory: Memory, release: ReleaseObject) -> None:
        self._parts = parts
        self._memory = memory
        self._release = release
        self._key = (release.namespace, release.name)
        unwritten = memory.unwritten.get(self._key)
        goes_on = unwritten is not None and unwritten.goes_on_from(release)
        self._status = unwritten.status if unwritten and goes_on else release.status
        self._facts: dict[Want, Any] = {}
        self._last_action: Action | None = None

    async def run(self) -> float | None:
        """Look, decide and act until there is nothing to do but wait."""
        with self._parts.observer.passing(self._release):
            for _ in range(MOVES_LIMIT):
                decision = await self._decide()
                match decision:
                    case Note(status) if self._untold_end(status):
                        await self._persist()
                    case Note(status):
                        self._status = status
                    case Do(action):
                        await self._do(action)
                        if self._gone():
                            return None
                    case Wait(until):
                        return await self._rest(until)
        raise RuntimeError(f"no end after {MOVES_LIMIT} decisions: {self._release.name}")

    def _untold_end(self, following: ReleaseStatus) -> bool:
        """Whether another attempt would begin before anybody could see how the last one ended."""
        ended, stored = self._status.attempt, self._release.status.attempt
        begun = following.attempt
        if ended is None or begun is None or begun.number == ended.number:
            return False
        return stored != ended

    async def _decide(self) -> Decision:
        while True:
            try:
                seen = Observation(self._facts, self._parts.jumps())
                return decide(self._release, self._status, seen, self._clock())
            except NotSeen as question:
                answers = await self._parts.looker.look(self._key, question.wants)
                self._facts.update(answers)

    async def _do(self, action: Action) -> None:
        if not isinstance(action, AddFinalizer):  # nothing was intended yet
            await self._persist(fence=not may_come_late(action, self._status.attempt))
        done = True
        try:
            done = await self._act(action)
        except Invalid as error:
            self._refused(action, Reason.API_REJECTED, error)
        except Denied as error:
            self._refused(action, Reason.API_DENIED, error)
        except Transient as error:
            note = passed_over(self._status, action, str(error))
            if note is None:
                raise
            self._status = note.status
        # A lock that was another's may be free by the next look: to try again is no circle.
        self._last_action = action if done else None
        self._facts.clear()
        self._reread()

    async def _act(self, action: Action) -> bool:
        if action == self._last_action:
            raise Invalid(f"the change of {subject(action)} was accepted but shows no effect")
        return await self._parts.actor.act(self._release, action)

    def _refused(self, action: Action, reason: Reason, error: Invalid | Denied) -> None:
        note = refused(self._status, action, reason, str(error), self._clock())
        if note is None:
            raise error
        self._status = note.status

    async def _rest(self, until: datetime | None) -> float | None:
        """End the pass: report what is new, keep the rest for the next one."""
        report = summarise(self._release, self._status, self._clock())
        written = self._memory.written.get(self._key)
        stale = written is None or (self._clock() - written).total_seconds() >= QUIET_SECONDS
        spec = self._release.spec
        watch = spec.watch if spec else None
        news = material(report, watch) != material(self._release.status, watch)
        if news or (stale and report != self._release.status):
            await self._persist()
        else:
            release = self._release
            unwritten = Unwritten(release.uid, release.status, self._status)
            self._memory.unwritten[self._key] = unwritten
        return None if until is None else max(0.0, (until - self._clock()).total_seconds())

    async def _persist(self, *, fence: bool = False) -> None:
        """Write the status if it differs from the stored one; then the stored one is ours.

        As a `fence` before an effect it is sent in any case: the API server refuses it when
        somebody else has gone on with this Release since we looked.
        """
        now = self._clock()
        report = summarise(self._release, self._status, now)
        before = self._release.status
        if report == before and not fence:
            return
        body = status_body(self._release, report)
        stored = await self._parts.cluster.replace_status(RELEASE, body)
        self._parts.store.put(RELEASE, stored)
        self._parts.observer.wrote(self._release, before, report)
        self._parts.recorder.tell(self._release, before, report, now)
        self._memory.written[self._key] = now
        self._memory.unwritten.pop(self._key, None)
        self._release = self._parts.store.release(stored)
        self._status = self._release.status

    def _reread(self) -> None:
        """Take over what an effect made of the Release itself, if it is the newest state."""
        body = self._parts.store.get(Ref(RELEASE, self._release.namespace, self._release.name))
        if body is None or body["metadata"]["resourceVersion"] == self._release.resource_version:
            return
        seen = self._parts.store.release(body)
        if seen.status.attempt == self._release.status.attempt:
            self._release = seen

    def _gone(self) -> bool:
        ref = Ref(RELEASE, self._release.namespace, self._release.name)
        return self._parts.store.get(ref) is None

    def _clock(self) -> datetime:
        """Now, in the precision the journal keeps."""
        now = self._parts.now()
        return now.replace(microsecond=now.microsecond // 1000 * 1000)
