"""Phases, moments and durations in the words of the page, and how loud each is. Pure.

A tone is a colour, a sign and an order of importance; it is never the only thing that tells a
state. What nobody knows is never green.
"""

from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum

from release_coordinator.api.attempt import GateState
from release_coordinator.api.conditions import Phase
from release_coordinator.api.measurement import Verdict
from release_coordinator.cli.story import RowState
from release_coordinator.cli.words import duration
from release_coordinator.text import one_line

_JUST = 10
"""Seconds within which two clocks may differ, and a page may be old."""
LONG = 1_024
"""Characters of a message that are shown."""


class Tone(StrEnum):
    """What a state means for who reads it."""

    BAD = "bad"  # it went wrong
    WAIT = "wait"  # a person must act
    BUSY = "busy"  # it goes on by itself
    GOOD = "good"  # it is as it should be
    CALM = "calm"  # nothing to say, or not known


SIGNS = {Tone.BAD: "✕", Tone.WAIT: "!", Tone.BUSY: "▸", Tone.GOOD: "✓", Tone.CALM: "·"}
"""What a colour says, for those who see none."""


@dataclass(frozen=True, slots=True)
class Badge:
    """A state in words."""

    text: str
    tone: Tone

    @property
    def sign(self) -> str:
        """The same as the colour."""
        return SIGNS[self.tone]


@dataclass(frozen=True, slots=True)
class Moment:
    """A moment, for people and for programs."""

    at: datetime
    now: datetime

    @property
    def iso(self) -> str:
        """For the attribute datetime."""
        return f"{self.at.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"

    @property
    def text(self) -> str:
        """The whole of it."""
        return f"{self.at.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC"

    @property
    def day(self) -> str:
        """The day alone."""
        return f"{self.at.astimezone(UTC):%Y-%m-%d}"

    @property
    def clock(self) -> str:
        """The time of day alone."""
        return f"{self.at.astimezone(UTC):%H:%M:%S}"

    @property
    def distance(self) -> str:
        """How far it is from now."""
        seconds = (self.now - self.at).total_seconds()
        if abs(seconds) < _JUST:
            return "just now"
        return f"in {brief(-seconds)}" if seconds < 0 else f"{brief(seconds)} ago"


_PHASES = {
    Phase.PENDING: Badge("Pending", Tone.CALM),
    Phase.GATING: Badge("At the gates", Tone.BUSY),
    Phase.PREPARING: Badge("Preparing", Tone.BUSY),
    Phase.MIGRATING: Badge("Migrating", Tone.BUSY),
    Phase.ROLLING_OUT: Badge("Rolling out", Tone.BUSY),
    Phase.REFRESHING: Badge("Refreshing", Tone.BUSY),
    Phase.VERIFYING: Badge("Verifying", Tone.BUSY),
    Phase.WATCHING: Badge("Watching", Tone.BUSY),
    Phase.COMPLETED: Badge("Completed", Tone.GOOD),
    Phase.ROLLING_BACK: Badge("Rolling back", Tone.BAD),
    Phase.ROLLED_BACK: Badge("Rolled back", Tone.BAD),
    Phase.ROLLBACK_FAILED: Badge("Rollback failed", Tone.BAD),
    Phase.FAILED: Badge("Failed", Tone.BAD),
    Phase.HELD: Badge("Held", Tone.WAIT),
    Phase.SUSPENDED: Badge("Suspended", Tone.WAIT),
    Phase.SUPERSEDED: Badge("Superseded", Tone.CALM),
}
_ROWS = {
    RowState.DONE: Tone.GOOD,
    RowState.RUNNING: Tone.BUSY,
    RowState.FAILED: Tone.BAD,
    RowState.HELD: Tone.WAIT,
    RowState.SUSPENDED: Tone.WAIT,
    RowState.STOPPED: Tone.WAIT,
}
_GATES = {
    GateState.PASSED: Tone.GOOD,
    GateState.FAILED: Tone.BAD,
    GateState.WAITING: Tone.WAIT,
    GateState.UNKNOWN: Tone.WAIT,
}
_VERDICTS = {Verdict.PASS: Tone.GOOD, Verdict.FAIL: Tone.BAD, Verdict.UNKNOWN: Tone.WAIT}


def phase_badge(phase: Phase) -> Badge:
    """A phase."""
    return _PHASES.get(phase, Badge(str(phase), Tone.CALM))


def phase_name(phase: Phase) -> str:
    """The same word for all: that of the badge."""
    return phase_badge(phase).text


def row_badge(state: RowState) -> Badge:
    """State of a phase of an attempt."""
    return Badge(state.value, _ROWS.get(state, Tone.CALM))


def gate_badge(state: GateState, *, waived: bool) -> Badge:
    """Verdict of a gate; what is waived holds nothing up, but is not good either."""
    return Badge("Waived", Tone.CALM) if waived else Badge(state.value, _GATES[state])


def verdict_badge(verdict: Verdict) -> Badge:
    """Verdict on what is watched."""
    return Badge(verdict.value, _VERDICTS[verdict])


def brief(seconds: float) -> str:
    """A duration."""
    return duration(seconds) if seconds > 0 else "0s"


def said(text: str, limit: int = LONG) -> str:
    """What somebody else wrote: one line, nothing that turns the reading direction."""
    return one_line(text, limit)
