"""Writes `docs/reference/presets.md`: what each preset asks by each convention, and its limit.

Made from `engine.presets` alone, as a release asks it.
"""

import re
from collections.abc import Iterator

from tools.meanings import meanings
from tools.reference.tables import code, page, table

from release_coordinator.api.watch import Breach, Convention, Preset
from release_coordinator.engine import presets

_INTRODUCTION = """\
# Presets: queries, labels, limits

What a preset of `spec.watch.metrics` asks, by each convention, for who wants to know whether their
series fit, or needs a query of their own that is nearly the same.
[Watching a release](../metrics.md#presets) says how to use them.

To begin from one of these queries, put it into `query` instead of `preset`, with the limit in
`breach` and the traffic in `minTraffic`, and write the name of your Service in place of
`$(service)`, which only presets know. `$(namespace)`, `$(pods)`, `$(workload)` and `$(window)` stay
as they are."""
_LABEL = re.compile(r'\b([a-z0-9_]+)(?:=~|!~|!=|=)"')
_METRIC = re.compile(r"\b([a-z0-9_]+)\{")
_UNITS = dict.fromkeys(presets.QUANTILES, "seconds") | {Preset.REQUEST_RATE: "requests per second"}
_EXAMPLE = Preset.LATENCY_P95
"""The latency whose query is written out; the others differ from it by one number."""


def render() -> str:
    """Return the whole page."""
    parts = [part for convention in Convention for part in _convention(convention)]
    return page(_INTRODUCTION, "## Limits", _limits(), *parts)


def _limits() -> list[str]:
    """What is bad, where a Release says nothing else."""
    words = meanings(Preset)
    rows = []
    for preset in Preset:
        asked = presets.asked(preset, presets.conventions(preset)[0])
        assert asked is not None  # noqa: S101 - of a convention that has it
        least = f"{asked.min_traffic.at_least:g}/s" if asked.min_traffic else "any"
        unit = _UNITS.get(preset, "share, 0 to 1")
        rows.append((code(preset), words[preset], unit, limit(asked.breach), least))
    head = ("Preset", "Value", "Unit of its limits", "Bad if it is", "Judged from requests")
    return table(head, rows)


def limit(breach: Breach) -> str:
    """Say a usual limit in the fields of `breach`."""
    set_fields = breach.model_dump(mode="json", by_alias=True, exclude_unset=True)
    inside = [f"{name}: {_value(value)}" for name, value in set_fields.items()]
    return code(f"{{{', '.join(inside)}}}")


def _value(value: object) -> str:
    if isinstance(value, dict):
        return f"{{{', '.join(f'{name}: {_value(one)}' for name, one in value.items())}}}"
    return f"{value:g}" if isinstance(value, float) else str(value)


def _convention(convention: Convention) -> Iterator[str | list[str]]:
    yield f"## {convention}\n\nNames: {meanings(Convention)[convention]}."
    for preset in Preset:
        asked = presets.asked(preset, convention)
        if asked is None or convention not in presets.conventions(preset):
            continue
        if preset in presets.QUANTILES and preset is not _EXAMPLE:
            continue
        yield _title(convention, preset)
        traffic = asked.min_traffic.query if asked.min_traffic else ""
        labels = _names(_LABEL, asked.query) + (", `le`" if preset is _EXAMPLE else "")
        yield f"Metrics: {_names(_METRIC, asked.query + traffic)}. Labels: {labels}."
        yield _block(asked.query)
        if asked.min_traffic is not None:
            yield "Its traffic:"
            yield _block(asked.min_traffic.query)


def _title(convention: Convention, preset: Preset) -> str:
    if preset is not _EXAMPLE:
        return f"### {convention}: {preset}"
    others = [
        f"{quantile} for {name}" for name, quantile in presets.QUANTILES.items() if name != _EXAMPLE
    ]
    names = ", ".join(presets.QUANTILES)
    return (
        f"### {convention}: {names}\n\nThat of {_EXAMPLE}; {' and '.join(others)} in place of 0.95."
    )


def _names(pattern: re.Pattern[str], query: str) -> str:
    return ", ".join(code(name) for name in dict.fromkeys(pattern.findall(query)))


def _block(query: str) -> str:
    """A query, broken where one series stands in for another."""
    return f"```text\n{query.replace(' or ', chr(10) + '  or ')}\n```"
