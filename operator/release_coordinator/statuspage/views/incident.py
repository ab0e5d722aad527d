"""Incidents: a list, open ones first, and one with its timeline. Pure."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from release_coordinator.api.base import parse_moment
from release_coordinator.api.codec import IncidentObject
from release_coordinator.api.incident import (
    FollowUpState,
    IncidentDecision,
    IncidentSeverity,
    IncidentState,
)

from .wording import Badge, Moment, Tone, brief, said

PAGE = 50
"""Incidents on one page; the newest are shown."""
TEXT = 4096
"""Characters of what people write about cause and prevention."""

_SEVERITIES = {
    IncidentSeverity.CRITICAL: Tone.BAD,
    IncidentSeverity.HIGH: Tone.BAD,
    IncidentSeverity.MEDIUM: Tone.WAIT,
}
_STATES = {
    IncidentState.INVESTIGATING: Badge("Investigating", Tone.BAD),
    IncidentState.IDENTIFIED: Badge("Identified", Tone.WAIT),
    IncidentState.MITIGATING: Badge("Mitigating", Tone.WAIT),
    IncidentState.RESOLVED: Badge("Resolved", Tone.GOOD),
}
_DECISIONS = {
    IncidentDecision.CONTINUE_WITH_FIX: "Continue with a fix",
    IncidentDecision.PAUSE: "Pause",
    IncidentDecision.ROLLBACK: "Roll back",
}
_FOLLOW_UPS = {
    FollowUpState.NOT_NEEDED: Badge("not needed", Tone.CALM),
    FollowUpState.OPEN: Badge("open", Tone.WAIT),
    FollowUpState.PLANNED: Badge("planned", Tone.BUSY),
    FollowUpState.DONE: Badge("done", Tone.GOOD),
}


@dataclass(frozen=True, slots=True)
class IncidentRow:
    """An incident in a list."""

    namespace: str
    name: str
    release: str
    title: str
    severity: Badge
    state: Badge
    version: str
    detected: Moment
    lasted: str
    """From the detection to the resolution, or until now."""
    is_open: bool

    @property
    def key(self) -> str:
        """As one word."""
        return f"{self.namespace}/{self.name}"


@dataclass(frozen=True, slots=True)
class Entry:
    """A line of the timeline."""

    at: Moment
    action: str
    owner: str


@dataclass(frozen=True, slots=True)
class IncidentPage:
    """One incident."""

    row: IncidentRow
    impact: str
    decision: str
    message: str
    failed_step: str
    record: str
    root_cause: str
    prevention: str
    fix: str
    follow_up: Badge | None
    follow_up_text: str
    timeline: tuple[Entry, ...]
    missing: tuple[str, ...]
    """What must be written before it can be resolved."""


@dataclass(frozen=True, slots=True)
class IncidentList:
    """All incidents, as many as fit."""

    rows: tuple[IncidentRow, ...]
    open: int
    total: int


def list_of(incidents: Sequence[IncidentObject], now: datetime) -> IncidentList:
    """Open ones first, then the newest."""
    rows = rows_of(incidents, now)
    return IncidentList(rows[:PAGE], sum(row.is_open for row in rows), len(rows))


def rows_of(incidents: Iterable[IncidentObject], now: datetime) -> tuple[IncidentRow, ...]:
    """Open ones first, then the newest."""
    rows = (_row(one, now) for one in incidents)
    return tuple(sorted(rows, key=lambda row: (not row.is_open, -row.detected.at.timestamp())))


def page_of(incident: IncidentObject, now: datetime) -> IncidentPage:
    """One incident."""
    spec, status = incident.spec, incident.status
    decision = (spec.decision if spec else None) or status.decision
    follow = status.follow_up
    return IncidentPage(
        row=_row(incident, now),
        impact=said(spec.impact) if spec else "",
        decision=_DECISIONS[decision] if decision else "",
        message=said(status.message),
        failed_step=said(status.failed_step or ""),
        record=status.record or "",
        root_cause=_text(spec.root_cause) if spec else "",
        prevention=_text(spec.prevention) if spec else "",
        fix=_text(spec.fix) if spec else "",
        follow_up=_FOLLOW_UPS[follow.state] if follow else None,
        follow_up_text=said(follow.message) if follow else "",
        timeline=tuple(_timeline(incident, now)),
        missing=tuple(_missing(incident)),
    )


def _row(incident: IncidentObject, now: datetime) -> IncidentRow:
    spec, status = incident.spec, incident.status
    severity = (spec.severity if spec else None) or status.severity
    state = spec.state if spec else None
    is_open = state is not IncidentState.RESOLVED
    detected = _told(incident) or status.detected_at or incident.created
    until = now if is_open else status.resolved_at or now
    unknown = Badge("not known", Tone.CALM)
    return IncidentRow(
        namespace=incident.namespace,
        name=incident.name,
        release=spec.release if spec else "",
        title=said(spec.title, 256) if spec else "cannot be read",
        severity=Badge(severity.value, _SEVERITIES[severity]) if severity else unknown,
        state=_STATES[state] if state else Badge("Unreadable", Tone.BAD),
        version=status.version or "",
        detected=Moment(detected, now),
        lasted=brief((until - detected).total_seconds()),
        is_open=is_open,
    )


def _told(incident: IncidentObject) -> datetime | None:
    """When people say it was noticed."""
    said_at = incident.spec.detected_at if incident.spec else None
    return parse_moment(said_at) if said_at else None


def _timeline(incident: IncidentObject, now: datetime) -> list[Entry]:
    """What the operator saw and what people wrote, in order."""
    notes = incident.spec.timeline if incident.spec else []
    seen = [(one.at, one.action, one.owner) for one in incident.status.timeline]
    told = [(parse_moment(one.at), one.action, one.owner) for one in notes]
    entries = [Entry(Moment(at, now), said(what), said(who)) for at, what, who in (*seen, *told)]
    return sorted(entries, key=lambda entry: entry.at.at)


def _missing(incident: IncidentObject) -> Iterable[str]:
    spec = incident.spec
    if spec is None or spec.state is IncidentState.RESOLVED:
        return
    if not spec.root_cause.strip():
        yield "root cause"
    if not spec.prevention.strip():
        yield "prevention"


def _text(text: str) -> str:
    """What may have several lines; each is made safe."""
    return "\n".join(said(line, TEXT) for line in text[:TEXT].splitlines())
