"""What is different between two plans, field by field, as paths that people find again. Pure."""

from collections.abc import Iterator, Mapping
from typing import Any

_KEYS = ("name", "type", "role")
"""Fields by which entries of lists are told apart, as in the definitions."""


def fields_of(value: Any, path: str = "") -> dict[str, str]:
    """Every leaf of a JSON value: `watch.metrics[p95].query` -> text. Nulls are not there."""
    return dict(_leaves(value, path))


def differences(before: Any, after: Any) -> list[tuple[str, str | None, str | None]]:
    """Field, value before and value after, sorted; None where there is none."""
    old, new = fields_of(before), fields_of(after)
    return [
        (path, old.get(path), new.get(path))
        for path in sorted({*old, *new})
        if old.get(path) != new.get(path)
    ]


def dropped(written: Any, stored: Any) -> list[str]:
    """Fields of a file that the API server did not keep: it does not know them."""
    kept = set(fields_of(stored))
    # An entry that is only its key comes back with the defaults of its other fields.
    kept |= {path[: end + 1] for path in kept for end, sign in enumerate(path) if sign == "]"}
    return sorted(path for path in fields_of(written) if path not in kept)


def _leaves(value: Any, path: str) -> Iterator[tuple[str, str]]:
    if isinstance(value, Mapping):
        for key, part in value.items():
            yield from _leaves(part, f"{path}.{key}" if path else str(key))
    elif isinstance(value, list) and any(isinstance(part, Mapping) for part in value):
        for index, part in enumerate(value):
            yield from _entry(part, path, index)
    elif isinstance(value, list):
        if value:
            yield path, ", ".join(_text(part) for part in value)
    elif value is not None:
        yield path, _text(value)


def _entry(part: Any, path: str, index: int) -> Iterator[tuple[str, str]]:
    """An entry of a list; what it is called by is in the path already, unless it is all it says."""
    known = [key for key in _KEYS if isinstance(part, Mapping) and part.get(key) is not None]
    if not known:
        yield from _leaves(part, f"{path}[{index}]")
        return
    key = known[0]
    said = list(_leaves({name: one for name, one in part.items() if name != key}, ""))
    label = f"{path}[{_text(part[key])}]"
    yield from ((f"{label}.{name}", text) for name, text in said)
    if not said:
        yield label, _text(part[key])


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return f"{value:g}" if isinstance(value, float) else str(value)
