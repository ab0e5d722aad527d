"""Field ownership of server-side apply: which manager owns which leaf, and what an apply changes.

The subset that the product needs: maps by key; lists of built-in kinds by their merge key;
finalizers by value; every other list is one leaf. Pure; used by `double.server`.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

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

_Keys = Mapping[str, tuple[str, ...]]
"""Name of a list -> the members of its items that tell one from another."""

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
_Member = TypeVar("_Member")
_KEY_DEFAULTS = {"protocol": "TCP"}
_OWNABLE_METADATA = ("labels", "annotations", "finalizers", "ownerReferences")


def leaves(kind: Kind, body: Body) -> dict[Path, Any]:
    """Return everything in the body that can have an owner: all but status and identity."""
    metadata = body.get("metadata", {})
    ownable: Body = {
        "metadata": {name: metadata[name] for name in _OWNABLE_METADATA if name in metadata}
    }
    ownable |= {
        name: value
        for name, value in body.items()
        if name not in {"apiVersion", "kind", "metadata", "status"}
    }
    return {
        path: value
        for path, value in _walk(_merge_keys(kind), ownable, ())
        if path != ("metadata",)
    }


def after_update(kind: Kind, owners: Owners, manager: str, old: Body, new: Body) -> Owners:
    """Return the owners after a create, PUT or merge patch: who changes a leaf owns it."""
    before, after = leaves(kind, old), leaves(kind, new)
    changed = {path for path, value in after.items() if path not in before or before[path] != value}
    touched = changed | (before.keys() - after.keys())
    if not touched:
        return owners
    rest = {who: paths - touched for who, paths in owners.items()}
    mine = rest.get((manager, "Update"), frozenset()) | changed
    return _occupied({**rest, (manager, "Update"): mine})


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
        if not _agree(path, wanted[path], present)
    }
    if disputed and not force:
        raise _ownership_conflict(kind, disputed)
    others = {who: paths - disputed.keys() for who, paths in owners.items() if who != me}
    left = clone(live)
    # What we applied before and no longer do goes away, unless another manager wants it too.
    kept = wanted.keys() | frozenset[Path]().union(*others.values())
    for path in sorted(owners.get(me, frozenset()) - kept, key=len, reverse=True):
        _remove(left, path)
    merged: Body = _merge(_merge_keys(kind), left, applied, "")
    gone = present.keys() - leaves(kind, merged).keys()
    others = {who: paths - gone for who, paths in others.items()}
    return merged, _occupied({**others, me: frozenset(wanted)})


def _occupied(owners: Owners) -> Owners:
    return {who: paths for who, paths in owners.items() if paths}


def _agree(path: Path, wanted: Any, present: Mapping[Path, Any]) -> bool:
    if wanted == {}:
        # "There is such a map": true whatever is in it.
        return any(leaf[: len(path)] == path for leaf in present)
    return path in present and present[path] == wanted


def _ownership_conflict(kind: Kind, disputed: Mapping[Path, tuple[str, str]]) -> Conflict:
    owners = {
        _render(path): f'conflict with "{who[0]}" using {kind.api_version}'
        for path, who in disputed.items()
    }
    return Conflict(f"apply failed with conflicts: {owners}", owners=owners)


def _render(path: Path) -> str:
    return "".join(f".{one}" if isinstance(one, str) else str(one) for one in path)


def _merge_keys(kind: Kind) -> _Keys:
    return _METADATA_KEYS if is_custom(kind) else _BUILT_IN_KEYS


def _walk(keys: _Keys, value: Any, path: Path) -> Iterator[tuple[Path, Any]]:
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


def _merge(keys: _Keys, live: Any, applied: Any, name: str) -> Any:
    """Return the live value with the applied one laid over it; `name` is the member's name."""
    if isinstance(applied, dict):
        base = live if isinstance(live, dict) else {}
        return base | {key: _merge(keys, base.get(key), applied[key], key) for key in applied}
    if isinstance(applied, list) and isinstance(live, list) and name in _SETS:
        return _in_order(live, applied)
    if isinstance(applied, list) and isinstance(live, list) and name in keys:
        before = {_item(keys[name], item): item for item in live}
        after = {_item(keys[name], item): item for item in applied}
        return [
            _merge(keys, before.get(one), after[one], "") if one in after else before[one]
            for one in _in_order(list(before), list(after))
        ]
    return clone(applied)


def _in_order(live: Sequence[_Member], applied: Sequence[_Member]) -> list[_Member]:
    """Merge as the server does: the applied order, with what is only live in its old places."""
    result: list[_Member] = []
    shared = [one for one in applied if one in live]
    rest = list(applied)
    for one in live:
        if one not in applied:
            result.append(one)
        elif shared and one == shared[0]:
            # Applied members that are new come before the shared one they were written before.
            while (head := rest.pop(0)) != one:
                result.append(head)
            result.append(one)
            shared.pop(0)
    return result + rest


def _remove(root: Body, path: Path) -> None:
    """Remove one leaf, and around it all that is empty then.

    An item of a list goes with its key, even when somebody else has changed a leaf in it.
    """
    trail: list[Any] = [root]
    for segment in path[:-1]:
        place = trail[-1]
        trail.append(_find(place, segment) if isinstance(segment, Item) else place.get(segment))
        if trail[-1] is None:
            return
    item = path[-2] if len(path) > 1 else None
    if isinstance(item, Item) and path[-1] in dict(item.keys):
        trail.pop().clear()
        path = path[:-1]
    _drop(trail[-1], path[-1])
    while len(trail) > 1 and not trail[-1]:
        path = path[:-1]
        trail.pop()
        _drop(trail[-1], path[-1])


def _drop(place: Any, segment: str | Item | Element) -> None:
    if isinstance(segment, Item):
        place.remove({})  # emptied just before
    elif isinstance(segment, Element):
        place[:] = [value for value in place if value != segment.value]
    else:
        place.pop(segment, None)
