"""From a declared metric to what is asked of its source, and the answers to what is judged.

Used by `signs.metrics` for every look and by `phases.preparing` for the baseline from before. What
one look needs is asked for together. Queries are filled by `engine.asked`.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from statistics import median
from typing import TypeVar

from release_coordinator.api.attempt import Step
from release_coordinator.api.base import parse_duration
from release_coordinator.api.conditions import Phase
from release_coordinator.api.measurement import WatchState
from release_coordinator.api.watch import BaselineFrom, Metric, MinTraffic, Watch

from . import asked, judge, tracking
from .closing import HISTORY_LIMIT
from .context import Context
from .ranks import LIMIT
from .reading import Reading
from .watchfacts import Late, SampleFact, SampleWant, SeriesFact, SeriesWant

Fact = TypeVar("Fact")

FEWEST = 12
"""Values that a window is asked for at least, however long the interval is."""
BASELINE = "prepare/baseline"
"""Step in which the baseline from before is measured."""
AGAIN = 10.0
"""Seconds after which that is tried again at the earliest: a source must have time to answer."""
UNCHANGED = {Phase.FAILED, Phase.SUPERSEDED}
"""Outcomes of attempts that have changed no workload."""
EARLIER = {
    BaselineFrom.YESTERDAY: timedelta(days=1),
    BaselineFrom.LAST_WEEK: timedelta(days=7),
}
"""Baselines from the same time of another day."""


def needs_before(metric: Metric) -> bool:
    """Whether it is compared with what was before the first change."""
    return metric.baseline.taken is BaselineFrom.BEFORE and asked.breach_of(metric).needs_baseline


def least_values(metric: Metric) -> int:
    """How many values its baseline needs."""
    return judge.LEAST_BASELINE if asked.breach_of(metric).comparison else 1


def baseline_want(ctx: Context, metric: Metric, at: datetime) -> SeriesWant:
    """What is asked for the baseline of a metric whose window ends at a moment."""
    query = asked.query_of(ctx, metric, beside=True)  # what ran before is another version
    return _series(ctx, metric, query, at, parse_duration(metric.baseline.window))


def before_want(ctx: Context, metric: Metric, at: datetime) -> SeriesWant | None:
    """The same from before the first change: no value of what an earlier attempt has replaced.

    None: what runs now has not run for long enough for any.
    """
    since = runs_since(ctx, metric)
    if since is None:
        return baseline_want(ctx, metric, at)
    if at < since:
        return None
    query = asked.query_of(ctx, metric, beside=True)
    window, most = parse_duration(metric.baseline.window), (at - since).total_seconds()
    return _series(ctx, metric, query, at, window, most)


def runs_since(ctx: Context, metric: Metric) -> datetime | None:
    """When the last attempt that changed something was over; None if there was none.

    What it took back is in the answers for one more `window`: rates look back for so long.
    """
    attempts = ctx.status.history
    last = next((one for one in attempts if one.outcome not in UNCHANGED), None)
    if last is None and len(attempts) >= HISTORY_LIMIT:
        last = attempts[-1]  # what was before that is not known any more
    if last is None or last.ended_at > ctx.attempt.started_at:  # the clock was put back
        return None
    if last.outcome is Phase.COMPLETED:  # that version ran all through its watch
        return last.ended_at
    return last.ended_at + timedelta(seconds=parse_duration(metric.window))


def middle(fact: SeriesFact) -> float | None:
    """The median of a series, None if it is empty."""
    return median(fact.values) if fact.values else None


def baseline_moment(ctx: Context, step: Step, now: datetime) -> datetime:
    """The end of the baseline's window: the start of its step, then the start of each new try.

    The same for the same moment, so that it is known later what was asked. No later than the
    deadline, so that there is an answer however slow the source is.
    """
    watch = _watch(ctx)
    now = min(now, ctx.deadline(step, watch.unknown_limit))
    pause = retry_pause(watch)
    tries = max(0.0, (now - step.started_at).total_seconds()) // pause
    return step.started_at + timedelta(seconds=tries * pause)


def retry_pause(watch: Watch) -> float:
    """Seconds between two tries to measure the baseline."""
    return max(AGAIN, parse_duration(watch.interval))


@dataclass(frozen=True, slots=True)
class _Wants:
    """All that one look at a metric asks for."""

    value: SampleWant
    traffic: SampleWant | None = None
    beside: SampleWant | None = None
    """The old version's value at the same time."""
    values: SeriesWant | None = None
    baseline: SeriesWant | None = None

    def all(self) -> Iterator[SampleWant | SeriesWant]:
        every = (self.value, self.traffic, self.beside, self.values, self.baseline)
        return (one for one in every if one is not None)


