"""What is legal in `spec.watch` and will be regretted. Pure; used by `lint.advice`.

Only what is wrong whatever the application is: what a query of somebody's own means, nobody here
knows, so its limits are not judged.
"""

from collections.abc import Iterator

from release_coordinator.api.base import parse_duration
from release_coordinator.api.watch import Metric, Preset, Severity, Watch
from release_coordinator.engine import placeholders, presets
from release_coordinator.engine.signs import checks

from .findings import Finding, note, warning

HASTY = 30.0
"""Seconds between looks below which two of them in a row cost less than a needless rollback."""
SHARES = frozenset(
    {
        Preset.ERROR_RATE,
        Preset.CPU_SATURATION,
        Preset.MEMORY_SATURATION,
        Preset.CPU_THROTTLING,
    }
)
"""Presets whose values lie between 0 and 1."""
ENDLESS = 60.0
"""Seconds that no limit of a latency has; who writes such a number means milliseconds."""


def findings(watch: Watch) -> Iterator[Finding]:
    """All advice on what is watched."""
    for index, metric in enumerate(watch.metrics):
        path = f"spec.watch.metrics[{index}]"
        interval = parse_duration(metric.interval or watch.interval)
        yield from _single(path, metric, interval)
        yield from _unseen(path, metric, interval)
        yield from _unit(path, metric)
    for index, check in enumerate(watch.data_checks):
        if parse_duration(check.interval) < checks.SHORTEST:
            yield warning(
                "interval",
                f"spec.watch.dataChecks[{index}].interval",
                f"{check.interval} is less than a run waits for in any case: the next one begins "
                f"{checks.SHORTEST:.0f}s after the end of the last; write {checks.SHORTEST:.0f}s "
                "or more",
            )


def _single(path: str, metric: Metric, interval: float) -> Iterator[Finding]:
    """One bad look that takes a release back although the next would come at once.

    A comparison judges many values, so it does not count. Of a preset it is worth a note alone:
    its limits and its least traffic are chosen, and many files leave it at that.
    """
    usual = _usual(metric)
    breach = metric.breach or (usual.breach if usual else None)
    if breach is None or metric.failure_threshold > 1 or interval >= HASTY:
        return
    limits = (breach.above, breach.below, breach.ratio_to_baseline)
    if metric.severity is not Severity.ROLLBACK or all(limit is None for limit in limits):
        return
    told = warning if metric.preset is None else note
    yield told(
        "single-look",
        path,
        f"a single bad answer takes the release back, an outlier too; failureThreshold: 2 costs "
        f"{interval:.0f}s more until a bad version is found",
    )


def _unseen(path: str, metric: Metric, interval: float) -> Iterator[Finding]:
    """Time that no answer is about."""
    usual = _usual(metric)
    query = usual.query if usual else metric.query or ""
    uses_window = placeholders.WINDOW in placeholders.named(query)
    if uses_window and parse_duration(metric.window) < interval:
        yield warning(
            "window",
            path,
            f"each answer is about {metric.window}, and one is asked for every {interval:.0f}s: "
            "what happens in between is seen by nobody; lengthen window, or shorten interval",
        )


def _unit(path: str, metric: Metric) -> Iterator[Finding]:
    """Limits of presets in another unit than their values."""
    if metric.preset is None or metric.breach is None:
        return
    for field, limit in (("above", metric.breach.above), ("floor", metric.breach.floor)):
        if limit is None:
            continue
        if metric.preset in SHARES and limit >= 1:
            yield warning(
                "unit",
                f"{path}.breach.{field}",
                f"{metric.preset} is a share from 0 to 1 and never above {limit:g}; 5 % is 0.05",
            )
        if metric.preset in presets.QUANTILES and limit >= ENDLESS:
            yield warning(
                "unit",
                f"{path}.breach.{field}",
                f"{metric.preset} is in seconds, and {limit:g} are more than a minute; 300 ms is "
                "0.3",
            )


def _usual(metric: Metric) -> presets.Asked | None:
    return presets.asked(metric.preset, metric.convention) if metric.preset else None
