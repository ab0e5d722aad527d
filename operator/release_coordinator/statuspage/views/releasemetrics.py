"""The release metrics beside their targets, of all applications together and of each. Pure.

The numbers are those that the operator exports and the plugin prints (`engine.releasemetrics`).
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

from release_coordinator.engine.deployments import Application, Outcome
from release_coordinator.engine.releasemetrics import (
    JUDGED,
    Judged,
    ReleaseMetrics,
    Target,
)
from release_coordinator.engine.releasereport import Measured, ReleaseReport

from .wording import Badge, Tone, brief, said

PAGE = 200
"""Applications that are shown."""
LABELS = {
    Target.SUCCESS: "Deployments that succeeded",
    Target.TIME_TO_DEPLOY: "Time to deploy",
    Target.ROLLBACKS: "Deployments that were rolled back",
    Target.DOWNTIME: "Downtime of a deployment",
}
_AT_LEAST = (Target.SUCCESS,)
_SHARES = (Target.SUCCESS, Target.ROLLBACKS)
_JUDGEMENTS = {
    True: Badge("missed", Tone.BAD),
    False: Badge("met", Tone.GOOD),
    None: Badge("no data", Tone.CALM),
}


@dataclass(frozen=True, slots=True)
class Figure:
    """A number beside its target."""

    label: str
    value: str
    target: str
    badge: Badge


@dataclass(frozen=True, slots=True)
class Row:
    """One application."""

    namespace: str
    name: str
    deployments: int
    is_there: bool
    """False: its Release is gone, its records are not."""
    figures: tuple[Figure, ...]
    """Empty for one that has no targets, as it proves versions for another."""

    @property
    def key(self) -> str:
        """As one word."""
        return f"{self.namespace}/{self.name}"


@dataclass(frozen=True, slots=True)
class MetricsPage:
    """All of them."""

    overall: tuple[Figure, ...]
    deployments: int
    ever: int
    outcomes: tuple[tuple[str, int], ...]
    restored: str
    waits: tuple[tuple[str, str], ...]
    """For how long each gate has held versions up, the longest first."""
    rows: tuple[Row, ...]
    total: int


def page_of(report: ReleaseReport, present: Collection[Application]) -> MetricsPage:
    """The page; what misses most targets comes first."""
    overall = report.overall
    recent = overall.windows[JUDGED]
    rows = sorted(
        (_row(name, one, is_there=name in present) for name, one in report.applications.items()),
        key=_rank,
    )
    return MetricsPage(
        overall=_figures(overall.judged),
        deployments=recent.deployments,
        ever=overall.windows["all"].deployments,
        outcomes=tuple(_outcomes(recent)),
        restored="" if recent.time_to_restore is None else brief(recent.time_to_restore),
        waits=tuple(
            (said(gate), brief(seconds))
            for gate, seconds in sorted(recent.waited.items(), key=lambda one: -one[1])
        ),
        rows=tuple(rows[:PAGE]),
        total=len(rows),
    )


def _row(application: Application, measured: Measured, *, is_there: bool) -> Row:
    recent = measured.windows[JUDGED]
    return Row(*application, recent.deployments, is_there, _figures(measured.judged))


def _rank(row: Row) -> tuple[int, str]:
    missed = sum(figure.badge.tone is Tone.BAD for figure in row.figures)
    return -missed, row.key


def _figures(judged: Sequence[Judged]) -> tuple[Figure, ...]:
    return tuple(
        Figure(
            LABELS[one.target],
            "-" if one.value is None else _number(one.target, one.value),
            f"{'at least' if one.target in _AT_LEAST else 'at most'} "
            f"{_number(one.target, one.limit)}",
            _JUDGEMENTS[one.missed],
        )
        for one in judged
    )


def _number(target: Target, value: float) -> str:
    return f"{value * 100:.3g} %" if target in _SHARES else brief(value)


def _outcomes(metrics: ReleaseMetrics) -> Iterable[tuple[str, int]]:
    for outcome in Outcome:
        yield outcome.value.replace("_", " ").capitalize(), metrics.outcomes[outcome]
