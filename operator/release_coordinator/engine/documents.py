"""Documents: the part of a workload that a Release declares, and merge patches of it; pure.

A document has labels, annotations and a spec. The operator owns what the last document that it
applied has declared, and nothing else: what others have written (the replicas of an autoscaler,
defaults of the API server) stays. What was declared is kept as an *outline*: names of fields
without their values. Used by `engine.inline` and `engine.workloads`.
"""

import re
from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any

Document = Mapping[str, Any]
_PARTS: Document = {"metadata": {"labels": {}, "annotations": {}}, "spec": {}}
_STRATEGIES = ("strategy", "updateStrategy")
"""Fields whose `type` forbids what another type has needed."""
_QUANTITY = re.compile(r"([0-9]{1,18}(?:\.[0-9]{1,18})?)(m|k|M|G|T|P|Ki|Mi|Gi|Ti|Pi)?")
_UNITS = {
    "": Decimal(1),
    "m": Decimal("0.001"),
    **{unit: Decimal(1000) ** power for power, unit in enumerate("kMGTP", 1)},
    **{f"{unit}i": Decimal(1024) ** power for power, unit in enumerate("KMGTP", 1)},
}


def kept_back(spec: Document) -> str:
    """Why the controller of a workload would not replace its pods by itself; empty if it does."""
    if spec.get("paused"):
        return "it is paused; set spec.paused to false"
    strategy = _map(spec.get("updateStrategy"))
    if strategy.get("type") == "OnDelete":
        return "its updateStrategy is OnDelete; set it to RollingUpdate"
    if _map(strategy.get("rollingUpdate")).get("partition"):
        return "its updateStrategy has a partition; set it to 0"
    return ""


def outline(found: Any) -> Any:
    """The names of all members of a document, without their values; a list is one value."""
    if isinstance(found, Mapping) and found:
        return {key: outline(value) for key, value in found.items()}
    return 0


def joined(one: Any, other: Any) -> Any:
    """An outline of all that two outlines name; where one says more, it counts."""
    if not isinstance(one, Mapping) or not isinstance(other, Mapping):
        return one if isinstance(one, Mapping) else other
    return {
        key: joined(one.get(key, other.get(key)), other.get(key, one.get(key)))
        for key in {**one, **other}
    }


def patch(declared: Any, wanted: Document) -> dict[str, Any]:
    """The merge patch to a document from whatever was made of the one of that outline."""
    return _without_old_strategy(_patch(declared, wanted), wanted)


def _patch(declared: Any, wanted: Document) -> dict[str, Any]:
    before = declared if isinstance(declared, Mapping) else {}
    gone: dict[str, Any] = {key: None for key in before if key not in wanted}
    return gone | {
        key: _patch(before.get(key), value) if isinstance(value, Mapping) else value
        for key, value in wanted.items()
    }


def _without_old_strategy(found: dict[str, Any], wanted: Document) -> dict[str, Any]:
    """Defaults that the API server had added for another type would make it refuse this one."""
    spec = dict(_map(found.get("spec")))
    for field in _STRATEGIES:
        said = wanted.get("spec", {}).get(field)
        if isinstance(said, Mapping) and "type" in said and "rollingUpdate" not in said:
            spec[field] = {**spec[field], "rollingUpdate": None}
    return {**found, "spec": spec} if spec else found


def back(declared: Any, live: Document, recorded: Document) -> dict[str, Any]:
    """The merge patch that gives what an outline names the values that were recorded.

    A part that was not recorded had nothing in it: what is named goes one by one, for a null in
    place of the whole part would take away what others have written too.
    """
    owned = {
        key: inner
        for key, inner in _map(declared).items()
        if key not in _PARTS or isinstance(inner, Mapping)  # else nothing in it is declared
    }
    return _back(owned, merged(_PARTS, live), merged(_PARTS, recorded))


def _back(outlined: Document, live: Document, recorded: Document) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key, inner in outlined.items():
        now, then = live.get(key), recorded.get(key)
        if key in _STRATEGIES and _map(now).get("type") != _map(then).get("type"):
            found[key] = _replaced(now, then)
        elif isinstance(inner, Mapping) and isinstance(now, Mapping) and isinstance(then, Mapping):
            deeper = _back(inner, now, then)
            if deeper:
                found[key] = deeper
        elif now != then:
            found[key] = then
    return found


def _replaced(now: Any, then: Any) -> Any:
    """A merge patch that leaves nothing of the present value."""
    if not isinstance(then, Mapping):
        return then
    return {key: None for key in _map(now) if key not in then} | dict(then)


def merged(target: Any, change: Mapping[str, Any]) -> dict[str, Any]:
    """A value after a merge patch (RFC 7386)."""
    result = dict(target) if isinstance(target, Mapping) else {}
    for key, value in change.items():
        if value is None:
            result.pop(key, None)
        elif isinstance(value, Mapping):
            result[key] = merged(result.get(key), value)
        else:
            result[key] = value
    return result


def lost(stored: Any, wanted: Any, path: str = "") -> Iterator[str]:
    """Fields of a document that the API server has not stored as they were declared."""
    if isinstance(wanted, Mapping) and (wanted or stored is not None):
        here = stored if isinstance(stored, Mapping) else {}
        for key, value in wanted.items():
            yield from lost(here.get(key), value, f"{path}.{key}" if path else str(key))
    elif isinstance(wanted, list) and wanted:
        there = stored if isinstance(stored, list) else []
        if len(there) != len(wanted):
            yield path
            return
        for index, (one, value) in enumerate(zip(there, wanted, strict=True)):
            yield from lost(one, value, f"{path}[{index}]")
    elif not _same(stored, wanted):
        yield path


def removed(declared: Any, wanted: Any, path: str = "") -> Iterator[str]:
    """Fields of an outline that a document does not name any more."""
    if not isinstance(declared, Mapping) or not isinstance(wanted, Mapping):
        return
    for key, inner in declared.items():
        where = f"{path}.{key}" if path else str(key)
        if key not in wanted:
            yield where
        else:
            yield from removed(inner, wanted[key], where)


def _same(stored: Any, wanted: Any) -> bool:
    """Whether a value is stored as it was declared, in the spelling of the API server.

    It leaves out what is empty, and writes quantities in a form of its own.
    """
    if stored is None:
        return wanted in (None, "", 0, False, [], {})
    if stored == wanted:
        return True
    one, other = _quantity(stored), _quantity(wanted)
    return one is not None and one == other


def _quantity(value: Any) -> Decimal | None:
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return None
    found = _QUANTITY.fullmatch(str(value))
    return Decimal(found[1]) * _UNITS[found[2] or ""] if found else None


def _map(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}