def ask(ctx: Context, metric: Metric, due: datetime) -> Reading | None:
    """What there is to judge for the moment it was due; None while an answer is missing."""
    wants = _wants(ctx, metric, due)
    ctx.seen.gather(*wants.all())
    if any(ctx.seen.late(want) is None for want in wants.all()):
        return None
    value, values = _answer(ctx, wants.value), _answer(ctx, wants.values)
    baseline, problem = _baseline(ctx, metric, wants)
    compared_with = _answer(ctx, wants.baseline)
    return Reading(
        value=value.value if value else None,
        problem=value.problem if value else "",
        baseline=baseline,
        baseline_problem=problem,
        values=values.values if values else (),
        values_problem=values.problem if values else "",
        baseline_values=compared_with.values if compared_with else (),
        traffic_problem=_traffic_problem(asked.min_traffic_of(metric), _answer(ctx, wants.traffic)),
        on_missing=metric.baseline.on_missing,
    )


def _answer(ctx: Context, want: Late[Fact] | None) -> Fact | None:
    return None if want is None else ctx.seen.late(want)


def _wants(ctx: Context, metric: Metric, due: datetime) -> _Wants:
    breach, taken = asked.breach_of(metric), metric.baseline.taken
    traffic = asked.traffic_of(ctx, metric)
    beside = taken is BaselineFrom.BESIDE and breach.ratio_to_baseline is not None
    return _Wants(
        value=SampleWant(metric.source, asked.query_of(ctx, metric), due),
        traffic=SampleWant(metric.source, traffic, due) if traffic is not None else None,
        beside=(
            SampleWant(metric.source, asked.query_of(ctx, metric, beside=True), due)
            if beside
            else None
        ),
        values=(
            _recent(ctx, metric, asked.query_of(ctx, metric), due) if breach.comparison else None
        ),
        baseline=_baseline_series(ctx, metric, due),
    )


def _baseline_series(ctx: Context, metric: Metric, due: datetime) -> SeriesWant | None:
    """The series of the baseline, if one has to be asked for at this look."""
    breach, taken = asked.breach_of(metric), metric.baseline.taken
    if not breach.needs_baseline:
        return None
    if taken in EARLIER:
        return baseline_want(ctx, metric, due - EARLIER[taken])
    if breach.comparison is None:
        return None
    if taken is BaselineFrom.BESIDE:
        return _recent(ctx, metric, asked.query_of(ctx, metric, beside=True), due)
    return before_want(ctx, metric, _before(ctx))


def _before(ctx: Context) -> datetime:
    """When the baseline was measured: the journal keeps its median, the source its values."""
    step = ctx.step(BASELINE)
    if step is None or step.finished_at is None:
        return ctx.attempt.started_at
    return baseline_moment(ctx, step, step.finished_at)


def _recent(ctx: Context, metric: Metric, query: str, due: datetime) -> SeriesWant:
    """The last values that are compared; none from before the change."""
    comparison = asked.breach_of(metric).comparison
    assert comparison is not None  # noqa: S101 - nothing else is asked for so
    begin = tracking.begins(_watch(ctx), ctx.attempt.watch or WatchState()) or due
    since = max(0.0, (due - begin).total_seconds())
    return _series(ctx, metric, query, due, parse_duration(comparison.window), since)


def _series(
    ctx: Context,
    metric: Metric,
    query: str,
    end: datetime,
    window: float,
    most: float = float("inf"),
) -> SeriesWant:
    """The values of a window that ends at a moment, and begins no longer than `most` before.

    As far apart as the looks are: values closer to each other say the same thing twice.
    """
    interval = parse_duration(metric.interval or _watch(ctx).interval)
    step = max(1.0, window / LIMIT, min(interval, window / FEWEST))
    count = max(1, int(min(window, most) / step + 1e-6))
    return SeriesWant(metric.source, query, end - timedelta(seconds=(count - 1) * step), end, step)


def _baseline(ctx: Context, metric: Metric, wants: _Wants) -> tuple[float | None, str]:
    """What a value is put in relation to, or why there is nothing."""
    if not asked.breach_of(metric).needs_baseline:
        return None, ""
    beside, series = _answer(ctx, wants.beside), _answer(ctx, wants.baseline)
    if beside is not None:
        return beside.value, beside.problem and f"the old version: {beside.problem}"
    if metric.baseline.taken is BaselineFrom.BEFORE:
        baseline = tracking.known(ctx.attempt, metric.name).baseline
        problem = series.problem if series else ""
        return baseline, "no baseline was measured" if baseline is None else problem
    if series is None or series.problem:
        return None, series.problem if series else "no baseline was asked for"
    return middle(series), "" if series.values else "its baseline has no data in its window"


def _traffic_problem(wanted: MinTraffic | None, fact: SampleFact | None) -> str:
    if wanted is None or fact is None:
        return ""
    if fact.value is None:
        return f"minTraffic is unknown: {fact.problem or 'no value'}"
    if fact.value >= wanted.at_least:
        return ""
    return f"minTraffic is {fact.value:.4g}, less than {wanted.at_least:.4g}"


def _watch(ctx: Context) -> Watch:
    watch = ctx.plan.spec.watch
    assert watch is not None  # noqa: S101 - there is a metric
    return watch
