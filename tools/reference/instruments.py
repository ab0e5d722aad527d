"""Writes `docs/reference/metrics.md`: every number the operator exports at `/metrics`.

Made from the instruments themselves, which are created here on a registry of their own.
"""

import importlib
import inspect
import pkgutil
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from prometheus_client import PlatformCollector, ProcessCollector
from tools.reference.tables import cell, code, page, table

from release_coordinator import telemetry
from release_coordinator.signals.port import Outcome
from release_coordinator.telemetry.metrics import Metrics

OURS = "release_coordinator_"
_GIVEN = {"outcomes": tuple(Outcome)}
"""What groups of instruments want to know beside the registry, by the name of the parameter."""
_SUFFIX = {"counter": "_total", "info": "_info"}
_INTRODUCTION = """\
# Metrics

The operator serves them at `/metrics` of port 8080. A histogram has the series `_bucket`, `_sum`
and `_count`. What other operators count as well carries the names of controller-runtime, so that
dashboards made for them work. Besides, there are the usual `process_…` and `python_info`.
[Alerts](alerts.md) says which of them raise the alarm."""


@dataclass(frozen=True, order=True)
class Instrument:
    """One metric."""

    name: str
    """As it is queried; of a histogram without the endings of its series."""
    kind: str
    labels: tuple[str, ...]
    text: str


def render() -> str:
    """Return the whole page."""
    found = sorted(instruments())
    ours = [one for one in found if one.name.startswith(OURS)]
    shared = [one for one in found if not one.name.startswith(OURS)]
    return page(_INTRODUCTION, "## Of releases", _table(ours), "## Of any operator", _table(shared))


def instruments() -> Iterator[Instrument]:
    """Yield every metric but those of the process."""
    metrics = Metrics("0")
    metrics.resync_age(float)
    metrics.sign_offs_guarded(bool)
    for group in _groups():
        group(metrics.registry, **{name: _GIVEN[name] for name in _asked(group)})
    for collector in metrics.registry._collector_to_names:  # noqa: SLF001 - no other way to ask
        if not isinstance(collector, ProcessCollector | PlatformCollector):
            yield from _of(collector)


def _groups() -> Iterator[Any]:
    """Yield the classes of the package that make their instruments on a registry they are given."""
    for found in pkgutil.iter_modules(telemetry.__path__, f"{telemetry.__name__}."):
        module = importlib.import_module(found.name)
        for _, group in inspect.getmembers(module, inspect.isclass):
            if group.__module__ == found.name and [*_parameters(group)][:1] == ["registry"]:
                yield group


def _asked(group: Any) -> list[str]:
    """What else a group wants to be made with."""
    others = [*_parameters(group).values()][1:]
    return [one.name for one in others if one.default is one.empty]


def _parameters(group: Any) -> Mapping[str, inspect.Parameter]:
    return inspect.signature(group).parameters


def _of(collector: Any) -> Iterator[Instrument]:
    """The metrics of an instrument, or of a collector that makes families when it is asked."""
    for family in collector.describe():
        labels = getattr(collector, "_labelnames", ()) or getattr(family, "_labelnames", ())
        ending = _SUFFIX.get(family.type, "")
        name = family.name if family.name.endswith(ending) else f"{family.name}{ending}"
        yield Instrument(name, family.type, tuple(labels), family.documentation)


def _table(found: list[Instrument]) -> list[str]:
    rows = [
        (code(one.name), one.kind, " ".join(map(code, one.labels)), cell(one.text)) for one in found
    ]
    return table(("Name", "Type", "Labels", "Meaning"), rows)
