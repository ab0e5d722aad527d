"""What is watched of a release, and when that is bad: in words and as numbers. Pure.

Used by the tables of `status`, by `watch`, by the charts and by the page of a plan. Alerts, pods
and logs have counts, so that their limit is one number like that of a metric.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from release_coordinator.api.measurement import Measurement, Verdict
from release_coordinator.api.release import ReleaseSpec
from release_coordinator.api.watch import (
    BaselineFrom,
    Breach,
    Comparison,
    Direction,
    Metric,
    OnMissing,
    Watch,
)
from release_coordinator.engine import asked, judge, presets, watchlist
from release_coordinator.engine.reading import Reading
from release_coordinator.engine.subject import Subject

from .words import number

BASELINES = {
    BaselineFrom.BEFORE: "before the change",
    BaselineFrom.BESIDE: "of the old version beside it",
    BaselineFrom.YESTERDAY: "of the same time yesterday",
    BaselineFrom.LAST_WEEK: "of the same time last week",
}
"""Where a baseline comes from, after "the baseline"."""
_DIFFERENCES = {Direction.INCREASE: "more", Direction.DECREASE: "less", Direction.EITHER: "off"}


@dataclass(frozen=True, slots=True)
class Limit:
    """When what is watched is bad."""

    subject: Subject | None = None
    """None: the spec does not watch it, or no longer."""
    words: str = "-"
    breach: Breach | None = None
    """Its part that can be said of one value and a baseline; None: there is none."""
    baseline: BaselineFrom | None = None
    on_missing: OnMissing = OnMissing.UNKNOWN

    def is_beyond(self, value: float | None, baseline: float | None) -> bool:
        """Whether the verdict on this value would be Fail, by the rules of the operator."""
        if self.breach is None or value is None:
            return False
        reading = Reading(value, baseline=baseline, on_missing=self.on_missing)
        return judge.judge(self.breach, reading).verdict is Verdict.FAIL

    def lines(self, baseline: float | None) -> list[float]:
        """The values at which it is broken, where a chart draws them."""
        breach = self.breach
        if breach is None:
            return []
        found = [one for one in (breach.below, breach.above) if one is not None]
        related = _related(breach, baseline)
        return found if related is None else [*found, related]

    def top(self, baseline: float | None) -> float | None:
        """The lowest value above which it is broken."""
        if self.breach is None:
            return None
        tops = (self.breach.above, _related(self.breach, baseline))
        return min((one for one in tops if one is not None), default=None)


def _related(breach: Breach, baseline: float | None) -> float | None:
    """What the ratio to the baseline comes to; the floor alone where nothing is a multiple."""
    if breach.ratio_to_baseline is None:
        return None
    if baseline is None or baseline <= 0:
        return breach.floor
    related = breach.ratio_to_baseline * baseline
    return related if breach.floor is None else max(related, breach.floor)


def limits_of(spec: ReleaseSpec | None) -> Mapping[str, Limit]:
    """The limit of everything that a spec watches, by its name in the journal, in a fixed order."""
    watch = spec.watch if spec else None
    if watch is None:
        return {}
    numbers = _numbers(watch)
    return {
        subject.name: numbers.get(subject.name, _Parts()).of(subject)
        for subject in watchlist.subjects(watch)
    }


def limit_of(entry: Measurement, limits: Mapping[str, Limit]) -> Limit:
    """The limit of what was measured; an empty one if the spec does not say it any longer."""
    return limits.get(entry.metric, Limit())


@dataclass(frozen=True, slots=True)
class _Parts:
    """What a limit is made of, before its subject is known."""

    words: str = "-"
    breach: Breach | None = None
    baseline: BaselineFrom | None = None
    on_missing: OnMissing = OnMissing.UNKNOWN

    def of(self, subject: Subject) -> Limit:
        return Limit(subject, self.words, self.breach, self.baseline, self.on_missing)


def _numbers(watch: Watch) -> dict[str, _Parts]:
    found = {metric.name: _of_metric(metric) for metric in watch.metrics}
    for alerts in watch.alerts:
        found[f"alerts/{alerts.name}"] = _Parts("any fires", Breach(above=0))
    if watch.pods is not None:
        pods = watch.pods
        words = f"> {pods.restarts} restarts, unready {pods.unready_for}"
        found["pods"] = _Parts(words, Breach(above=pods.restarts))
    for logs in watch.logs:
        found[f"logs/{logs.name}"] = _Parts(f"> {logs.above} lines", Breach(above=logs.above))
    for check in watch.data_checks:
        found[f"check/{check.name}"] = _Parts("a run fails")
    return found


def _of_metric(metric: Metric) -> _Parts:
    breach = usual(metric)
    if breach is None:
        return _Parts()
    taken = metric.baseline.taken if breach.needs_baseline else None
    one_value = breach.model_copy(update={"comparison": None})
    return _Parts(", ".join(breach_of(breach)), one_value, taken, metric.baseline.on_missing)


def usual(metric: Metric) -> Breach | None:
    """When an answer is bad; None if neither the spec nor its preset says so, which is a fault."""
    preset = metric.preset
    if metric.breach is None and (
        preset is None or presets.asked(preset, metric.convention) is None
    ):
        return None
    return asked.breach_of(metric)


def breach_of(breach: Breach) -> list[str]:
    """When a sample is beyond its limit, one text for each limit."""
    floor = "" if breach.floor is None else f" and > {number(breach.floor)}"
    limits = []
    if breach.ratio_to_baseline is not None:
        limits.append(f"{number(breach.ratio_to_baseline)}x{floor}")
    if breach.comparison is not None:
        limits.append(f"{_comparison(breach.comparison)}{floor}")
    if breach.above is not None:
        limits.append(f"> {number(breach.above)}")
    if breach.below is not None:
        limits.append(f"< {number(breach.below)}")
    return limits


def _comparison(wanted: Comparison) -> str:
    chance = f"{1 - wanted.confidence:.2g}"
    return f"{number(wanted.min_effect)}x {_DIFFERENCES[wanted.direction]} (p < {chance})"
