"""What is wrong in `spec.watch` that neither the schema nor CEL can say: queries above all.

Called by `engine.plan`. A query is checked as it will be asked, with its placeholders filled: what
passes here is PromQL, whatever the release is called.
"""

from collections.abc import Iterator, Sequence

from release_coordinator.api.base import parse_duration
from release_coordinator.api.faults import Fault
from release_coordinator.api.release import Component, ReleaseSpec
from release_coordinator.api.watch import AlertSign, BaselineFrom, Breach, Metric, Watch

from . import patterns, placeholders, presets, promql

SAMPLES = dict.fromkeys(placeholders.ALL, "sample") | {placeholders.WINDOW: "1m"}
"""Values for a query that is only checked; their place in it does not depend on what they are."""

APART = {placeholders.PODS, "workload"}
"""Placeholders by which the two versions of a BlueGreen component are told apart."""
POD_SIGN = "pods"
"""Name of the journal's entry of `engine.signs.pods`; no other entry can have a metric's name."""
_REMEDY = "correct it, and try it at the source first"


def faults(spec: ReleaseSpec) -> list[Fault]:
    """Everything that is wrong with what is watched."""
    watch = spec.watch
    if watch is None:
        return []
    return [
        *_twice(watch),
        *(
            fault
            for index, metric in enumerate(watch.metrics)
            for fault in _metric(f"spec.watch.metrics[{index}]", metric, spec.components)
        ),
        *(
            fault
            for index, sign in enumerate(watch.alerts)
            for fault in _alerts(f"spec.watch.alerts[{index}]", sign, spec.components)
        ),
        *_logs(watch, spec.components),
        *_availability(watch, spec.components),
    ]


def _twice(watch: Watch) -> Iterator[Fault]:
    """Names by which the journal knows what is watched."""
    lists = {
        "metrics": [metric.name for metric in watch.metrics],
        "alerts": [sign.name for sign in watch.alerts],
        "logs": [sign.name for sign in watch.logs],
        "dataChecks": [check.name for check in watch.data_checks],
    }
    if watch.pods is not None and POD_SIGN in lists["metrics"]:
        path = f"spec.watch.metrics[{lists['metrics'].index(POD_SIGN)}].name"
        text = f"{POD_SIGN} is how spec.watch.pods is called among what is watched"
        yield Fault(path, text, "give the metric another name")
    for field, names in lists.items():
        for index, name in enumerate(names):
            if name in names[:index]:
                path = f"spec.watch.{field}[{index}].name"
                yield Fault(path, f"{name} is used twice", "give each entry its own name")


def _metric(path: str, metric: Metric, components: Sequence[Component]) -> Iterator[Fault]:
    yield from _component(f"{path}.component", metric.component, components)
    yield from _windows(path, metric)
    if (metric.query is None) == (metric.preset is None):
        said = "has neither query nor preset" if metric.query is None else "has query and preset"
        yield Fault(path, said, "set exactly one of them")
    elif metric.preset is not None:
        yield from _preset(path, metric, components)
    else:
        yield from _promql(f"{path}.query", metric.query or "", path, metric.component, components)
    if metric.min_traffic is not None:
        query = metric.min_traffic.query
        yield from _promql(f"{path}.minTraffic.query", query, path, metric.component, components)
    yield from _breach(path, metric)
    yield from _beside(path, metric, components)


def _windows(path: str, metric: Metric) -> Iterator[Fault]:
    windows = {"window": metric.window, "baseline.window": metric.baseline.window}
    if metric.breach is not None and metric.breach.comparison is not None:
        windows["breach.comparison.window"] = metric.breach.comparison.window
    for field, text in windows.items():
        if parse_duration(text) <= 0:
            yield Fault(f"{path}.{field}", "is no time at all", "write a time like 5m")


def _beside(path: str, metric: Metric, components: Sequence[Component]) -> Iterator[Fault]:
    """The same query for both versions would compare a version with itself: no breach ever."""
    preset = presets.asked(metric.preset, metric.convention) if metric.preset else None
    breach = metric.breach or (preset.breach if preset else None)
    query = preset.query if preset else metric.query
    if metric.baseline.taken is not BaselineFrom.BESIDE or breach is None or query is None:
        return
    about = [c for c in components if metric.component in {None, c.name}]
    telling = {"version"} | (APART if any(c.is_blue_green for c in about) else set())
    if breach.needs_baseline and not telling & placeholders.named(query):
        yield Fault(
            f"{path}.baseline.taken",
            "is Beside, but this query is the same for both versions",
            f"use Before, or {' or '.join(f'$({name})' for name in sorted(telling))} in a query",
        )


