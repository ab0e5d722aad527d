"""The course of one attempt: phases, gates, steps, orders, what was watched. Pure.

The same for an attempt under way, from the journal, and for one that has ended, from its record.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from release_coordinator.api.attempt import Attempt, End, Gate, Step, StepState
from release_coordinator.api.checklist import Enforcement
from release_coordinator.api.conditions import Phase
from release_coordinator.api.record import RecordSpec
from release_coordinator.cli import story
from release_coordinator.cli.story import PhaseRow, RowState
from release_coordinator.engine.describe import work_of

from .wording import Badge, Moment, Tone, brief, gate_badge, phase_name, row_badge, said

_STEPS = {
    StepState.RUNNING: Badge("running", Tone.BUSY),
    StepState.SUCCEEDED: Badge("done", Tone.GOOD),
    StepState.FAILED: Badge("failed", Tone.BAD),
}


@dataclass(frozen=True, slots=True)
class StepView:
    """One step of the timeline."""

    text: str
    id: str
    badge: Badge
    started: Moment
    took: str
    message: str


@dataclass(frozen=True, slots=True)
class PhaseView:
    """One phase."""

    name: str
    badge: Badge
    took: str
    steps: tuple[StepView, ...]
    is_current: bool


@dataclass(frozen=True, slots=True)
class GateView:
    """One gate of the checklist."""

    name: str
    badge: Badge
    owner: str
    message: str
    evidence: str
    next_check: Moment | None
    is_shut: bool
    enforcement: str
    """Empty where it is required, as usual."""


@dataclass(frozen=True, slots=True)
class OrderView:
    """An order of a person that was obeyed."""

    what: str
    by: str
    at: Moment
    reason: str


@dataclass(frozen=True, slots=True)
class Course:
    """What happened in an attempt."""

    number: int
    version: str
    previous: str
    kind: str
    started: Moment
    ended: Moment | None
    took: str
    phases: tuple[PhaseView, ...]
    gates: tuple[GateView, ...]
    orders: tuple[OrderView, ...]
    trigger: str
    """Why it was rolled back; empty if it was not."""
    hold: str
    downtime: str
    rehearsal: bool

    @property
    def shut(self) -> tuple[GateView, ...]:
        """The gates that hold it up."""
        return tuple(gate for gate in self.gates if gate.is_shut)

    @property
    def shut_owners(self) -> tuple[tuple[str, tuple[GateView, ...]], ...]:
        """The same, by who must act."""
        owners = dict.fromkeys(gate.owner for gate in self.shut)
        return tuple((o, tuple(gate for gate in self.shut if gate.owner == o)) for o in owners)

    @property
    def timeline(self) -> tuple[StepView, ...]:
        """Every step, newest first."""
        steps = [step for phase in self.phases for step in phase.steps]
        return tuple(sorted(steps, key=lambda step: step.started.at, reverse=True))


def course_of(attempt: Attempt, now: datetime, *, suspended: bool = False) -> Course:
    """The course of an attempt until now; `suspended`: the Release is in that phase."""
    rows = story.rows_of(attempt, now, suspended=suspended)
    end = attempt.end
    until = end.at if end else now
    return Course(
        number=attempt.number,
        version=attempt.version,
        previous=attempt.previous_version or "",
        kind=str(attempt.type or ""),
        started=Moment(attempt.started_at, now),
        ended=Moment(end.at, now) if end else None,
        took=brief((until - attempt.started_at).total_seconds()),
        phases=tuple(_phase(row, attempt, now) for row in rows),
        gates=tuple(_gates(attempt.gates, now, ended=end is not None)),
        orders=tuple(
            OrderView(str(one.what), said(one.by), Moment(one.at, now), said(one.reason))
            for one in attempt.orders
        ),
        trigger=said(attempt.trigger.message) if attempt.trigger else "",
        hold=said(attempt.hold.message) if attempt.hold else "",
        downtime=_downtime(attempt, until),
        rehearsal=attempt.rehearsal,
    )


def attempt_of(record: RecordSpec) -> Attempt:
    """The journal of an attempt that has ended, as far as its record keeps it."""
    return Attempt(
        number=record.attempt,
        digest=record.digest,
        spec_digest=record.digest,  # nobody compares it: the record has its own plan
        generation=0,
        version=record.version,
        previous_version=record.previous_version,
        type=record.type,
        started_at=record.started_at,
        frozen=record.plan is not None,
        gates=record.gates,
        steps=record.timeline,
        measurements=record.measurements,
        downtime=record.downtime,
        trigger=record.rollback,
        orders=record.orders,
        end=End(
            outcome=record.outcome,
            reason=record.reason,
            message=record.message[:512],
            at=record.ended_at,
        ),
        recorded=True,
    )


def _phase(row: PhaseRow, attempt: Attempt, now: datetime) -> PhaseView:
    return PhaseView(
        name=phase_name(Phase(row.phase)),
        badge=row_badge(row.state),
        took="" if row.seconds is None else brief(row.seconds),
        steps=tuple(_step(step, attempt, now) for step in row.steps),
        is_current=row.state in (RowState.RUNNING, RowState.HELD, RowState.SUSPENDED),
    )


def _step(step: Step, attempt: Attempt, now: datetime) -> StepView:
    return StepView(
        text=said(work_of(step.id)[1]),
        id=step.id,
        badge=_STEPS[step.state],
        started=Moment(step.started_at, now),
        took=brief(story.seconds_of(step, attempt, now)),
        message=said(step.message),
    )


def _gates(gates: Iterable[Gate], now: datetime, *, ended: bool) -> Iterable[GateView]:
    """Those that are shut first; how it was when the attempt ended holds nothing up any more."""
    for gate in sorted(gates, key=lambda one: one.opens):
        required = gate.enforcement is Enforcement.REQUIRED
        waiver = f"; waived by {gate.waiver.by}: {gate.waiver.comment}" if gate.waiver else ""
        yield GateView(
            name=said(gate.name),
            badge=gate_badge(gate.state, waived=gate.waiver is not None),
            owner=said(gate.owner),
            message=said(f"{gate.message}{waiver}"),
            evidence=said(gate.evidence),
            next_check=Moment(gate.next_check, now) if gate.next_check and not ended else None,
            is_shut=not gate.opens and not ended,
            enforcement="" if required else gate.enforcement.value,
        )


def _downtime(attempt: Attempt, until: datetime) -> str:
    if attempt.downtime is None:
        return ""
    return brief(attempt.downtime.until(until).seconds)
