"""A ReleaseRecord as a Markdown document that an auditor reads without a cluster; pure.

Used by `kubectl release history -o markdown`. It leaves out nothing that the record says: what is
not in a table is in the plan at its end.
"""

from collections.abc import Iterator

import yaml

from release_coordinator.api.attempt import Gate, GateState, Step
from release_coordinator.api.checklist import Enforcement
from release_coordinator.api.measurement import Measurement
from release_coordinator.api.record import RecordSpec
from release_coordinator.api.release import Component, ReleaseSpec

from .mdtext import block, cell, moment, seconds, table


def markdown(namespace: str, name: str, record: RecordSpec) -> str:
    """The whole document."""
    step = f"{record.previous_version or 'nothing'} -> {record.version}"
    title = f"# {record.release} {step}: {record.outcome}"
    lines = [title, "", f"{cell(record.message)}.", "", *_facts(namespace, name, record)]
    for heading, body in _sections(record):
        lines += ["", f"## {heading}", "", *body]
    return "\n".join(lines) + "\n"


def _facts(namespace: str, name: str, record: RecordSpec) -> Iterator[str]:
    policy = record.policy.name or "built-in"
    relaxed = f"; relaxed: {'; '.join(record.policy.relaxed)}" if record.policy.relaxed else ""
    before = record.previous
    follows = f"{before.name} ({before.digest or 'digest not known'})" if before else "none"
    rows = {
        "Release": f"{namespace}/{record.release} (UID {record.release_uid})",
        "Record": name,
        "Attempt": record.attempt,
        "Type": record.type,
        "Outcome": f"{record.outcome} ({record.reason})",
        "Began": moment(record.started_at),
        "First change": moment(record.changed_at),
        "Ended": moment(record.ended_at),
        "Took": seconds(record.duration_seconds),
        "Downtime": _downtime(record),
        "Policy": policy + relaxed,
        "Backup": record.backup,
        "Incident": record.incident,
        "Rehearsal": "yes" if record.rehearsal else "no",
        "Way back kept in": record.revision,
        "Digest of the plan": record.digest,
        "Digest of artifacts": record.artifact_digest,
        "Digest of this record": record.record_digest,
        "Record before this one": follows,
    }
    return table(("", ""), rows.items())


def _downtime(record: RecordSpec) -> str:
    down = record.downtime
    if down is None:
        return ""
    text = seconds(down.seconds)
    text += f" ({down.component})" if down.component and down.seconds else ""
    measured = down.measured_seconds
    return text if measured is None else f"{text}; {seconds(measured)} by the availability metric"


def _sections(record: RecordSpec) -> Iterator[tuple[str, Iterator[str]]]:
    yield "Gates", _gates(record)
    if record.plan is not None:
        yield "Components", _components(record.plan)
        yield "Migrations", _migrations(record.plan)
    yield "Timeline", _timeline(record)
    yield "Measurements", _measurements(record)
    if record.rollback is not None:
        yield "Rollback", _rollback(record)
    yield "Holds", _holds(record)
    yield "Orders of people", _orders(record)
    if record.fixes:
        yield "Fixes", (f"- Incident {cell(name)}" for name in record.fixes)
    if record.notes is not None:
        yield "Release notes", _notes(record)
    yield "Requirements", _requirements(record)
    yield "Plan", _plan(record)


def _gates(record: RecordSpec) -> Iterator[str]:
    head = ("Gate", "Verdict", "Owner", "Found", "Evidence", "Waited")
    return table(head, (_gate(gate) for gate in record.gates))


def _gate(gate: Gate) -> tuple[str, ...]:
    verdict = str(gate.state)
    found = gate.message
    if gate.waiver is not None and gate.state is not GateState.PASSED:
        said = gate.waiver
        verdict = f"Waived ({verdict})"
        found = f"waived by {said.by}: {said.comment} (Approval {said.approval}); {found}"
    if gate.enforcement is not Enforcement.REQUIRED:
        verdict += f", {gate.enforcement}"
    waited = seconds(gate.waited_seconds) if gate.waited_seconds else ""
    return gate.name, verdict, gate.owner, found, gate.evidence, waited


