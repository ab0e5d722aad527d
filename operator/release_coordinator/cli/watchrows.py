"""What is watched of a release, one row for each thing: the words and numbers of a frame. Pure.

Made from the status alone, laid out by `cli.watchpage`. A verdict has a symbol, so that nobody has
to tell colours apart.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from rich.text import Text

from release_coordinator.api.attempt import Attempt
from release_coordinator.api.measurement import Measurement, Verdict
from release_coordinator.api.watch import Severity, Watch

from .limits import Limit
from .words import duration, number, word

SYMBOLS = {Verdict.PASS: "✓", Verdict.FAIL: "✗", Verdict.UNKNOWN: "?"}


@dataclass(frozen=True, slots=True)
class Row:
    """One thing that is watched."""

    entry: Measurement
    limit: Limit
    unseen: str
    """Why nobody has looked at it; empty if somebody has."""
    notes: tuple[str, ...]
    """What else is known, for lines below the row; some of it was written by others."""

    @property
    def name(self) -> str:
        """As it is called in the journal."""
        return self.entry.metric

    @property
    def values(self) -> list[float | None]:
        """Its course."""
        return self.entry.history.values if self.entry.history else []

    def is_beyond(self, value: float) -> bool:
        """Whether a value of its course is beyond the limit, by its present baseline."""
        return self.limit.is_beyond(value, self.entry.baseline)

    @property
    def top(self) -> float | None:
        """The upper limit of its course, if it has one."""
        return self.limit.top(self.entry.baseline)

    @property
    def verdict(self) -> Text:
        """Symbol and word."""
        return Text(self.unseen, style="dim") if self.unseen else verdict_of(self.entry.verdict)


def verdict_of(verdict: Verdict) -> Text:
    """Symbol and word, in its colour."""
    return Text(f"{SYMBOLS[verdict]} ", style=word(verdict).style).append(word(verdict))


def rows_of(attempt: Attempt, limits: Mapping[str, Limit], watch: Watch | None) -> list[Row]:
    """What the spec watches, in its order; then what it no longer says, but was measured."""
    measured = {entry.metric: entry for entry in attempt.measurements}
    names = [*limits, *(name for name in measured if name not in limits)]
    over = attempt.trigger is not None or attempt.end is not None
    found = []
    for name in names:
        entry = measured.get(name) or Measurement(metric=name)
        limit = limits.get(name, Limit())
        # A baseline is measured before the first look: then there is an entry without one.
        looked_at = entry.sampled_at is not None or entry.message != ""
        unseen = "" if looked_at else "not reached" if over else "to come"
        notes = _notes(entry, limit, watch, attempt) if looked_at else ()
        found.append(Row(entry, limit, unseen, notes))
    return found


def _notes(
    entry: Measurement, limit: Limit, watch: Watch | None, attempt: Attempt
) -> tuple[str, ...]:
    subject = limit.subject
    notes = [entry.message] if entry.message else []
    facts = []
    if entry.accepted:
        facts.append("a person has resumed in spite of it: only reported from then on")
    elif subject is not None and subject.severity is not Severity.ROLLBACK:
        facts.append(_SEVERITIES[subject.severity])
    if entry.verdict is Verdict.FAIL and subject is not None and subject.failure_threshold > 1:
        facts.append(f"{entry.failures} of {subject.failure_threshold} bad looks in a row")
    if entry.silence_accepted:
        facts.append("a person has resumed in spite of missing answers: they hold it no more")
    if entry.unknown_since is not None and entry.sampled_at is not None:
        facts.append(_blind(entry.unknown_since, entry.sampled_at, watch))
    if entry.run is not None and attempt.end is None:
        facts.append(f"run {entry.runs} is under way{_said(entry.run.message)}")
    return (*notes, *(["; ".join(facts)] if facts else []))


_SEVERITIES = {
    Severity.HOLD: "a breach holds the release: a person decides",
    Severity.REPORT: "a breach is only reported",
}


def _said(message: str) -> str:
    return f": {message}" if message else ""


def _blind(since: datetime, last: datetime, watch: Watch | None) -> str:
    limit = f"; the limit is {watch.unknown_limit}" if watch else ""
    return f"no usable answer for {duration((last - since).total_seconds())}{limit}"


def ratio(entry: Measurement) -> str:
    """How many times the baseline the value is."""
    if not entry.baseline or entry.value is None:
        return "-"
    return f"{number(entry.value / entry.baseline)}x"
