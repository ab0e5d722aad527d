"""A frame of `kubectl release watch`: where the release is, and all that is watched. Pure.

Made from the status alone. Used by `cli.watchscreen`; golden files pin it.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from rich.console import Console, ConsoleOptions, Group, RenderableType, RenderResult
from rich.table import Table
from rich.text import Text

from release_coordinator.api.attempt import Attempt
from release_coordinator.api.base import parse_duration
from release_coordinator.api.codec import ReleaseObject
from release_coordinator.api.watch import Watch, WatchStart
from release_coordinator.engine import plan, tracking, watchlist, wording

from .layout import downtime_words, phase_words, version_words
from .limits import limits_of
from .owners import must_act
from .sparkline import BEYOND, GAP
from .watchgrid import Grid
from .watchrows import Row, rows_of
from .words import ago, duration, plain

_BAR = 30
"""Columns of the progress bar, if there is room."""


def page(release: ReleaseObject, now: datetime) -> RenderableType:
    """Everything that the status says of what is watched."""
    spec, attempt = release.spec, release.status.attempt
    watch = spec.watch if spec else None
    rows = rows_of(attempt, limits_of(spec), watch) if attempt else []
    parts: list[RenderableType] = [_header(release, watch, rows, now), Text()]
    if not rows:
        return Group(*parts, Text("Nothing is watched.", style="dim"))
    parts.append(Grid(rows))
    if legend := _legend(rows):
        parts += [Text(), Text(legend, style="dim")]
    return Group(*parts)


def _header(release: ReleaseObject, watch: Watch | None, rows: list[Row], now: datetime) -> Table:
    attempt = release.status.attempt
    grid = Table.grid(padding=(0, 2))
    grid.add_column(style="dim", no_wrap=True)
    grid.add_column(overflow="fold")
    grid.add_row("Application", plain(f"{release.namespace}/{release.name}"))
    grid.add_row("Version", plain(version_words(release)))
    grid.add_row("Phase", phase_words(release, now))
    grid.add_row("Message", plain(release.journal_fault or release.status.message))
    grid.add_row("Must act", plain(must_act(release)))
    if attempt is None:
        return grid
    if watch is not None:
        grid.add_row("Watch", _progress(attempt, watch, now))
    if seen := [row.entry.sampled_at for row in rows if row.entry.sampled_at is not None]:
        grid.add_row("Last look", Text(ago(max(seen), now)))
    if attempt.downtime is not None:
        little = f"no more than {wording.WORTH_TELLING:g} s"
        grid.add_row("Downtime", plain(downtime_words(attempt, now) or little))
    if release.spec is not None and plan.spec_digest(release.spec) != attempt.spec_digest:
        text = "The spec was edited since: the limits below are those of the edit."
        grid.add_row("Note", Text(text, style="yellow"))
    return grid


def _progress(attempt: Attempt, watch: Watch, now: datetime) -> RenderableType:
    """How much of the watch is behind, and when it ends if all goes well."""
    what = watchlist.named(watch)
    state = attempt.watch
    if attempt.end is not None:
        return Text(f"over: {what}")
    if attempt.trigger is not None:
        return Text(f"over: the version is taken back since {_clock(attempt.trigger.at)}")
    end = tracking.watch_ends_at(attempt, watch)
    if state is None or end is None:
        return Text(_ahead(watch, what, state.changed_at if state else None))
    whole = parse_duration(watch.duration)
    left = (end - now).total_seconds()
    done = 1.0 if whole <= 0 else min(1.0, max(0.0, 1 - left / whole))
    if left <= 0:
        return _Bar(done, f"of {watch.duration}; its end waits for answers, and for all to be good")
    earliest = _clock(end + timedelta(milliseconds=999))
    return _Bar(done, f"of {watch.duration}; {duration(left)} left, until {earliest} at best")


def _ahead(watch: Watch, what: str, changed_at: datetime | None) -> str:
    if watch.start is WatchStart.AFTER_ROLLOUT:
        return f"{what}, for {watch.duration} after the rollout"
    if changed_at is None:
        return f"{what}, from the first change on, and for {watch.duration} after the rollout"
    since = _clock(changed_at)
    return f"{what}, since the first change at {since}; for {watch.duration} after the rollout"


@dataclass(frozen=True, slots=True)
class _Bar:
    """A bar and what it means; it can be read without colours."""

    done: float
    text: str

    def __rich_console__(self, _: Console, options: ConsoleOptions) -> RenderResult:
        """As long as the width allows."""
        words = f" {self.done:4.0%} {self.text}"
        length = max(0, min(_BAR, options.max_width - len(words)))
        full = int(self.done * length)
        bar = Text("█" * full, style="green").append("░" * (length - full), style="dim")
        yield bar.append(words if length else words.lstrip(), style="default")


def _clock(moment: datetime) -> str:
    return f"{moment:%H:%M:%S}Z"


def _legend(rows: list[Row]) -> str:
    """What the signs in the charts mean, as far as they occur."""
    values = [(row, value) for row in rows for value in row.values]
    said = []
    if any(value is not None and row.is_beyond(value) for row, value in values):
        said.append(f"{BEYOND} beyond the limit")
    if any(value is None for _, value in values):
        said.append(f"{GAP} no usable answer")
    if any(row.top is not None for row in rows if row.values):
        said.insert(0, "a full bar is the upper limit")
    return f"In the charts: {', '.join(said)}." if said else ""
