"""R9: what each record says about one deployment; docs/release-metrics.md has the definitions.

Read by `releasemetrics`, which counts them. A record is enough: of a Release that is gone, or after
a reinstallation, the numbers are the same.
"""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum

from release_coordinator.api.conditions import Phase, Reason
from release_coordinator.api.record import RecordSpec

CALLED_OFF = {Reason.ABORTED, Reason.DELETED, Reason.MANUAL_ROLLBACK}
"""Why an attempt ended before anything was changed though nothing had failed."""

Application = tuple[str, str]
"""Namespace and name of a Release."""


class Outcome(StrEnum):
    """How a deployment ended; values of a label."""

    SUCCEEDED = "succeeded"  # the version runs and stayed good
    ROLLED_BACK = "rolled_back"  # the previous version runs again
    ROLLBACK_FAILED = "rollback_failed"  # neither is known to be whole
    FAILED = "failed"  # it failed before anything was changed


_CHANGED = {
    Phase.COMPLETED: Outcome.SUCCEEDED,
    Phase.ROLLED_BACK: Outcome.ROLLED_BACK,
    Phase.ROLLBACK_FAILED: Outcome.ROLLBACK_FAILED,
}


@dataclass(frozen=True, slots=True)
class Ended:
    """One ended attempt. Times in seconds; None where there is none."""

    application: Application
    version: str
    attempt: int
    ended_at: datetime
    outcome: Outcome | None
    """None for what is no deployment: it still has waited at gates."""
    deployed_in: float | None = None
    """From the first change to the end, of one that succeeded."""
    downtime: float | None = None
    """Of one that has changed something."""
    failing_since: datetime | None = None
    """When it was decided to go back, of one that was rolled back or should have been."""
    restored_in: float | None = None
    """From then until a version was known to be good again."""
    waited: dict[str, float] = field(default_factory=dict)
    """By the name of the gate."""


def ended(namespace: str, record: RecordSpec) -> Ended:
    """What a record says by itself."""
    outcome = _outcome_of(record)
    changed = outcome is not None and outcome is not Outcome.FAILED
    since = record.changed_at
    succeeded = outcome is Outcome.SUCCEEDED and since is not None
    failing_since = record.rollback.at if changed and record.rollback else None
    return Ended(
        application=(namespace, record.release),
        version=record.version,
        attempt=record.attempt,
        ended_at=record.ended_at,
        outcome=outcome,
        deployed_in=_seconds(since, record.ended_at) if succeeded else None,
        downtime=_downtime(record) if changed else None,
        failing_since=failing_since,
        restored_in=_seconds(failing_since, record.ended_at)
        if outcome is Outcome.ROLLED_BACK
        else None,
        waited={gate.name: gate.waited_seconds for gate in record.gates if gate.waited_seconds},
    )


def complete(attempts: Iterable[Ended]) -> list[Ended]:
    """All of them, oldest first, with what later ones say about rollbacks that failed."""
    known: dict[Application, list[Ended]] = defaultdict(list)
    for one in sorted(attempts, key=lambda one: (one.ended_at, one.application, one.attempt)):
        known[one.application].append(one)
    found = [
        _restored(one, later[index + 1 :])
        for later in known.values()
        for index, one in enumerate(later)
    ]
    return sorted(found, key=lambda one: (one.ended_at, one.application, one.attempt))


def _outcome_of(record: RecordSpec) -> Outcome | None:
    rehearsed = record.rollback is not None and record.rollback.reason is Reason.REHEARSAL
    if rehearsed and record.outcome is Phase.ROLLED_BACK:
        return None
    if record.outcome is Phase.FAILED and record.reason not in CALLED_OFF:
        return Outcome.FAILED
    if record.outcome is Phase.COMPLETED and record.changed_at is None:
        return None  # the version ran already
    return _CHANGED.get(record.outcome)


def _restored(one: Ended, later: list[Ended]) -> Ended:
    """A rollback that failed is over when a later attempt of the application has ended well."""
    if one.outcome is not Outcome.ROLLBACK_FAILED or one.failing_since is None:
        return one
    good = {Outcome.SUCCEEDED, Outcome.ROLLED_BACK}
    end = next((next_.ended_at for next_ in later if next_.outcome in good), None)
    return replace(one, restored_in=_seconds(one.failing_since, end))


def _downtime(record: RecordSpec) -> float:
    """The larger of the two measures: ready pods may answer nothing but errors."""
    found = record.downtime
    return max(0.0, found.seconds, found.measured_seconds or 0.0) if found else 0.0


def _seconds(since: datetime | None, until: datetime | None) -> float | None:
    """Never negative: a clock may have been set back meanwhile."""
    if since is None or until is None:
        return None
    return max(0.0, (until - since).total_seconds())
