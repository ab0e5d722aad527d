"""R9: the release metrics of some deployments, and whether they meet their targets; pure.

Read by `releasereport`. docs/release-metrics.md has the definitions.
"""

import math
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from statistics import fmean, median

from release_coordinator.api.base import parse_duration
from release_coordinator.api.policy import Targets

from .deployments import Application, Ended, Outcome

WINDOWS: dict[str, timedelta | None] = {"30d": timedelta(days=30), "all": None}
"""What is measured at a time, by the value of the label `window`; None: all that is kept."""
JUDGED = "30d"
"""The window whose metrics are held against the targets."""
ROLLED_BACK = (Outcome.ROLLED_BACK, Outcome.ROLLBACK_FAILED)


class Target(StrEnum):
    """What has a target; values of a label."""

    SUCCESS = "success_ratio"
    TIME_TO_DEPLOY = "time_to_deploy"
    ROLLBACKS = "rollback_ratio"
    DOWNTIME = "downtime"


@dataclass(frozen=True, slots=True)
class ReleaseMetrics:
    """Shares from 0 to 1, times in seconds; None where nothing was measured."""

    outcomes: dict[Outcome, int]
    success: float | None
    """Share of deployments that succeeded."""
    rollbacks: float | None
    """Share of deployments that were rolled back, or should have been."""
    time_to_deploy: float | None
    """Median."""
    downtime: float | None
    """Mean."""
    time_to_restore: float | None
    """Median."""
    longest_downtime: float | None
    waited: dict[str, float]
    """By gate: mean time for which a version was held up by it, of those that were."""

    @property
    def deployments(self) -> int:
        """How many there were."""
        return sum(self.outcomes.values())


@dataclass(frozen=True, slots=True)
class Judged:
    """A metric beside its target, both in the same unit."""

    target: Target
    value: float | None
    limit: float

    @property
    def missed(self) -> bool | None:
        """Whether the target is missed; None where there is nothing to judge."""
        if self.value is None:
            return None
        least = self.target is Target.SUCCESS
        return self.value < self.limit if least else self.value > self.limit


def measure(attempts: Iterable[Ended]) -> ReleaseMetrics:
    """The metrics of some attempts, in whatever order they come."""
    every = list(attempts)
    outcomes = Counter(one.outcome for one in every if one.outcome is not None)
    counted = outcomes.total()
    downtimes = [one.downtime for one in every if one.downtime is not None]
    return ReleaseMetrics(
        outcomes={outcome: outcomes[outcome] for outcome in Outcome},
        success=outcomes[Outcome.SUCCEEDED] / counted if counted else None,
        rollbacks=sum(outcomes[one] for one in ROLLED_BACK) / counted if counted else None,
        time_to_deploy=_median([one.deployed_in for one in every]),
        downtime=fmean(downtimes) if downtimes else None,
        time_to_restore=_median([one.restored_in for one in every]),
        longest_downtime=max(downtimes, default=None),
        waited=_waited(every),
    )


def within(
    attempts: Iterable[Ended], now: datetime, window: timedelta | None, *, before: int = 0
) -> list[Ended]:
    """Those that ended within the last window, or so many windows before it; all without one.

    What ended after `now`, by another clock, ended within the last one.
    """
    if window is None:
        return [] if before else list(attempts)
    until = now - window * before
    since = until - window
    return [
        one for one in attempts if since < one.ended_at and (not before or one.ended_at <= until)
    ]


def by_window(attempts: Sequence[Ended], now: datetime) -> dict[str, ReleaseMetrics]:
    """The metrics of each window."""
    return {name: measure(within(attempts, now, window)) for name, window in WINDOWS.items()}


def judge(metrics: ReleaseMetrics, targets: Targets) -> tuple[Judged, ...]:
    """Each metric that has a target, in the order of the requirements."""
    return (
        Judged(Target.SUCCESS, metrics.success, _share(targets.success_percent)),
        Judged(
            Target.TIME_TO_DEPLOY, metrics.time_to_deploy, parse_duration(targets.time_to_deploy)
        ),
        Judged(Target.ROLLBACKS, metrics.rollbacks, _share(targets.rollback_percent)),
        Judged(Target.DOWNTIME, metrics.downtime, parse_duration(targets.downtime)),
    )


def _share(percent: float) -> float:
    """Rounded, so that 99.9 % is what 999 of 1,000 are."""
    return round(percent / 100, 12)


def _median(values: Sequence[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return median(known) if known else None


def _waited(attempts: Iterable[Ended]) -> dict[str, float]:
    """All attempts at one version together: a plan that starts over waits on."""
    found: dict[str, dict[tuple[Application, str], list[float]]] = defaultdict(dict)
    for one in attempts:
        for gate, seconds in one.waited.items():
            found[gate].setdefault((one.application, one.version), []).append(seconds)
    return {
        gate: fmean(math.fsum(times) for times in versions.values())
        for gate, versions in sorted(found.items())
    }
