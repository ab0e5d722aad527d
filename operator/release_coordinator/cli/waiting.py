"""What a Release waits for and since when, in a few words for a row of a list. Pure.

Used by `cli.listing`. The whole sentence is `status.message`.
"""

from dataclasses import dataclass
from datetime import datetime

from release_coordinator.api.attempt import Attempt, StepState
from release_coordinator.api.codec import ReleaseObject
from release_coordinator.api.conditions import ConditionType, Status
from release_coordinator.engine import ordering

GATES = 2
"""So many gates are named; of the others there is the number."""


@dataclass(frozen=True, slots=True)
class Waiting:
    """What it waits for; empty if for nothing."""

    what: str
    since: datetime | None = None


def waiting_of(release: ReleaseObject) -> Waiting:
    """What comes before all else is told."""
    status, attempt = release.status, release.status.attempt
    if release.journal_fault:
        return Waiting("a journal that can be read")
    if status.observed_generation != release.generation:
        return Waiting("the operator, to see the last edit")
    if attempt is not None and attempt.hold is not None:
        return Waiting(f"a decision: {attempt.hold.reason}", attempt.hold.since)
    if ordering.suspended(release) is not None:
        return Waiting("resume", status.suspension.since if status.suspension else None)
    for one in status.conditions:
        if one.type == ConditionType.VALID and one.status is Status.FALSE:
            return Waiting("a correct spec", one.last_transition_time)
    if attempt is None:
        return Waiting("")
    if attempt.end is not None:
        return Waiting("", attempt.end.at)
    return _gates(attempt) or _step(attempt)


def _gates(attempt: Attempt) -> Waiting | None:
    shut = [gate for gate in attempt.gates if not gate.opens]
    if not shut or attempt.frozen:
        return None
    more = f" and {len(shut) - GATES} more" if len(shut) > GATES else ""
    since = min((gate.shut_since for gate in shut if gate.shut_since), default=attempt.started_at)
    return Waiting(", ".join(gate.name for gate in shut[:GATES]) + more, since)


def _step(attempt: Attempt) -> Waiting:
    running = [step for step in attempt.steps if step.state is StepState.RUNNING]
    return Waiting(running[-1].id, running[-1].started_at) if running else Waiting("")
