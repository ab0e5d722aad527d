"""The release metrics of R9, beside their targets, as Prometheus reads them.

Made when they are read, from what `controllers.releasemetrics` has reckoned last; a replica that
does not lead has nobody to ask and exports none. Labels come from closed sets, but for Releases
that exist and their gates.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from prometheus_client import CollectorRegistry
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from release_coordinator.engine.deployments import Application
from release_coordinator.engine.releasemetrics import ReleaseMetrics, Target
from release_coordinator.engine.releasereport import Measured

PREFIX = "release_coordinator_"
_ONE = ("namespace", "release")

Figure = Callable[[ReleaseMetrics], float | None]
_FIGURES: tuple[tuple[str, str, Figure], ...] = (
    ("success_ratio", "Share of deployments that succeeded, 0 to 1.", lambda m: m.success),
    (
        "rollback_ratio",
        "Share of deployments that were rolled back, or whose rollback failed, 0 to 1.",
        lambda m: m.rollbacks,
    ),
    (
        "time_to_deploy_median_seconds",
        "Median time from the first change to the end of deployments that succeeded, in seconds.",
        lambda m: m.time_to_deploy,
    ),
    (
        "downtime_mean_seconds",
        "Mean downtime of deployments that changed something, in seconds.",
        lambda m: m.downtime,
    ),
    (
        "time_to_restore_median_seconds",
        "Median time from the decision to go back until a good version ran again, in seconds.",
        lambda m: m.time_to_restore,
    ),
)
_TARGETS: tuple[tuple[Target, str, str], ...] = (
    (Target.SUCCESS, "success_ratio_target", "The least share of deployments that shall succeed."),
    (
        Target.TIME_TO_DEPLOY,
        "time_to_deploy_target_seconds",
        "The longest that the median deployment shall take, in seconds.",
    ),
    (
        Target.ROLLBACKS,
        "rollback_ratio_target",
        "The largest share of deployments that may be rolled back.",
    ),
    (
        Target.DOWNTIME,
        "downtime_target_seconds",
        "The longest mean downtime of a deployment, in seconds.",
    ),
)


@dataclass(frozen=True, slots=True)
class ShutGate:
    """A gate that holds a Release up now."""

    application: Application
    gate: str
    since: float
    """Seconds since the epoch."""


@dataclass(frozen=True, slots=True)
class Report:
    """All that is exported."""

    overall: Measured
    applications: Mapping[Application, Measured] = field(default_factory=dict)
    shut: tuple[ShutGate, ...] = ()


class ReleaseMetricsExport(Collector):
    """One per registry; silent until it is told whom to ask."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._report: Callable[[], Report | None] = lambda: None
        registry.register(self)

    def ask(self, report: Callable[[], Report | None]) -> None:
        """This process leads: export what `report` says whenever metrics are read."""
        self._report = report

    def describe(self) -> Iterable[Metric]:
        """Every family, without a sample."""
        return _Families().every()

    def collect(self) -> Iterable[Metric]:
        """Every family, with what is known now."""
        families = _Families()
        report = self._report()
        if report is not None:
            families.add((), report.overall)
            for application, measured in report.applications.items():
                families.add(application, measured)
            for gate in report.shut:
                families.shut.add_metric([*gate.application, gate.gate], gate.since)
        return families.every()


class _Families:
    """The families of one answer, by their names without prefix."""

    def __init__(self) -> None:
        self._overall = dict(_made("overall_", ()))
        self._single = dict(_made("release_", _ONE))
        self.shut = GaugeMetricFamily(
            f"{PREFIX}release_gate_shut_since_timestamp_seconds",
            "Since when a gate holds the release up, in seconds since the epoch; absent for "
            "gates that do not.",
            labels=(*_ONE, "gate"),
        )

    def every(self) -> list[Metric]:
        """All of them."""
        return [*self._single.values(), *self._overall.values(), self.shut]

    def add(self, labels: tuple[str, ...], measured: Measured) -> None:
        """Add what is known of one application; without labels of all together."""
        families = self._single if labels else self._overall
        for window, metrics in measured.windows.items():
            for outcome, count in metrics.outcomes.items():
                families["deployments"].add_metric([*labels, window, outcome], count)
            for name, _, figure in _FIGURES:
                value = figure(metrics)
                if value is not None:
                    families[name].add_metric([*labels, window], value)
            for gate, seconds in metrics.waited.items():
                families["gate_waiting_mean_seconds"].add_metric([*labels, window, gate], seconds)
        by_target = {target: name for target, name, _ in _TARGETS}
        for one in measured.judged:
            families[by_target[one.target]].add_metric(labels, one.limit)
            if one.missed is not None:
                missed = 1.0 if one.missed else 0.0
                families["target_missed"].add_metric([*labels, one.target], missed)


def _made(prefix: str, labels: tuple[str, ...]) -> Iterator[tuple[str, GaugeMetricFamily]]:
    """The families of single applications, or those of all together."""
    whose = "of the release" if labels else "of all releases"

    def family(name: str, text: str, *more: str) -> tuple[str, GaugeMetricFamily]:
        full = f"{text.removesuffix('.')}; {whose}."
        return name, GaugeMetricFamily(f"{PREFIX}{prefix}{name}", full, labels=(*labels, *more))

    ended = "Deployments that ended within the window, by outcome."
    yield family("deployments", ended, "window", "outcome")
    for name, text, _ in _FIGURES:
        yield family(name, text, "window")
    waited = "Mean time for which a gate held a version up, in seconds."
    yield family("gate_waiting_mean_seconds", waited, "window", "gate")
    for _, name, text in _TARGETS:
        yield family(name, text)
    yield family("target_missed", "1 if the last 30 days miss the target, else 0.", "target")