def _components(plan: ReleaseSpec) -> Iterator[str]:
    head = ("Component", "Workload", "Strategy", "After", "Images")
    return table(head, (_component(one) for one in plan.components))


def _component(one: Component) -> tuple[str, ...]:
    images = ", ".join(f"{name}={image}" for name, image in one.images.items())
    return one.name, str(one.target), str(one.strategy.type), ", ".join(one.depends_on), images


def _migrations(plan: ReleaseSpec) -> Iterator[str]:
    head = ("Migration", "Reversibility", "Image")
    return table(head, ((m.name, m.reversibility, m.up.image) for m in plan.migrations))


def _timeline(record: RecordSpec) -> Iterator[str]:
    head = ("Began", "Took", "Step", "State", "Found", "Object")
    return table(head, (_step(step) for step in record.timeline))


def _step(step: Step) -> tuple[str, ...]:
    took = (step.finished_at - step.started_at).total_seconds() if step.finished_at else None
    found = f"{step.message} (run again {step.retries} times)" if step.retries else step.message
    marks = [f"UID {step.uid}" if step.uid else "", f"hash {step.hash}" if step.hash else ""]
    about = ", ".join(filter(None, marks))
    return moment(step.started_at), seconds(took), step.id, str(step.state), found, about


def _measurements(record: RecordSpec) -> Iterator[str]:
    head = ("Watched", "Verdict", "Baseline", "Last", "Samples", "Bad", "Found", "Course")
    return table(head, (_measurement(one) for one in record.measurements))


def _measurement(one: Measurement) -> tuple[object, ...]:
    accepted = " (accepted by a person)" if one.accepted or one.silence_accepted else ""
    verdict = f"{one.verdict}{accepted}"
    course = ""
    if one.history is not None:
        values = " ".join("?" if v is None else f"{v:g}" for v in one.history.values)
        every = seconds(one.history.step)
        course = f"from {moment(one.history.since)}, every {every}: {values}"
    baseline, value = (None if v is None else f"{v:g}" for v in (one.baseline, one.value))
    return one.metric, verdict, baseline, value, one.samples, one.breaches, one.message, course


def _rollback(record: RecordSpec) -> Iterator[str]:
    why = record.rollback
    if why is None:
        return
    by = f", ordered by {why.by}" if why.by else ""
    cause = f" ({why.cause})" if why.cause else ""
    yield f"Decided {moment(why.at)}{cell(by) if by else ''}: {cell(why.message)}{cause}."
    if why.comment:
        yield f"Comment: {cell(why.comment)}."


def _holds(record: RecordSpec) -> Iterator[str]:
    rows = ((moment(h.since), h.id, h.reason, h.step, h.message) for h in record.held)
    yield from table(("Since", "Hold", "Reason", "Step", "What happened"), rows)
    if record.holds > len(record.held):
        yield ""
        yield f"In all {record.holds}; the record keeps the last ones."


def _orders(record: RecordSpec) -> Iterator[str]:
    rows = ((moment(one.at), one.what, one.by, one.reason) for one in record.orders)
    return table(("Obeyed", "Order", "By", "Reason"), rows)


def _notes(record: RecordSpec) -> Iterator[str]:
    notes = record.notes
    if notes is None:
        return
    yield f"From ConfigMap {cell(notes.config_map)}, key {cell(notes.key)}, {cell(notes.digest)}."
    if notes.problem:
        yield f"{cell(notes.problem)}."
    if notes.text:
        yield ""
        yield from block(notes.text, "markdown")
    if notes.cut:
        yield "The document says more."


def _requirements(record: RecordSpec) -> Iterator[str]:
    if record.requirements is None:
        return iter(["Not recorded: the attempt ended before its plan was."])
    return block(_yaml(record.requirements.to_wire()), "yaml")


def _plan(record: RecordSpec) -> Iterator[str]:
    if record.plan is None:
        return iter(["Not recorded: the attempt ended before its plan was."])
    return block(_yaml(record.plan.to_wire()), "yaml")


def _yaml(value: object) -> str:
    return str(yaml.safe_dump(value, sort_keys=False, allow_unicode=True, width=100))
