"""Whether an attempt went wrong, from its journal or, once it has ended, from its record.

Both say the same, so that it does not matter when anybody looks: what was seen of a journal on the
way is contained in what is seen at the end. Used by `controllers.incidents`, by `engine.closing`
and by `engine.incidentreport`.
"""

from dataclasses import dataclass
from datetime import datetime

from release_coordinator.api.attempt import Attempt, End, Hold, Step, StepState, Trigger
from release_coordinator.api.conditions import Phase, Reason
from release_coordinator.api.control import Order
from release_coordinator.api.incident import (
    IncidentCause,
    IncidentDecision,
    IncidentSeverity,
)
from release_coordinator.api.policy import IncidentSeverities
from release_coordinator.api.record import RecordSpec
from release_coordinator.api.release import ReleaseType
from release_coordinator.api.status import ReleaseStatus

CALLED_OFF = {Reason.ABORTED, Reason.DELETED, Reason.MANUAL_ROLLBACK}
"""Reasons for which people end an attempt that has changed nothing: nothing went wrong."""


@dataclass(frozen=True, slots=True)
class Course:
    """What happened in an attempt, as far as an incident tells it."""

    number: int
    version: str
    previous_version: str | None
    type: ReleaseType | None
    started_at: datetime
    steps: tuple[Step, ...]
    orders: tuple[Order, ...]
    held: tuple[Hold, ...]
    """Every stop, the last ones."""
    stopped: bool
    """Whether it is held now, or was when it ended."""
    trigger: Trigger | None
    end: End | None
    watched: bool
    """Whether there is something to draw."""
    over: bool
    """Whether nothing more happens in it: it is recorded, or could not be."""
    record: str | None
    """Name of the record, once it is written."""


def of_attempt(attempt: Attempt) -> Course:
    """The course of an attempt, as far as it has come."""
    hold, end = attempt.hold, attempt.end
    return Course(
        number=attempt.number,
        version=attempt.version,
        previous_version=attempt.previous_version,
        type=attempt.type,
        started_at=attempt.started_at,
        steps=tuple(attempt.steps),
        orders=tuple(attempt.orders),
        held=tuple(attempt.held or ([hold] if hold else [])),
        stopped=hold is not None or (end is not None and end.outcome is Phase.HELD),
        trigger=attempt.trigger,
        end=end,
        watched=bool(attempt.measurements),
        over=attempt.recorded,
        record=attempt.record,
    )


def of_record(name: str, record: RecordSpec) -> Course:
    """The course of an ended attempt."""
    return Course(
        number=record.attempt,
        version=record.version,
        previous_version=record.previous_version,
        type=record.type,
        started_at=record.started_at,
        steps=tuple(record.timeline),
        orders=tuple(record.orders),
        held=tuple(record.held),
        stopped=record.outcome is Phase.HELD,
        trigger=record.rollback,
        end=End(
            outcome=record.outcome,
            reason=record.reason,
            message=record.message[:512],
            at=record.ended_at,
        ),
        watched=bool(record.measurements),
        over=True,
        record=name,
    )


def cause_of(course: Course) -> IncidentCause | None:
    """What there must be an incident for, if anything: the worst of all that happened.

    None for an attempt that people have called off before it changed anything, for one that another
    plan has replaced, and for a rehearsal that went there and back as planned.
    """
    end, trigger = course.end, course.trigger
    if end is not None and end.outcome is Phase.ROLLBACK_FAILED:
        return IncidentCause.ROLLBACK_FAILED
    if trigger is not None and trigger.reason is not Reason.REHEARSAL:
        return IncidentCause.ROLLED_BACK
    if course.held:
        return IncidentCause.HELD
    failed = end is not None and end.outcome is Phase.FAILED and end.reason not in CALLED_OFF
    return IncidentCause.FAILED if failed else None


def is_opened(status: ReleaseStatus, attempt: Attempt) -> bool:
    """Whether there is an Incident of an attempt of that status, or will be in a moment.

    There is none of what an earlier version of the operator has recorded: it opened none, and has
    journalled no digest of the record. Where nobody could write a record there may be none either.
    """
    if cause_of(of_attempt(attempt)) is None:
        return False
    numbers = {entry.attempt for entry in status.history if entry.digest is not None}
    return not attempt.recorded or attempt.number in numbers


def detected_at(course: Course) -> datetime:
    """When the operator noticed it first."""
    trigger, end = course.trigger, course.end
    moments = [hold.since for hold in course.held]
    if trigger is not None and trigger.reason is not Reason.REHEARSAL:
        moments.append(trigger.at)
    if not moments and end is not None:
        moments.append(end.at)
    return min(moments, default=course.started_at)


def severity_of(cause: IncidentCause, said: IncidentSeverities) -> IncidentSeverity:
    """How bad it is, as the policy says."""
    match cause:
        case IncidentCause.ROLLBACK_FAILED:
            return said.rollback_failed
        case IncidentCause.ROLLED_BACK:
            return said.rolled_back
        case IncidentCause.HELD:
            return said.held
        case IncidentCause.FAILED:
            return said.failed


def decision_of(cause: IncidentCause | None, *, stopped: bool) -> IncidentDecision | None:
    """What was decided about the release, by the operator or by an order that it obeyed."""
    match cause:
        case IncidentCause.ROLLED_BACK | IncidentCause.ROLLBACK_FAILED:
            return IncidentDecision.ROLLBACK
        case IncidentCause.HELD if not stopped:
            return IncidentDecision.CONTINUE_WITH_FIX
        case IncidentCause.HELD | IncidentCause.FAILED:
            return IncidentDecision.PAUSE
        case None:
            return None


def why(course: Course) -> tuple[Reason | None, str]:
    """What went wrong: the reason and the words for it."""
    end, trigger = course.end, course.trigger
    match cause_of(course):
        case IncidentCause.ROLLBACK_FAILED | IncidentCause.FAILED if end is not None:
            return end.reason, end.message
        case IncidentCause.ROLLED_BACK if trigger is not None:
            return trigger.reason, trigger.message
        case IncidentCause.HELD if course.held:
            return course.held[-1].reason, course.held[-1].message
        case _:
            return None, ""


def failed_step(course: Course) -> str | None:
    """The step that failed last, else the one at which it was stopped."""
    failed = [step.id for step in course.steps if step.state is StepState.FAILED]
    if failed:
        return failed[-1]
    return course.held[-1].step if course.held else None


WENT_ON = {Phase.COMPLETED, Phase.SUPERSEDED, Phase.ROLLED_BACK}
"""Ends of an attempt that was only held: the last is that of a rehearsal that went as planned."""


def needs_fix(cause: IncidentCause | None, outcome: Phase | None) -> bool:
    """Whether the version has not come through, so that another one has to."""
    return cause is not IncidentCause.HELD or outcome not in WENT_ON
