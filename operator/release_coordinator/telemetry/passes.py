"""What passes over Releases tell: metrics, and the fields of every log line written in them.

`PassObserver` is the silent base that tests use; `MeteredPasses` is wired in `__main__`.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from release_coordinator.api.attempt import Attempt, StepState
from release_coordinator.api.codec import ReleaseObject
from release_coordinator.api.conditions import Reason
from release_coordinator.api.status import ReleaseStatus
from release_coordinator.engine import fights
from release_coordinator.engine.writers import tool_of

from .logs import bound
from .metrics import Metrics

Key = tuple[str, str]


class PassObserver:
    """Hears of passes; override what is needed. Must be quick, must not raise."""

    def evidence(self, key: Key) -> None:
        """Something about a Release was seen."""

    @contextmanager
    def passing(self, release: ReleaseObject) -> Iterator[None]:  # noqa: ARG002 - for heirs
        """Surround one pass."""
        yield

    def wrote(self, release: ReleaseObject, before: ReleaseStatus, after: ReleaseStatus) -> None:
        """A status was persisted."""

    def gone(self, key: Key) -> None:
        """A Release was deleted."""


class MeteredPasses(PassObserver):
    """Feeds metrics and log context."""

    def __init__(self, metrics: Metrics, monotonic: Callable[[], float]) -> None:
        """`monotonic` gives seconds that only go forward."""
        self._metrics = metrics
        self._monotonic = monotonic
        self._seen: dict[Key, float] = {}
        self._answered: dict[Key, float] = {}
        """What the pass under way began with."""

    def evidence(self, key: Key) -> None:
        """Remember when the first news since the last write came."""
        self._seen.setdefault(key, self._monotonic())

    @contextmanager
    def passing(self, release: ReleaseObject) -> Iterator[None]:
        """Give every log line of the pass its fields."""
        key = (release.namespace, release.name)
        if key in self._seen:  # what comes meanwhile is for the next pass
            self._answered[key] = self._seen.pop(key)
        # Also where nothing is written: after a start nobody else knows how it has ended.
        self._metrics.phase(release.namespace, release.name, release.status.phase)
        self._metrics.drifted(*key, now=release.status.drift is not None)
        attempt = release.status.attempt
        step = attempt.steps[-1].id if attempt and attempt.steps else None
        try:
            with bound(
                namespace=release.namespace,
                release=release.name,
                attempt=attempt.number if attempt else None,
                step=step,
            ):
                yield
        finally:
            self._answered.pop(key, None)

    def wrote(self, release: ReleaseObject, before: ReleaseStatus, after: ReleaseStatus) -> None:
        """Count the write and everything that newly happened."""
        metrics = self._metrics
        metrics.status_written()
        metrics.phase(release.namespace, release.name, after.phase)
        key = (release.namespace, release.name)
        metrics.drifted(*key, now=after.drift is not None)
        seen = (self._answered if key in self._answered else self._seen).pop(key, None)
        if seen is not None:
            metrics.decided_after(self._monotonic() - seen)
        if after.attempt is not None:
            self._turns(before.attempt, after.attempt)
            self._steps(before.attempt, after.attempt)
            self._put_back(before.attempt, after.attempt)

    def gone(self, key: Key) -> None:
        """Remove the Release's own series."""
        self._metrics.forget(*key)

    def _turns(self, old: Attempt | None, new: Attempt) -> None:
        same = old is not None and old.number == new.number
        rehearsal = new.trigger is not None and new.trigger.reason is Reason.REHEARSAL
        if new.trigger is not None and not rehearsal and not (same and old and old.trigger):
            self._metrics.rollback_began(new.trigger.reason)
        if new.recorded and new.end is not None and not (same and old and old.recorded):
            # A rehearsal that went well is no release that was rolled back.
            good = new.end.reason is Reason.REHEARSED
            self._metrics.attempt_ended(new.end.reason if good else new.end.outcome)
            self._downtime(new)

    def _put_back(self, old: Attempt | None, new: Attempt) -> None:
        for one in fights.since(old, new):
            self._metrics.put_back(tool_of(one.by))

    def _downtime(self, ended: Attempt) -> None:
        """What changed nothing was not down because of it, and is not counted."""
        found = ended.downtime
        if found is None:
            return
        self._metrics.was_down(found.seconds, measured_by="readiness")
        if found.measured_seconds is not None:
            self._metrics.was_down(found.measured_seconds, measured_by="availability")

    def _steps(self, old: Attempt | None, new: Attempt) -> None:
        known = {step.id: step.state for step in old.steps} if old else {}
        for step in new.steps:
            if step.state is StepState.RUNNING or known.get(step.id) is step.state:
                continue
            if step.finished_at is not None:
                seconds = (step.finished_at - step.started_at).total_seconds()
                self._metrics.step_took(step.id.partition("/")[0], seconds)
