"""An Incident as a Markdown document for the post-mortem (R6.3); pure.

Used by `kubectl release incident show -o markdown`. What people have not written yet is asked for
in the document, so that it is complete when every such line has gone.
"""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import NamedTuple

from release_coordinator.api.base import parse_moment
from release_coordinator.api.codec import IncidentObject
from release_coordinator.api.incident import FollowUpState, IncidentSpec, IncidentStatus
from release_coordinator.text import one_line

LONG = 4096


class Entry(NamedTuple):
    """One line of the timeline."""

    at: datetime
    action: str
    owner: str


def timeline(spec: IncidentSpec, status: IncidentStatus) -> list[Entry]:
    """What happened and what people did, oldest first."""
    entries = [Entry(event.at, event.action, event.owner) for event in status.timeline]
    entries += [Entry(parse_moment(note.at), note.action, note.owner) for note in spec.timeline]
    return sorted(entries, key=lambda entry: entry.at)


def duration(status: IncidentStatus) -> str:
    """How long it took from its detection until it was resolved; empty before that."""
    if status.detected_at is None or status.resolved_at is None:
        return ""
    minutes = max(0, int((status.resolved_at - status.detected_at).total_seconds() // 60))
    days, hours = divmod(minutes // 60, 24)
    parts = ((days, "d"), (hours, "h"), (minutes % 60, "min"))
    return " ".join(f"{count} {unit}" for count, unit in parts if count) or "less than a minute"


def markdown(incident: IncidentObject) -> str:
    """The whole document. Raises ValueError for an Incident whose spec cannot be read."""
    spec, status = incident.spec, incident.status
    if spec is None:
        raise ValueError("; ".join(str(fault) for fault in incident.faults))
    lines = [f"# Incident: {_cell(spec.title)}", "", *_facts(incident, spec, status), ""]
    lines += ["## Impact", "", _text(spec.impact, "who noticed what, and how many"), ""]
    lines += ["## What happened", "", *_happened(status), ""]
    lines += ["## Timeline", "", *_timeline(spec, status), ""]
    lines += ["## Root cause", "", _text(spec.root_cause, "why it happened"), ""]
    lines += ["## Prevention", "", _text(spec.prevention, "what keeps it from happening again"), ""]
    lines += ["## Fix for the next release", "", *_fix(incident, spec, status)]
    return "\n".join(lines) + "\n"


def _facts(incident: IncidentObject, spec: IncidentSpec, status: IncidentStatus) -> Iterator[str]:
    step = f"{status.previous_version or 'nothing'} -> {status.version}" if status.version else ""
    attempt = f", attempt {spec.attempt}" if spec.attempt is not None else ""
    rows = {
        "Id": f"{incident.namespace}/{incident.name}",
        "Release": f"{spec.release}{f' {step}' if step else ''}{attempt}",
        "Detected": _moment(status.detected_at),
        "Resolved": _moment(status.resolved_at),
        "Took": duration(status),
        "Severity": status.severity or spec.severity or "",
        "Status": spec.state,
        "Decision": status.decision or spec.decision or "",
    }
    yield "| | |"
    yield "|---|---|"
    for name, value in rows.items():
        yield f"| {name} | {_cell(value) or '-'} |"


def _happened(status: IncidentStatus) -> Iterator[str]:
    rows = {
        "Cause of the incident": status.cause,
        "End of the attempt": status.outcome,
        "Reason": status.reason,
        "Found": status.message,
        "Step": status.failed_step,
        "Record": status.record,
        "Chart of what was watched": f"`{status.chart}`" if status.chart else "",
    }
    told = [f"- {name}: {_plain(value)}" for name, value in rows.items() if value]
    yield from told or ["Nothing that the operator has seen."]


def _timeline(spec: IncidentSpec, status: IncidentStatus) -> Iterator[str]:
    yield "| Time | Action | Owner |"
    yield "|---|---|---|"
    for entry in timeline(spec, status):
        yield f"| {_moment(entry.at)} | {_cell(entry.action)} | {_cell(entry.owner) or '-'} |"


def _fix(incident: IncidentObject, spec: IncidentSpec, status: IncidentStatus) -> Iterator[str]:
    yield _text(spec.fix, "what is corrected before the version comes again")
    follow_up = status.follow_up
    if follow_up is None:
        return
    yield ""
    match follow_up.state:
        case FollowUpState.DONE:
            yield f"Done: {follow_up.version} brought it."
        case FollowUpState.PLANNED:
            yield f"Planned: {follow_up.version} brings it."
        case FollowUpState.OPEN:
            yield f"Open: no release names it yet (`spec.fixes: [{incident.name}]`)."
        case FollowUpState.NOT_NEEDED:
            yield "Not needed: the version went through, or another one took its place."


def _text(written: str, asked: str) -> str:
    """Paragraphs as people wrote them; what is missing is asked for."""
    return written.strip() or f"*To be written: {asked}.*"


def _moment(at: datetime | None) -> str:
    return f"{at.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC" if at else ""


def _plain(text: str) -> str:
    """Text from outside on one line."""
    return one_line(text, LONG)


def _cell(text: str) -> str:
    """Text from outside that cannot end a cell, or begin anything of Markdown's own."""
    return _plain(text).replace("\\", "\\\\").replace("|", "\\|").replace("<", "&lt;")
