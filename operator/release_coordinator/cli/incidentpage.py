"""Incidents as people read them in a terminal: a table of them, one of them, its timeline. Pure.

Used by `cli.commands.incident`.
"""

from collections.abc import Iterator, Sequence
from datetime import datetime

from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from release_coordinator.api.base import format_time
from release_coordinator.api.codec import IncidentObject
from release_coordinator.api.faults import told
from release_coordinator.api.incident import FollowUpState, IncidentSpec, IncidentState
from release_coordinator.render import postmortem

from .advice import Action
from .tables import actions, new_table
from .words import ago, plain, word


def listing(
    found: Sequence[IncidentObject], now: datetime, *, everywhere: bool = False, wide: bool = False
) -> Table:
    """One line for each."""
    where = ("NAMESPACE",) if everywhere else ()
    more = ("RESOLVED", "FOLLOW-UP", "DECISION") if wide else ()
    columns = (*where, "NAME", "VERSION", "SEVERITY", "STATE", "DETECTED", *more, "TITLE")
    table = new_table(*columns, words="TITLE")
    for incident in found:
        table.add_row(*_row(incident, now, everywhere=everywhere, wide=wide))
    return table


def _row(
    incident: IncidentObject, now: datetime, *, everywhere: bool, wide: bool
) -> Iterator[Text | str]:
    spec, status = incident.spec, incident.status
    if everywhere:
        yield incident.namespace
    yield incident.name
    yield status.version or ""
    yield word(status.severity or (spec and spec.severity) or "")
    yield word(spec.state if spec else "unreadable")
    yield ago(status.detected_at or incident.created, now)
    if wide:
        yield ago(status.resolved_at, now) if status.resolved_at else ""
        yield word(status.follow_up.state if status.follow_up else "")
        yield status.decision or ""
    yield plain(spec.title if spec else told(incident.faults))


def page(incident: IncidentObject, now: datetime) -> RenderableType:
    """Everything of one; what nobody has written is left out, and asked for at the end."""
    spec = incident.spec
    if spec is None:
        return plain(told(incident.faults))
    parts: list[RenderableType] = [_header(incident, spec, now)]
    for title, body in _sections(incident, spec):
        parts += [Text(), Text(title, style="bold"), Padding(body, (0, 0, 0, 2))]
    todo = todo_of(incident, spec)
    if todo:
        parts += [Text(), Text("What you can do", style="bold"), actions(todo)]
    return Group(*parts)


def timeline(incident: IncidentObject) -> Table:
    """What happened and what people did."""
    table = new_table("TIME", "ACTION", "OWNER", words="ACTION")
    if incident.spec is not None:
        for entry in postmortem.timeline(incident.spec, incident.status):
            at = format_time(entry.at)[:19].replace("T", " ")
            table.add_row(at, plain(entry.action), plain(entry.owner))
    return table


def _header(incident: IncidentObject, spec: IncidentSpec, now: datetime) -> Table:
    status = incident.status
    grid = Table.grid(padding=(0, 2))
    grid.add_column(style="dim", no_wrap=True)
    grid.add_column(overflow="fold")
    grid.add_row("Incident", plain(f"{incident.namespace}/{incident.name}"))
    grid.add_row("Title", plain(spec.title))
    grid.add_row("Release", plain(_release(incident, spec)))
    grid.add_row("State", word(spec.state))
    grid.add_row("Severity", word(status.severity or spec.severity or "as the policy says"))
    grid.add_row("Decision", status.decision or spec.decision or "none yet")
    detected = status.detected_at or incident.created
    grid.add_row("Detected", f"{format_time(detected)}, {ago(detected, now)}")
    if status.resolved_at is not None:
        took = postmortem.duration(status)
        grid.add_row("Resolved", f"{format_time(status.resolved_at)}, after {took}")
    if status.message:
        reason = f" ({status.reason})" if status.reason else ""
        grid.add_row("Found", plain(f"{status.message}{reason}"))
    if status.failed_step:
        grid.add_row("Failed step", plain(status.failed_step))
    if status.record:
        grid.add_row("Record", plain(status.record))
    if status.observed_generation != incident.generation:
        grid.add_row("", Text("The operator has not seen the last edit yet.", style="yellow"))
    return grid


def _release(incident: IncidentObject, spec: IncidentSpec) -> str:
    status = incident.status
    text = spec.release
    if status.version:
        text += f" {status.previous_version or 'nothing'} -> {status.version}"
    if spec.attempt is not None:
        text += f", attempt {spec.attempt}"
    return f"{text}, {status.outcome}" if status.outcome else text


def _sections(incident: IncidentObject, spec: IncidentSpec) -> Iterator[tuple[str, RenderableType]]:
    if spec.impact:
        yield "Impact", _paragraphs(spec.impact)
    yield "Timeline", timeline(incident)
    texts = {"Root cause": spec.root_cause, "Prevention": spec.prevention, "Fix": spec.fix}
    for title, text in texts.items():
        if text:
            yield title, _paragraphs(text)
    follow_up = incident.status.follow_up
    if follow_up is not None:
        said = word(follow_up.state)
        yield "Follow-up", said.append(f"  {plain(follow_up.message)}", style="default")


def _paragraphs(text: str) -> Text:
    return Text("\n").join(plain(line) for line in text.strip().splitlines())


def todo_of(incident: IncidentObject, spec: IncidentSpec) -> list[Action]:
    """What is left to do, as commands to copy."""
    where = f"{incident.name} -n {incident.namespace}"
    said = "kubectl release incident"
    found = []
    if spec.state is not IncidentState.RESOLVED:
        if not spec.impact:
            what = "say who notices what"
            found.append(Action(what, f"{said} edit {where} --impact TEXT"))
        what = "say how far you are"
        found.append(Action(what, f"{said} edit {where} --state Identified"))
        found.append(Action("note what you do", f"{said} timeline {where} --add TEXT"))
        text = f"{said} resolve {where} --root-cause TEXT --prevention TEXT"
        found.append(Action("end it", text))
    if incident.status.chart:
        found.append(Action("see the course of what was watched", incident.status.chart))
    follow_up = incident.status.follow_up
    if follow_up is not None and follow_up.state is FollowUpState.OPEN and not spec.fix:
        what = "plan the fix for the next release"
        found.append(Action(what, f"{said} edit {where} --fix TEXT"))
    if spec.state is IncidentState.RESOLVED:
        text = f"{said} show {where} -o markdown > {incident.name}.md"
        found.append(Action("write the post-mortem", text))
    return found
