"""Field ownership of server-side apply: which manager owns which leaf, and what an apply changes.

The subset that the product needs: maps by key; lists of built-in kinds by their merge key;
finalizers by value; every other list is one leaf. Pure; used by `double.server`.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from release_coordinator.cluster.bodies import clone
from release_coordinator.cluster.double.rules import is_custom
from release_coordinator.cluster.port import Body, Kind
from release_coordinator.errors import Conflict


@dataclass(frozen=True, slots=True)
class Item:
    """A path segment: the item of a list with these values of its merge keys."""

    keys: tuple[tuple[str, Any], ...]

    def __str__(self) -> str:
        """Render as the API server does in its conflict messages."""
        return "[" + ",".join(f'{key}="{value}"' for key, value in self.keys) + "]"


@dataclass(frozen=True, slots=True)
class Element:
    """A path segment: the member of a set, a list without duplicates or order."""

    value: str

    def __str__(self) -> str:
        """Render as the API server does in its conflict messages."""
        return f'[="{self.value}"]'


Path = tuple[str | Item | Element, ...]
Owners = Mapping[tuple[str, str], frozenset[Path]]
"""(manager, "Apply" or "Update") -> the leaves it owns."""

_SETS = {"finalizers"}
_METADATA_KEYS: dict[str, tuple[str, ...]] = {"ownerReferences": ("uid",)}
_BUILT_IN_KEYS: dict[str, tuple[str, ...]] = {
    **_METADATA_KEYS,
    "containers": ("name",),
    "initContainers": ("name",),
    "env": ("name",),
    "volumes": ("name",),
    "imagePullSecrets": ("name",),
    "volumeMounts": ("mountPath",),
    "ports": ("containerPort", "protocol"),
}
_KEY_DEFAULTS = {"protocol": "TCP"}
_OWNABLE_METADATA = ("labels", "annotations", "finalizers", "ownerReferences")


def leaves(kind: Kind, body: Body) -> dict[Path, Any]:
    """Return everything in the body that can have an owner: all but status and identity."""
    keys = _METADATA_KEYS if is_custom(kind) else _BUILT_IN_KEYS
    metadata = body.get("metadata", {})
    ownable: Body = {
        "metadata": {name: metadata[name] for name in _OWNABLE_METADATA if name in metadata}
    }
    ownable |= {
        name: value
        for name, value in body.items()
        if name not in {"apiVersion", "kind", "metadata", "status"}
    }
    return {path: value for path, value in _walk(keys, ownable, ()) if path != ("metadata",)}


def after_update(kind: Kind, owners: Owners, manager: str, old: Body, new: Body) -> Owners:
    """Return the owners after a create, PUT or merge patch: who changes a leaf owns it."""
    before, after = leaves(kind, old), leaves(kind, new)
    changed = {path for path, value in after.items() if path not in before or before[path] != value}
    touched = changed | (before.keys() - after.keys())
    if not touched:
        return owners
    rest = {who: paths - touched for who, paths in owners.items()}
    mine = rest.get((manager, "Update"), frozenset()) | changed
    return {who: paths for who, paths in {**rest, (manager, "Update"): mine}.items() if paths}


def apply(
    kind: Kind, live: Body, owners: Owners, manager: str, applied: Body, *, force: bool
) -> tuple[Body, Owners]:
    """Return the merged object and its owners. Raises Conflict unless forced."""
    me = (manager, "Apply")
    wanted, present = leaves(kind, applied), leaves(kind, live)
    disputed = {
        path: who
        for who, paths in owners.items()
        if who != me
        for path in paths & wanted.keys()
        if path not in present or present[path] != wanted[path]
    }
    if disputed and not force:
        raise _ownership_conflict(kind, disputed)
    others = {who: paths - disputed.keys() for who, paths in owners.items() if who != me}
    merged = clone(live)
    # What we applied before and no longer do goes away, unless another manager wants it too.
    kept = frozenset[Path]().union(*others.values())
    for path in sorted(owners.get(me, frozenset()) - wanted.keys() - kept, key=len, reverse=True):
        _remove(merged, path, kept | wanted.keys())
    for path, value in wanted.items():
        _set(merged, path, clone(value))
    mine = frozenset(wanted)
    return merged, {who: paths for who, paths in {**others, me: mine}.items() if paths}


def _ownership_conflict(kind: Kind, disputed: Mapping[Path, tuple[str, str]]) -> Conflict:
    owners = {
        _render(path): f'conflict with "{who[0]}" using {kind.api_version}'
        for path, who in disputed.items()
    }
    return Conflict(f"apply failed with conflicts: {owners}", owners=owners)


def _render(path: Path) -> str:
    return "".join(f".{one}" if isinstance(one, str) else str(one) for one in path)


def _walk(
    keys: Mapping[str, tuple[str, ...]], value: Any, path: Path
) -> Iterator[tuple[Path, Any]]:
    if isinstance(value, dict) and value:
        for name, item in value.items():
            yield from _walk(keys, item, (*path, name))
    elif isinstance(value, list) and value and path[-1] in _SETS:
        for item in value:
            yield (*path, Element(item)), item
    elif isinstance(value, list) and value and path[-1] in keys:
        for item in value:
            yield from _walk(keys, item, (*path, _item(keys[str(path[-1])], item)))
    else:
        yield path, value


def _item(keys: tuple[str, ...], value: Body) -> Item:
    return Item(tuple((key, value.get(key, _KEY_DEFAULTS.get(key))) for key in keys))


def _find(values: list[Any], segment: Item) -> Any:
    names = tuple(key for key, _ in segment.keys)
    return next((value for value in values if _item(names, value) == segment), None)


def _set(root: Body, path: Path, value: Any) -> None:
    """Write one leaf, making the containers on its way."""
    place: Any = root
    for segment, following in pairwise(path):
        place = _enter(place, segment, [] if isinstance(following, Item | Element) else {})
    last = path[-1]
    if isinstance(last, Element):
        if last.value not in place:
            place.append(last.value)
    else:
        place[last] = value


def _enter(place: Any, segment: str | Item | Element, empty: Any) -> Any:
    if isinstance(segment, Item):
        item = _find(place, segment)
        if item is None:
            item = dict(segment.keys)
            place.append(item)
        return item
    if not isinstance(place.get(segment), type(empty)):
        place[segment] = empty
    return place[segment]


def _remove(root: Body, path: Path, kept: frozenset[Path] | set[Path]) -> None:
    """Remove one leaf, and the list item around it when it was the key and nobody else is in."""
    trail: list[Any] = [root]
    for segment in path[:-1]:
        place = trail[-1]
        place = _find(place, segment) if isinstance(segment, Item) else place.get(segment)
        if place is None:
            return
        trail.append(place)
    place, last = trail[-1], path[-1]
    if isinstance(last, Element):
        if last.value in place:
            place.remove(last.value)
    elif len(path) > 1 and isinstance(item := path[-2], Item) and last in dict(item.keys):
        if not any(other[: len(path) - 1] == path[:-1] for other in kept):
            trail[-2].remove(place)
    else:
        place.pop(last, None)
