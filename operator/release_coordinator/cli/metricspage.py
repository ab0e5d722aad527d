"""The release metrics as tables: one application in full, or one row for each. Pure.

Used by `commands.metrics`.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence

from rich.console import Group, RenderableType
from rich.text import Text

from release_coordinator.engine.deployments import Outcome
from release_coordinator.engine.releasemetrics import JUDGED, Judged, ReleaseMetrics, Target
from release_coordinator.engine.releasereport import Measured, ReleaseReport

from .tables import new_table
from .words import duration, plain

_NAMES = {
    Target.SUCCESS: "Deployments that succeeded",
    Target.TIME_TO_DEPLOY: "Time to deploy (median)",
    Target.ROLLBACKS: "Rollbacks",
    Target.DOWNTIME: "Downtime (mean)",
}
_VALUES: dict[Target, Callable[[ReleaseMetrics], float | None]] = {
    Target.SUCCESS: lambda metrics: metrics.success,
    Target.TIME_TO_DEPLOY: lambda metrics: metrics.time_to_deploy,
    Target.ROLLBACKS: lambda metrics: metrics.rollbacks,
    Target.DOWNTIME: lambda metrics: metrics.downtime,
}
_SHARES = (Target.SUCCESS, Target.ROLLBACKS)
_NONE = "-"


def single(report: ReleaseReport, notes: Sequence[str]) -> RenderableType:
    """Everything about each application of one name: there may be one in several namespaces."""
    parts: list[RenderableType] = []
    for (namespace, release), measured in report.applications.items():
        parts += [*_spaced(parts), Text(f"{namespace}/{release}", style="bold"), Text()]
        parts += [_metrics(measured), Text(), *_gates(measured.windows)]
    return Group(*parts, *_told(notes))


def every(
    report: ReleaseReport, notes: Sequence[str], *, everywhere: bool = False, wide: bool = False
) -> RenderableType:
    """One row for each application, and one for all together: the last 30 days."""
    columns = ["NAME", "DEPLOYMENTS", "SUCCEEDED", "TIME TO DEPLOY", "ROLLBACKS", "DOWNTIME"]
    columns += ["TIME TO RESTORE"]
    columns[:0] = ["NAMESPACE"] if everywhere else []
    table = new_table(*columns, *(("OUTCOMES", "LONGEST DOWNTIME") if wide else ()))
    rows = [(list(who), one) for who, one in report.applications.items()]
    for who, measured in [*rows, (["", "all"], report.overall)]:
        names = [plain(name) for name in (who if everywhere else who[1:])]
        table.add_row(*names, *_row(measured), *(_details(measured) if wide else ()))
    about = "Last 30 days, each beside its target; a staging Release has none and is not in 'all'."
    return Group(table, Text(), Text(about, style="dim"), *_told(notes))


def _metrics(measured: Measured) -> RenderableType:
    table = new_table("METRIC", "TARGET", "30 DAYS", "", "30 DAYS BEFORE", "ALL KEPT")
    latest, whole = measured.windows[JUDGED], measured.windows["all"]
    counts = (str(latest.deployments), Text(), "", str(whole.deployments))
    table.add_row("Deployments", "", *counts)
    judged = {one.target: one for one in measured.judged}
    before = {one.target: one for one in measured.before}
    for target, name in _NAMES.items():
        value, kept = _VALUES[target](latest), _VALUES[target](whole)
        beside = (_limit(judged[target]), _met(judged[target])) if judged else (_NONE, Text())
        earlier = before[target].value if before else None
        trend = Text(_said(target, earlier)).append(_trend(target, earlier, value))
        table.add_row(name, beside[0], _said(target, value), beside[1], trend, _said(target, kept))
    restored = (_time(latest.time_to_restore), Text(), "", _time(whole.time_to_restore))
    table.add_row("Time to restore (median)", _NONE, *restored)
    return table


def _gates(windows: Mapping[str, ReleaseMetrics]) -> Iterator[RenderableType]:
    latest, whole = windows[JUDGED].waited, windows["all"].waited
    if not whole:
        return
    table = new_table("WAITED AT GATE (MEAN)", "30 DAYS", "ALL KEPT")
    for gate, seconds in sorted(whole.items(), key=lambda one: (-one[1], one[0])):
        table.add_row(plain(gate), _time(latest.get(gate)), _time(seconds))
    yield table


def _row(measured: Measured) -> Iterator[Text]:
    latest = measured.windows[JUDGED]
    judged = {one.target: one for one in measured.judged}
    yield Text(str(latest.deployments))
    for target, value in _VALUES.items():
        cell = Text(_said(target, value(latest)))
        if target in judged and judged[target].missed is not None:
            cell.append(" ").append(_met(judged[target]))
        yield cell
    yield Text(_time(latest.time_to_restore))


def _details(measured: Measured) -> tuple[Text, Text]:
    latest = measured.windows[JUDGED]
    counts = [f"{latest.outcomes[one]} {one.replace('_', ' ')}" for one in Outcome]
    return Text(", ".join(counts)), Text(_time(latest.longest_downtime))


def _met(judged: Judged) -> Text:
    if judged.missed is None:
        return Text()
    return Text("missed", style="red") if judged.missed else Text("met", style="green")


def _limit(judged: Judged) -> str:
    sign = "≥" if judged.target is Target.SUCCESS else "≤"
    return f"{sign} {_said(judged.target, judged.limit)}"


def _trend(target: Target, before: float | None, now: float | None) -> str:
    if before is None or now is None:
        return ""
    if before == now:
        return ", same"
    better = now > before if target is Target.SUCCESS else now < before
    return ", better now" if better else ", worse now"


def _said(target: Target, value: float | None) -> str:
    if value is None or target not in _SHARES:
        return _time(value)
    return f"{value * 100:.3g} %"


def _time(seconds: float | None) -> str:
    if seconds is None:
        return _NONE
    return duration(seconds) if seconds else "0s"


def _spaced(parts: Sequence[RenderableType]) -> list[RenderableType]:
    return [Text()] if parts else []


def _told(notes: Sequence[str]) -> list[RenderableType]:
    return [Text(), *map(plain, notes)] if notes else []
