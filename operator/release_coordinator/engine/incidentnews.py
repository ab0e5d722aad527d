"""What there is to tell of an Incident: it was opened; state, severity or decision has changed.

Used by `engine.announcing`; pure. Nothing is told before the operator has looked at what people
have written: until then severity and decision are not known.
"""

from datetime import datetime

from release_coordinator.api.base import format_time
from release_coordinator.api.channel import Event
from release_coordinator.api.codec import IncidentObject
from release_coordinator.api.incident import RESOLVED, IncidentSpec, IncidentState

from .news import Course, News, facts


def is_known(incident: IncidentObject) -> bool:
    """Whether it can be read, and the operator has looked at it as it is now."""
    return incident.spec is not None and incident.status.observed_generation == incident.generation


def course_of(incident: IncidentObject) -> Course:
    """As much of its attempt as it says itself."""
    spec, status = _spec(incident), incident.status
    return Course(
        namespace=incident.namespace,
        release=spec.release,
        uid=spec.release_uid or "",
        number=spec.attempt or 0,
        version=status.version or "",
        previous=status.previous_version or "",
        type=None,
        started_at=incident.created,
        gates=(),
        steps=(),
        trigger=None,
        end=None,
    )


def news_of(incident: IncidentObject, course: Course, now: datetime) -> News:
    """Its present state; that of a resolved one is told for a day only."""
    spec, status = _spec(incident), incident.status
    severity, decision = str(status.severity or ""), str(status.decision or "")
    told = facts(
        course,
        incident=incident.name,
        severity=severity,
        state=spec.state,
        decision=decision,
        impact=spec.impact,
        reason=str(status.reason or status.cause or ""),
        message=spec.title,
        command=f"kubectl release incident show {incident.name} -n {incident.namespace}",
    )
    key = f"incident {incident.uid} {spec.state} {severity} {decision} {_turned(incident)}"
    if spec.state is IncidentState.RESOLVED and status.resolved_at is not None:
        return News(Event.INCIDENT_CHANGED, key, status.resolved_at, told)
    return News(Event.INCIDENT_CHANGED, key, now, told, incident.created)


def _turned(incident: IncidentObject) -> str:
    """When it was resolved or opened again last: what was said before is told once more then."""
    conditions = incident.status.conditions
    times = [one.last_transition_time for one in conditions if one.type == RESOLVED]
    return format_time(times[0]) if times else ""


def _spec(incident: IncidentObject) -> IncidentSpec:
    assert incident.spec is not None  # noqa: S101 - the caller asked `is_known`
    return incident.spec
