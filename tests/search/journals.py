"""Journals, numbered, in a form that leaves out what no decision can tell apart.

The clock stands still at NOW. Time passes by making everything that is remembered older, a minute
at a time and three minutes at most: no limit in the models is longer than two. Moments that
nothing compares, counts that only people read, and the report around the journal are left out.
"""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import cached_property
from typing import Any

from tests.search.parts import Numbers

from release_coordinator.api.attempt import Attempt, Gate, Measurement, Step, StepState, WatchState
from release_coordinator.api.conditions import Phase
from release_coordinator.api.status import ReleaseStatus
from release_coordinator.engine.describe import phase_of
from release_coordinator.engine.phases import confirming

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
TICK = timedelta(minutes=1)
OLDEST = NOW - 3 * TICK
FAILURES = 2
"""Breaches in a row beyond which more of them change nothing."""

Moment = Callable[[datetime | None], datetime | None]


class Journal:
    """One journal and what the search asks of it often."""

    def __init__(self, status: ReleaseStatus) -> None:
        self.status = status

    @property
    def attempt(self) -> Attempt | None:
        """The attempt it is about."""
        return self.status.attempt

    @cached_property
    def phase(self) -> Phase:
        """Where the attempt is."""
        return phase_of(self.attempt) if self.attempt else Phase.PENDING

    @cached_property
    def states(self) -> dict[str, StepState]:
        """State of each step."""
        return {step.id: step.state for step in self.attempt.steps} if self.attempt else {}

    @cached_property
    def quiet(self) -> str:
        """The journal without what alone is not worth a write (`engine.summary.material`)."""
        attempt = self.attempt
        if attempt is None or attempt.watch is None:
            return self.status.model_dump_json()
        calm = attempt.model_copy(update={"watch": WatchState(started_at=NOW)})
        return self.status.model_copy(update={"attempt": calm}).model_dump_json()


class Journals:
    """All journals that were met."""

    def __init__(self) -> None:
        self._numbers: Numbers[Journal] = Numbers()
        self._aged: dict[int, int] = {}
        self.empty = self.number(ReleaseStatus())

    def __getitem__(self, number: int) -> Journal:
        return self._numbers[number]

    def __len__(self) -> int:
        return len(self._numbers)

    def number(self, status: ReleaseStatus) -> int:
        """The number of a journal."""
        return self._keep(_canonical(status, _clamped))

    def aged(self, number: int) -> int:
        """The same journal one minute later."""
        if number not in self._aged:
            older = _canonical(self[number].status, _older)
            self._aged[number] = self._keep(older)
        return self._aged[number]

    def _keep(self, status: ReleaseStatus) -> int:
        return self._numbers.of(Journal(status), status.model_dump_json())


def _clamped(moment: datetime | None) -> datetime | None:
    return None if moment is None else max(moment, OLDEST)


def _older(moment: datetime | None) -> datetime | None:
    return None if moment is None else max(moment - TICK, OLDEST)


def _canonical(status: ReleaseStatus, when: Moment) -> ReleaseStatus:
    current = status.current and status.current.model_copy(update={"since": None})
    attempt = status.attempt and _attempt(status.attempt, when)
    suspended = status.suspension
    if suspended is not None:
        suspended = suspended.model_copy(update={"since": when(suspended.since)})
    return ReleaseStatus(attempt=attempt, current=current, suspension=suspended)


def _attempt(attempt: Attempt, when: Moment) -> Attempt:
    over = attempt.recorded
    changes: dict[str, Any] = {
        "started_at": NOW,
        "held": [],
        "orders": [order.model_copy(update={"at": NOW}) for order in attempt.orders],
        "gates": [_gate(gate) for gate in attempt.gates],
        "steps": [_step(step, when) for step in attempt.steps],
        "measurements": [] if over else [_measured(one, when) for one in attempt.measurements],
        "watch": None if over else attempt.watch and _watch(attempt.watch, when),
    }
    if attempt.hold:
        changes["hold"] = attempt.hold.model_copy(update={"since": NOW})
    if attempt.trigger:
        changes["trigger"] = attempt.trigger.model_copy(update={"at": NOW})
    if attempt.end:
        changes["end"] = attempt.end.model_copy(update={"at": NOW})
    return attempt.model_copy(update=changes)


def _gate(gate: Gate) -> Gate:
    """How long it has been shut is only told."""
    since = NOW if gate.shut_since else None
    return gate.model_copy(update={"shut_since": since, "waited_seconds": None})


def _step(step: Step, when: Moment) -> Step:
    running = step.state is StepState.RUNNING
    compared = step.id == confirming.STEP and step.finished_at is not None
    return step.model_copy(
        update={
            "started_at": when(step.started_at) if running else NOW,
            "finished_at": when(step.finished_at) if compared else None,
        }
    )


def _measured(entry: Measurement, when: Moment) -> Measurement:
    return entry.model_copy(
        update={
            "value": None,
            "samples": min(entry.samples, 1),
            "watched_seconds": min(entry.watched_seconds, TICK.total_seconds()),
            "breaches": 0,
            "successes": 0,
            "message": "",
            "history": None,
            "failures": min(entry.failures, FAILURES),
            "unknown_since": when(entry.unknown_since),
            "sampled_at": when(entry.sampled_at),
        }
    )


def _watch(state: WatchState, when: Moment) -> WatchState:
    """Once the watch has begun, what was before it says nothing any more."""
    changed = None if state.started_at else when(state.changed_at)
    return WatchState(changed_at=changed, started_at=when(state.started_at))
