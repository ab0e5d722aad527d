"""From a declared metric to what is asked of its source, and the answers to what is judged.

Used by `signs.metrics` for every look and by `phases.preparing` for the baseline from before.
"""

from datetime import datetime, timedelta
from statistics import median

from release_coordinator.api.base import parse_duration
from release_coordinator.api.watch import BaselineFrom, Breach, Metric

from .context import Context
from .reading import Reading
from .watchfacts import SampleWant, SeriesFact, SeriesWant

SERIES_POINTS = 60
"""Values that a series is asked for at most."""


def breach_of(metric: Metric) -> Breach:
    """When an answer is bad."""
    assert metric.breach is not None  # noqa: S101 - a rule of the CRD
    return metric.breach


def baseline_want(metric: Metric, at: datetime) -> SeriesWant:
    """What is asked for the baseline of a metric whose window ends at a moment."""
    window = parse_duration(metric.baseline.window)
    start = at - timedelta(seconds=window)
    step = max(1.0, window / SERIES_POINTS)
    return SeriesWant(metric.source, metric.query or "", start, at, step)


def middle(fact: SeriesFact) -> float | None:
    """The median of a series, None if it is empty."""
    return median(fact.values) if fact.values else None


def ask(ctx: Context, metric: Metric, due: datetime) -> Reading | None:
    """What there is to judge for the moment it was due; None while an answer is missing."""
    fact = ctx.seen.late(SampleWant(metric.source, metric.query or "", due))
    if fact is None:
        return None
    entry = next((m for m in ctx.attempt.measurements if m.metric == metric.name), None)
    baseline = entry.baseline if entry and metric.baseline.taken is BaselineFrom.BEFORE else None
    return Reading(fact.value, fact.problem, baseline)
