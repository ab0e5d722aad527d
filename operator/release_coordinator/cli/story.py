"""The phases of an attempt as rows: state and time of each, worked out from the journal. Pure.

Used by `cli.layout`. The journal holds steps; a phase is what `engine.describe` says its steps
belong to, and phases without a step are explained by how far the attempt got.
"""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from release_coordinator.api.attempt import Attempt, Step, StepState
from release_coordinator.api.conditions import Phase
from release_coordinator.engine.describe import work_of

FORWARD = (
    Phase.GATING,
    Phase.PREPARING,
    Phase.MIGRATING,
    Phase.ROLLING_OUT,
    Phase.REFRESHING,
    Phase.VERIFYING,
    Phase.WATCHING,
)


class RowState(StrEnum):
    """State of a phase as a person reads it."""

    DONE = "done"
    RUNNING = "running"
    FAILED = "failed"
    HELD = "held"
    SUSPENDED = "suspended"  # nothing of it is under way, and nothing more of it begins
    STOPPED = "stopped"  # nothing in it failed, but the attempt was turned back or ended in it
    TO_COME = "to come"
    NOT_NEEDED = "not needed"
    NOT_REACHED = "not reached"


@dataclass(frozen=True, slots=True)
class PhaseRow:
    """One phase of the attempt."""

    phase: Phase
    state: RowState
    seconds: float | None
    steps: tuple[Step, ...]


def rows_of(attempt: Attempt, now: datetime, *, suspended: bool = False) -> list[PhaseRow]:
    """Every phase of the story in its order, and the way back if it was taken.

    `suspended`: the Release is in that phase.
    """
    resting = suspended and all(step.state is not StepState.RUNNING for step in attempt.steps)
    reached = max(
        (FORWARD.index(p) for s in attempt.steps if (p := _phase(s)) in FORWARD), default=0
    )
    rows = []
    for index, phase in enumerate(FORWARD):
        steps = _steps(attempt, phase)
        state = _state(attempt, steps, reached - index)
        if resting and state is RowState.RUNNING:
            state = RowState.SUSPENDED
        rows.append(PhaseRow(phase, state, _seconds(attempt, steps, now), steps))
    if attempt.trigger is not None:
        steps = _steps(attempt, Phase.ROLLING_BACK)
        took = ((attempt.end.at if attempt.end else now) - attempt.trigger.at).total_seconds()
        state = RowState.SUSPENDED if resting else _state_of_way_back(attempt)
        rows.append(PhaseRow(Phase.ROLLING_BACK, state, took, steps))
    return rows


def seconds_of(step: Step, attempt: Attempt, now: datetime) -> float:
    """How long a step took, or takes so far."""
    until = step.finished_at or (attempt.end.at if attempt.end else now)
    return max((until - step.started_at).total_seconds(), 0.0)


def _phase(step: Step) -> Phase:
    return work_of(step.id)[0]


def _steps(attempt: Attempt, phase: Phase) -> tuple[Step, ...]:
    return tuple(step for step in attempt.steps if _phase(step) is phase)


def _state(attempt: Attempt, steps: tuple[Step, ...], ahead: int) -> RowState:
    """State of a phase; `ahead` is how many phases further the attempt got."""
    over = attempt.trigger is not None or attempt.end is not None
    completed = attempt.end is not None and attempt.end.outcome is Phase.COMPLETED
    if any(step.state is StepState.FAILED for step in steps):
        return RowState.FAILED
    if ahead == 0 and not over:
        return RowState.HELD if attempt.hold else RowState.RUNNING
    if not steps:
        if completed or ahead > 0:
            return RowState.NOT_NEEDED
        return RowState.NOT_REACHED if over else RowState.TO_COME
    if any(step.state is StepState.RUNNING for step in steps):
        # A migration is not cut off when the attempt turns back: it is awaited first.
        return RowState.STOPPED if attempt.end else RowState.RUNNING
    return RowState.DONE


def _state_of_way_back(attempt: Attempt) -> RowState:
    if attempt.end is None:
        return RowState.HELD if attempt.hold else RowState.RUNNING
    if attempt.end.outcome is Phase.ROLLED_BACK:
        return RowState.DONE
    return RowState.FAILED if attempt.end.outcome is Phase.ROLLBACK_FAILED else RowState.STOPPED


def _seconds(attempt: Attempt, steps: tuple[Step, ...], now: datetime) -> float | None:
    """From the start of the phase's first step to the end of its last; some run side by side."""
    if not steps:
        return None
    began = steps[0].started_at
    return max(
        (step.started_at - began).total_seconds() + seconds_of(step, attempt, now) for step in steps
    )
