"""The status of an Incident: what happened, what is in effect, and what is left to do.

Pure: the same incident and the same course give the same report, and the report of a later course
says all that the one of an earlier course said. Used by `controllers.incidents`.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime

from release_coordinator.api.attempt import Step, StepState
from release_coordinator.api.base import parse_moment, to_milliseconds
from release_coordinator.api.codec import IncidentObject
from release_coordinator.api.conditions import Condition, Phase, Status
from release_coordinator.api.incident import (
    EVENTS_LIMIT,
    RESOLVED,
    FollowUp,
    FollowUpState,
    IncidentEvent,
    IncidentSeverity,
    IncidentSpec,
    IncidentState,
    IncidentStatus,
)
from release_coordinator.api.policy import IncidentSeverities

from . import incidents
from .context import shorten
from .describe import work_of
from .incidents import Course

OPERATOR = "release-coordinator"
"""Owner of what nobody ordered."""
READY = "Ready"
"""The condition that nothing is left to do: see `_ready`."""
CLOSED = {FollowUpState.NOT_NEEDED, FollowUpState.DONE}
Verdict = tuple[bool, str, str]


@dataclass(frozen=True, slots=True)
class Known:
    """What the operator knows besides the incident itself."""

    course: Course | None = None
    """Of its attempt; None if it is of none, or if the status has all of it already."""
    severities: IncidentSeverities = field(default_factory=IncidentSeverities)
    planned: str | None = None
    """Version of the Release, if that names the incident in `spec.fixes`."""
    done: str | None = None
    """Version that names it and has completed."""


def report(incident: IncidentObject, known: Known, now: datetime) -> IncidentStatus:
    """The status as it should be."""
    spec, before = incident.spec, incident.status
    if spec is None:
        return before
    told = _told(incident, spec, known.course) if known.course else before
    resolved = spec.state is IncidentState.RESOLVED
    follow_up = _follow_up(incident, spec, told, known)
    stopped = known.course.stopped if known.course else told.outcome is Phase.HELD
    decided = incidents.decision_of(told.cause, stopped=stopped)
    return told.model_copy(
        update={
            "observed_generation": incident.generation,
            "severity": _severity(spec, before, told, known.severities),
            "decision": spec.decision or decided,
            "detected_at": _detected_at(incident, spec, known.course),
            "resolved_at": (before.resolved_at or now) if resolved else None,
            "follow_up": follow_up,
            "conditions": _conditions(incident, spec, follow_up, now),
        }
    )


def is_closed(incident: IncidentObject) -> bool:
    """Whether nothing is left to say of it until somebody changes it."""
    ready = any(c.type == READY and c.status is Status.TRUE for c in incident.status.conditions)
    return ready and incident.status.observed_generation == incident.generation


def _told(incident: IncidentObject, spec: IncidentSpec, course: Course) -> IncidentStatus:
    """What the course says; from its record on it is never asked for again."""
    reason, message = incidents.why(course)
    end = course.end
    return incident.status.model_copy(
        update={
            "cause": incidents.cause_of(course),
            "version": course.version,
            "previous_version": course.previous_version,
            "outcome": end.outcome if end and course.over else None,
            "reason": reason,
            "message": shorten(message, 512),
            "failed_step": incidents.failed_step(course),
            "timeline": timeline(course),
            "record": course.record,
            "chart": _chart(incident, spec, course),
        }
    )


def _chart(incident: IncidentObject, spec: IncidentSpec, course: Course) -> str:
    if not course.watched:
        return ""
    which = f"--record {course.record}" if course.record else f"--attempt {course.number}"
    return f"kubectl release chart {spec.release} -n {incident.namespace} {which}"


def _severity(
    spec: IncidentSpec, before: IncidentStatus, told: IncidentStatus, said: IncidentSeverities
) -> IncidentSeverity:
    """As people say, else as the policy says; what is resolved keeps what it had."""
    if spec.severity is not None:
        return spec.severity
    resolved = spec.state is IncidentState.RESOLVED and before.resolved_at is not None
    if resolved and before.severity is not None:
        return before.severity
    if told.cause is None:
        return IncidentSeverity.MEDIUM
    return incidents.severity_of(told.cause, said)


def _detected_at(incident: IncidentObject, spec: IncidentSpec, course: Course | None) -> datetime:
    if spec.detected_at is not None:
        return to_milliseconds(parse_moment(spec.detected_at))
    if course is not None and incidents.cause_of(course) is not None:
        return incidents.detected_at(course)
    return incident.status.detected_at or incident.created


def _follow_up(
    incident: IncidentObject, spec: IncidentSpec, told: IncidentStatus, known: Known
) -> FollowUp | None:
    """Whether the fix is planned; what was done stays done."""
    before = told.follow_up
    if before is not None and before.state is FollowUpState.DONE:
        return before
    if spec.attempt is not None and known.course is not None and told.outcome is None:
        return None  # the attempt goes on
    if known.done is not None:
        text = f"{known.done} has completed and names it"
        return FollowUp(state=FollowUpState.DONE, version=known.done, message=text)
    if known.planned is not None:
        text = f"{known.planned} names it and has not completed yet"
        return FollowUp(state=FollowUpState.PLANNED, version=known.planned, message=text)
    if not incidents.needs_fix(told.cause, told.outcome):
        return FollowUp(state=FollowUpState.NOT_NEEDED)
    text = f"the Release of the version that brings the fix names it: spec.fixes: [{incident.name}]"
    return FollowUp(state=FollowUpState.OPEN, message=shorten(text))


def _conditions(
    incident: IncidentObject, spec: IncidentSpec, follow_up: FollowUp | None, now: datetime
) -> list[Condition]:
    verdicts = {RESOLVED: _resolved(incident, spec), READY: _ready(incident, spec, follow_up)}
    known = {condition.type: condition for condition in incident.status.conditions}
    found = []
    for kind, (holds, reason, message) in verdicts.items():
        status, old = Status.TRUE if holds else Status.FALSE, known.get(kind)
        same = old is not None and old.status is status
        found.append(
            Condition(
                type=kind,
                status=status,
                reason=reason,
                message=shorten(message, 1024),
                last_transition_time=old.last_transition_time if same and old else now,
                observed_generation=incident.generation,
            )
        )
    return found


def _resolved(incident: IncidentObject, spec: IncidentSpec) -> Verdict:
    if spec.state is IncidentState.RESOLVED:
        return True, spec.state, ""
    return False, spec.state, f"To resolve it: kubectl release incident resolve {incident.name}"


def _ready(incident: IncidentObject, spec: IncidentSpec, follow_up: FollowUp | None) -> Verdict:
    """Whether nothing is left to do."""
    holds, reason, message = _resolved(incident, spec)
    if not holds:
        return holds, reason, message
    if follow_up is None:
        return False, "AttemptGoesOn", "the attempt has not ended"
    if follow_up.state in CLOSED:
        return True, spec.state, ""
    return False, f"FollowUp{follow_up.state}", follow_up.message


def timeline(course: Course) -> list[IncidentEvent]:
    """What happened in the attempt, oldest first."""
    found = sorted(_events(course), key=lambda event: event.at)
    return found[:EVENTS_LIMIT]


def _events(course: Course) -> Iterator[IncidentEvent]:
    """What happened; of what happened at the same moment the cause comes first."""
    kind = f" ({course.type})" if course.type else ""
    step = f"{course.previous_version or 'nothing'} -> {course.version}{kind}"
    yield _event(course.started_at, f"Attempt {course.number} began: {step}")
    for failed in course.steps:
        if failed.state is StepState.FAILED:
            yield _event(_ended_at(failed), f"{failed.id} failed: {failed.message}")
    for hold in course.held:
        yield _event(hold.since, f"Held ({hold.reason}): {hold.message}")
    for order in course.orders:
        said = f": {order.reason}" if order.reason else ""
        yield _event(order.at, f"{order.what} ordered{said}", order.by)
    trigger, end = course.trigger, course.end
    if trigger is not None:
        text = f"Rollback began ({trigger.reason}): {trigger.message}"
        yield _event(trigger.at, text, trigger.by or OPERATOR)
    for taken in course.steps:
        if taken.id.startswith("undo/") and taken.state is StepState.SUCCEEDED:
            yield _event(_ended_at(taken), f"{work_of(taken.id)[1]}: done")
    if end is not None:
        yield _event(end.at, f"Attempt {course.number} ended {end.outcome}: {end.message}")


def _event(at: datetime, action: str, owner: str = OPERATOR) -> IncidentEvent:
    return IncidentEvent(at=at, action=shorten(action), owner=owner)


def _ended_at(step: Step) -> datetime:
    return step.finished_at or step.started_at