def _preset(path: str, metric: Metric, components: Sequence[Component]) -> Iterator[Fault]:
    assert metric.preset is not None  # noqa: S101 - asked of presets alone
    if presets.asked(metric.preset, metric.convention) is None:
        known = ", ".join(presets.conventions(metric.preset))
        yield Fault(
            f"{path}.convention",
            f"{metric.convention} has no metric for {metric.preset}",
            f"use {known}, or ask with query",
        )
    elif metric.component is None and len(components) > 1:
        yield _which(f"{path}.component", f"preset {metric.preset}", components)


def _promql(
    path: str, query: str, entry: str, component: str | None, components: Sequence[Component]
) -> Iterator[Fault]:
    """Faults of a query of an entry, which may name a component."""
    wrong = [Fault(path, problem, remedy) for problem, remedy in placeholders.faults(query)]
    if wrong:
        yield from wrong
        return
    if problem := promql.checked(placeholders.filled(query, SAMPLES)):
        text, _, remedy = problem.partition("; ")
        yield Fault(path, text, remedy or _REMEDY)
    needing = sorted(placeholders.named(query) & placeholders.OF_COMPONENT)
    if needing and component is None and len(components) > 1:
        yield _which(f"{entry}.component", f"$({needing[0]})", components)


def _breach(path: str, metric: Metric) -> Iterator[Fault]:
    breach = metric.breach
    if breach is None:
        if metric.preset is None:
            text = "is missing: nothing says when the answer to this query is bad"
            yield Fault(f"{path}.breach", text, "set above, below, ratioToBaseline or comparison")
        return
    yield from _limits(f"{path}.breach", breach)


def _limits(path: str, breach: Breach) -> Iterator[Fault]:
    limits = (breach.ratio_to_baseline, breach.above, breach.below, breach.comparison)
    if all(limit is None for limit in limits):
        text = "has no limit" if breach.floor is None else "has a floor and no limit"
        yield Fault(path, text, "set above, below, ratioToBaseline or comparison")
    if breach.above is not None and breach.below is not None and breach.above < breach.below:
        text = f"is {breach.above:g}, less than below ({breach.below:g}): every answer is a breach"
        yield Fault(f"{path}.above", text, "give the range of good values as below to above")


def _alerts(path: str, sign: AlertSign, components: Sequence[Component]) -> Iterator[Fault]:
    if not sign.alerts and not sign.labels:
        text = "names neither alerts nor labels, so that any alert would count"
        yield Fault(path, text, "set one of them")
    for label, value in sign.labels.items():
        where = f"{path}.labels[{label}]"
        for problem, remedy in placeholders.text_faults(value):
            yield Fault(where, problem, remedy)
        allowed = placeholders.OF_COMPONENT.intersection(placeholders.OF_LABELS)
        needing = sorted(placeholders.named(value) & allowed)
        if needing and len(components) > 1:
            text = f"has $({needing[0]}), but this Release has several components"
            yield Fault(where, text, "write the name itself, and an entry for each component")


def _logs(watch: Watch, components: Sequence[Component]) -> Iterator[Fault]:
    for index, sign in enumerate(watch.logs):
        path = f"spec.watch.logs[{index}]"
        yield from _component(f"{path}.component", sign.component, components)
        remedy = "correct it; RE2 has no look-around and no back-references"
        wrong = [
            Fault(f"{path}.patterns[{number}]", f"is no RE2 pattern: {problem}", remedy)
            for number, pattern in enumerate(sign.patterns)
            if (problem := patterns.fault(pattern))
        ]
        yield from wrong
        if not wrong and (problem := patterns.fault_together(sign.patterns)):
            text = f"cannot be searched for together: {problem}"
            yield Fault(f"{path}.patterns", text, "or make several entries of them")


def _availability(watch: Watch, components: Sequence[Component]) -> Iterator[Fault]:
    if watch.availability is None:
        return
    path, named = "spec.watch.availability", watch.availability.component
    yield from _component(f"{path}.component", named, components)
    query = watch.availability.query
    yield from _promql(f"{path}.query", query, path, named, components)


def _component(path: str, name: str | None, components: Sequence[Component]) -> Iterator[Fault]:
    known = sorted(component.name for component in components)
    if name is not None and name not in known:
        text = f"{name} is no component of this Release"
        yield Fault(path, text, f"use {_one_of(known)}")


def _which(path: str, needing: str, components: Sequence[Component]) -> Fault:
    known = sorted(component.name for component in components)
    text = f"is missing, and {needing} is about one component of several"
    return Fault(path, text, f"set it to {_one_of(known)}")


def _one_of(names: Sequence[str]) -> str:
    return names[0] if len(names) == 1 else f"one of {', '.join(names)}"
