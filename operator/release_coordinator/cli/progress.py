"""How far an attempt is, phase by phase, as shares and bars. Pure.

Used by `cli.layout` while a Release is followed, and by `cli.listing`. A share is worked out from
what the spec asks for and what the journal has of it; nobody knows how long a Job takes, so no bar
says when something ends.
"""

from collections.abc import Sequence
from datetime import datetime

from rich.text import Text

from release_coordinator.api.attempt import Attempt, StepState
from release_coordinator.api.base import parse_duration
from release_coordinator.api.codec import ReleaseObject
from release_coordinator.api.conditions import Phase
from release_coordinator.api.release import ReleaseSpec
from release_coordinator.engine import tracking

from .story import FORWARD, PhaseRow, RowState, rows_of

WIDTH = 20
"""Columns of a bar of a phase."""
FULL, EMPTY = "█", "░"
_BEHIND = {RowState.DONE, RowState.NOT_NEEDED}
_STYLES = {RowState.DONE: "green", RowState.RUNNING: "cyan", RowState.FAILED: "red"}


def bar(share: float, width: int = WIDTH, style: str = "green") -> Text:
    """A bar that can be read without colours."""
    full = int(min(max(share, 0.0), 1.0) * width)
    return Text().append(FULL * full, style=style).append(EMPTY * (width - full), style="dim")


def bar_of(row: PhaseRow, release: ReleaseObject, now: datetime) -> Text:
    """The bar of a phase; empty if nothing of it is due."""
    if row.state in {RowState.NOT_NEEDED, RowState.NOT_REACHED}:
        return Text()
    style = _STYLES.get(row.state, "yellow")
    return bar(share_of(row, release, now), style=style)


def share_of(row: PhaseRow, release: ReleaseObject, now: datetime) -> float:
    """How much of a phase is done, from 0 to 1."""
    attempt, spec = release.status.attempt, release.spec
    if row.state is RowState.DONE:
        return 1.0
    if attempt is None or row.state is RowState.TO_COME:
        return 0.0
    if row.phase is Phase.GATING:
        return sum(gate.opens for gate in attempt.gates) / max(len(attempt.gates), 1)
    if row.phase is Phase.WATCHING:
        return _watched(attempt, spec, now)
    done = sum(step.state is StepState.SUCCEEDED for step in row.steps)
    return done / max(_due(row, spec, attempt), len(row.steps), 1)


def overall(release: ReleaseObject, now: datetime) -> tuple[int, int]:
    """How many phases lie behind an attempt, and how many there are; (0, 0) without an attempt.

    Once it turns back, what counts are the steps of the way back.
    """
    attempt = release.status.attempt
    if attempt is None:
        return 0, 0
    rows = rows_of(attempt, now)
    back = next((row for row in rows if row.phase is Phase.ROLLING_BACK), None)
    if back is not None:
        done = sum(step.state is StepState.SUCCEEDED for step in back.steps)
        whole = done if back.state is RowState.DONE else _due(back, release.spec, attempt)
        return done, max(whole, len(back.steps), 1)
    return sum(row.state in _BEHIND for row in rows), len(FORWARD)


def _watched(attempt: Attempt, spec: ReleaseSpec | None, now: datetime) -> float:
    if spec is None or spec.watch is None:
        return 0.0
    end, whole = tracking.watch_ends_at(attempt, spec.watch), parse_duration(spec.watch.duration)
    if end is None or whole <= 0:
        return 0.0
    return min(max(1 - (end - now).total_seconds() / whole, 0.0), 1.0)


def _due(row: PhaseRow, spec: ReleaseSpec | None, attempt: Attempt) -> int:
    """How many steps a phase has, as far as the spec says."""
    if spec is None:
        return len(row.steps)
    match row.phase:
        case Phase.MIGRATING:
            return _count(spec.migrations, attempt)
        case Phase.ROLLING_OUT:
            return len(spec.components)
        case Phase.REFRESHING:
            return len(spec.caches) + len(spec.warmup)
        case Phase.VERIFYING:
            return 1 + len(spec.verify.smoke_tests)
        case Phase.ROLLING_BACK:
            changed = [
                step for step in attempt.steps if step.id.startswith(("rollout/", "migrate/"))
            ]
            return len(changed) + len(spec.caches) + 1 + len(spec.rollback.smoke_tests)
        case _:
            return len(row.steps)


def _count(migrations: Sequence[object], attempt: Attempt) -> int:
    return len(migrations) - len(attempt.in_place)
