"""What there is to tell of one attempt: the news that people who release, or wait for it, want.

    attempt under way | record of one that has ended -> Course -> news

What has happened is told whenever it is found, also of attempts that have ended. What asks somebody
to act is told only while it is still asked. Used by `engine.announcing`.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from release_coordinator.api.attempt import (
    Attempt,
    End,
    Gate,
    GateState,
    Hold,
    Role,
    Step,
    StepState,
    Trigger,
)
from release_coordinator.api.base import format_time
from release_coordinator.api.channel import Event
from release_coordinator.api.checklist import GateName
from release_coordinator.api.codec import ReleaseObject
from release_coordinator.api.conditions import Phase, Reason
from release_coordinator.api.notification import NOTES_LIMIT, Facts
from release_coordinator.api.record import RecordSpec
from release_coordinator.api.release import ReleaseType
from release_coordinator.api.revert import Revert

from .context import shorten
from .describe import how_to_resume, who_acts, work_of
from .gates.sign_off import PREFIX

CHECKING = ("gates", "gate/")
"""Steps that change nothing and prepare nothing."""
_ENDINGS = {
    Phase.COMPLETED: Event.COMPLETED,
    Phase.ROLLED_BACK: Event.ROLLED_BACK,
    Phase.ROLLBACK_FAILED: Event.ROLLBACK_FAILED,
    Phase.FAILED: Event.FAILED,
}
"""Of an attempt that is superseded the next one tells; one that ends held was told as held."""
_MENDERS = (
    ("prepare/confirm", Role.RELEASE_MANAGER),
    ("migrate/", Role.DEVELOPER),
    ("undo/migrate/", Role.DEVELOPER),
    ("schema/", Role.DEVELOPER),
    ("verify/health", Role.DEVOPS),
    ("undo/verify/health", Role.DEVOPS),
    ("verify/", Role.QA),
    ("undo/verify/", Role.QA),
    ("watch", Role.DEVELOPER),
)
"""Who looks at a failed step first, as `describe.ADVICE` says too; else the DevOps engineer."""


@dataclass(frozen=True, slots=True)
class Course:
    """An attempt as far as it is told of."""

    namespace: str
    release: str
    uid: str
    number: int
    version: str
    previous: str
    type: ReleaseType | None
    started_at: datetime
    gates: tuple[Gate, ...]
    steps: tuple[Step, ...]
    trigger: Trigger | None
    end: End | None
    """Once the record is written."""
    hold: Hold | None = None
    resume: str = ""
    """How a person ends the hold."""
    notes: str = ""
    """Release notes as they were published."""
    revert: Revert | None = None
    """What takes it out of Git again, if it was rolled back."""
    asks: bool = False
    """Somebody may still act: it is the present attempt, and under way."""


@dataclass(frozen=True, slots=True)
class News:
    """One thing to tell."""

    event: Event
    key: str
    """What makes it this news and no other, within its attempt."""
    at: datetime
    facts: Facts
    since: datetime | None = None
    """For what is asked of somebody: since when, at the earliest. It is told however old it is."""
    revert: Revert | None = None
    """For programs that write to Git."""


def present(release: ReleaseObject) -> Course | None:
    """The attempt that a Release is about now."""
    attempt = release.status.attempt
    if attempt is None or release.journal_fault:
        return None
    return Course(
        release.namespace,
        release.name,
        release.uid,
        attempt.number,
        attempt.version,
        attempt.previous_version or "",
        attempt.type,
        attempt.started_at,
        tuple(attempt.gates),
        tuple(attempt.steps),
        attempt.trigger,
        attempt.end if attempt.recorded else None,
        attempt.hold,
        _resume(attempt, release),
        asks=attempt.end is None,
    )


def recorded(namespace: str, record: RecordSpec) -> Course:
    """An attempt that has ended."""
    return Course(
        namespace,
        record.release,
        record.release_uid,
        record.attempt,
        record.version,
        record.previous_version or "",
        record.type,
        record.started_at,
        (),
        tuple(record.timeline),
        record.rollback,
        End(
            outcome=record.outcome,
            reason=record.reason,
            message=shorten(record.message, 512),
            at=record.ended_at,
        ),
        notes=record.notes.text if record.notes else "",
    )


def news(course: Course, now: datetime) -> Iterator[News]:
    """Everything there is to tell, in the order in which it happens."""
    if course.asks:
        yield from _asked(course, now)
    yield from _begun(course)
    yield from _failed(course)
    if course.trigger is not None and course.trigger.reason is not Reason.REHEARSAL:
        yield _turned(course, course.trigger)
    if course.hold is not None and course.asks:
        yield _held(course, course.hold)
    if course.end is not None and course.end.outcome in _ENDINGS:
        yield _ended(course, course.end)
    if course.end is not None and course.notes:
        yield _published(course, course.end)


def facts(course: Course, **of_event: str) -> Facts:
    """What is known of the attempt, and of the event."""
    known = Facts(
        version=course.version,
        previous_version=course.previous,
        type=str(course.type or ""),
    )
    limits = {"message": 1024, "impact": 1024, "command": 512, "by": 256}
    cut = {name: shorten(text, limits.get(name, 128)) for name, text in of_event.items()}
    return known.model_copy(update=cut)


def _asked(course: Course, now: datetime) -> Iterator[News]:
    for gate in course.gates:
        if gate.opens:
            continue
        told = None
        if gate.state is GateState.WAITING and gate.name == GateName.WINDOW:
            told = _window(course, gate, now)
        elif gate.state is GateState.WAITING and gate.name.startswith(PREFIX):
            told = _sign_off(course, gate, now)
        elif gate.state is GateState.FAILED:
            told = _gate(course, gate, now)
        if told is not None:
            yield told


def _window(course: Course, gate: Gate, now: datetime) -> News | None:
    if gate.next_check is None or gate.next_check <= now:
        return None
    opens = f"{gate.next_check:%Y-%m-%d %H:%M} UTC"
    told = facts(course, opens_at=opens, message=gate.message, role=gate.owner)
    key = f"window {format_time(gate.next_check)}"
    return News(Event.WINDOW_ANNOUNCED, key, now, told, course.started_at)


def _sign_off(course: Course, gate: Gate, now: datetime) -> News:
    role = gate.name.removeprefix(PREFIX)
    command = f"kubectl release approve {course.release} -n {course.namespace} --role {role}"
    told = facts(course, role=gate.owner, gate=gate.name, message=gate.message, command=command)
    # Asked anew when a signature no longer counts, or another one is needed: then the words differ.
    key = f"{gate.name} {gate.message}"
    return News(Event.SIGN_OFF_NEEDED, key, now, told, course.started_at)


def _gate(course: Course, gate: Gate, now: datetime) -> News:
    command = _explain(course)
    told = facts(course, role=gate.owner, gate=gate.name, message=gate.message, command=command)
    return News(Event.GATE_FAILED, f"gate {gate.name}", now, told, course.started_at)


def _begun(course: Course) -> Iterator[News]:
    first = next((one for one in course.steps if not one.id.startswith(CHECKING)), None)
    if first is not None:
        yield News(Event.STARTED, "started", first.started_at, facts(course))


def _failed(course: Course) -> Iterator[News]:
    for step in course.steps:
        if step.state is not StepState.FAILED:
            continue
        mender = next((who for prefix, who in _MENDERS if step.id.startswith(prefix)), Role.DEVOPS)
        told = facts(
            course,
            step=work_of(step.id)[1],
            role=mender,
            message=step.message,
            command=_explain(course),
        )
        yield News(
            Event.STEP_FAILED, f"failed {step.id}", step.finished_at or step.started_at, told
        )


def _turned(course: Course, trigger: Trigger) -> News:
    told = facts(
        course,
        reason=trigger.reason,
        message=trigger.message,
        by=trigger.by or "",
        command=f"kubectl release watch {course.release} -n {course.namespace}",
    )
    return News(Event.ROLLBACK_STARTED, "rollback", trigger.at, told)


def _held(course: Course, hold: Hold) -> News:
    command = course.resume or _explain(course)
    told = facts(course, reason=hold.reason, message=hold.message, command=command)
    return News(Event.HELD, f"hold {hold.id}", hold.since, told, hold.since)


def _ended(course: Course, end: End) -> News:
    event = _ENDINGS[end.outcome]
    if event is Event.ROLLED_BACK and end.reason is Reason.REHEARSED:
        event = Event.REHEARSED
    told = facts(
        course,
        reason=end.reason,
        role=who_acts(end.reason),
        message=end.message,
        command=_explain(course),
    )
    revert = None if event is Event.REHEARSED else course.revert
    return News(event, "end", end.at, told, revert=revert)


def _published(course: Course, end: End) -> News:
    command = f"kubectl release notes {course.release} -n {course.namespace}"
    told = facts(course, command=f"{command} --version {course.version}")
    text = course.notes.strip()
    if len(text) > NOTES_LIMIT:
        text = f"{text[: NOTES_LIMIT - 2]}\n…"
    told = told.model_copy(update={"notes": text})
    return News(Event.NOTES_PUBLISHED, "notes", end.at, told)


def _explain(course: Course) -> str:
    return f"kubectl release explain {course.release} -n {course.namespace}"


def _resume(attempt: Attempt, release: ReleaseObject) -> str:
    if not how_to_resume(attempt, release.name):
        return ""
    return f"kubectl release resume {release.name} -n {release.namespace}"
