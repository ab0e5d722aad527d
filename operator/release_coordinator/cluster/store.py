"""What the watches have told us, never older than what our own writes have told us.

Filled from three sides: watch events, the answers to our own writes, and the regular resync.
`reconcile` reads it instead of the API server, so waiting costs no request. The three arrive in
any order; resourceVersions decide which of two states is the newer one (the API guarantees
their order within a resource type), and an object seen deleted stays deleted.

Bodies are shared, not copied: nobody may change what was put in or got out.
"""

import asyncio
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import NamedTuple

from release_coordinator.api.codec import ReleaseObject, parse_release
from release_coordinator.cluster.bodies import has_labels, kept, ref_of, uid_of, version_of
from release_coordinator.cluster.port import RELEASE, Body, Kind, Ref
from release_coordinator.engine import names

_GRAVES = 10_000
"""Deletions remembered; late events lag by seconds, this many deletions take far longer."""
_INDEXED = (names.LABEL_UID, names.LABEL_RELEASE)
"""Labels by which few of many objects are asked for at every look at a Release."""

_Space = tuple[Kind, str | None]
"""A kind in a namespace; None for cluster-scoped kinds."""


class _Known(NamedTuple):
    body: Body
    put: int
    """Its number among all states that were taken over."""


class Store:
    """The watch cache with read-your-writes."""

    def __init__(self) -> None:
        self._known: dict[Kind, dict[str | None, dict[str, _Known]]] = {}
        self._labelled: dict[_Space, dict[tuple[str, str], set[str]]] = defaultdict(dict)
        """Names of objects by each indexed label and its value."""
        self._read: dict[str, ReleaseObject] = {}
        """Releases as they were parsed last, by UID."""
        self._graves: dict[str, None] = {}
        self._puts = 0
        self._changes: Counter[Kind] = Counter()
        self._complete: set[_Space] = set()
        self._listings: dict[_Space, asyncio.Lock] = {}

    def put(self, kind: Kind, body: Body) -> bool:
        """Take over a state that was seen; tell whether it changed anything."""
        return self._put(ref_of(kind, body), body)

    def take(self, kind: Kind, body: Body) -> Body:
        """Take over one object of a list and return what is kept of it: `keep` of `Cluster.list`.

        So a long list is taken over page by page, and others have their turns in between.
        """
        self.put(kind, body)
        return self.get(ref_of(kind, body)) or kept(kind, body)

    def remove(self, ref: Ref, uid: str, version: str = "") -> bool:
        """Forget an object seen deleted, for good; tell whether it was there.

        `version` is the resourceVersion of the deletion, if known; it matters only where the
        `uid` is not known ("").
        """
        if uid:
            self._bury(uid)
        known = self.get(ref)
        if known is None or (uid and uid_of(known) != uid):
            return False
        if not uid:
            if version and _order(version) < _order(version_of(known)):
                return False
            self._bury(uid_of(known))
        self._drop(ref)
        return True

    def get(self, ref: Ref) -> Body | None:
        """Return the newest known state of an object."""
        known = self._known.get(ref.kind, {}).get(ref.namespace, {}).get(ref.name)
        return known.body if known else None

    def release(self, body: Body) -> ReleaseObject:
        """Return the Release in a body; each state of it is parsed once, whoever asks.

        What follows from its spec alone is worked out once per object as well (`engine.memo`).
        """
        uid, known = uid_of(body), self._read.get(uid_of(body))
        if known is None or known.resource_version != version_of(body):
            known = parse_release(body)
            if self.get(ref_of(RELEASE, body)) is not None:
                self._read[uid] = known
        return known

    def select(
        self, kind: Kind, namespace: str | None = None, labels: Mapping[str, str] | None = None
    ) -> list[Body]:
        """Return the known objects of a kind whose labels include the given ones, by name.

        `namespace=None` selects in all namespaces, as `Cluster.list` does.
        """
        return [known.body for _, _, known in self._select(kind, namespace, labels or {})]

    def changes(self, kind: Kind) -> int:
        """Return how often what is known of a kind has changed."""
        return self._changes[kind]

    def complete(self, kind: Kind, namespace: str | None) -> bool:
        """Tell whether every object of a kind (and namespace) was listed once.

        From then on an object that is not here was not there, as far as the watch has told.
        """
        return not {(kind, namespace), (kind, None)}.isdisjoint(self._complete)

    def listing(self, kind: Kind, namespace: str | None) -> asyncio.Lock:
        """Return what to hold while listing: of those who need a list at a time one asks for it."""
        return self._listings.setdefault((kind, namespace), asyncio.Lock())

    def mark(self) -> int:
        """Return a point in time; taken before a list is asked for, it goes to `replace_all`."""
        return self._puts

    def replace_all(
        self,
        kind: Kind,
        bodies: Iterable[Body],
        *,
        since: int,
        version: str = "",
        namespace: str | None = None,
        labels: Mapping[str, str] | None = None,
    ) -> set[Ref]:
        """Take over a complete list (of a namespace, of these labels); return what it changed.

        Objects that arrived after the mark `since`, or are younger than the resourceVersion of the
        list, may be missing in it for that; they stay. What is missing is dropped but not buried:
        should the list have been an old one, the next event or list brings the object back.
        """
        age = _order(version) if version else None
        listed: dict[str | None, set[str]] = defaultdict(set)
        changed = set()
        for body in bodies:
            ref = ref_of(kind, body)
            listed[ref.namespace].add(ref.name)
            if self._put(ref, body):
                changed.add(ref)
        for space, name, known in list(self._select(kind, namespace, labels or {})):
            is_younger = age is not None and _order(version_of(known.body)) > age
            if known.put <= since and not is_younger and name not in listed[space]:
                ref = Ref(kind, space, name)
                self._drop(ref)
                changed.add(ref)
        if not labels:
            self._complete.add((kind, namespace))
        return changed

    def _put(self, ref: Ref, body: Body) -> bool:
        kind, known = ref.kind, self.get(ref)
        if known is body or uid_of(body) in self._graves:
            return False
        if known is not None and not _newer(body, known):
            return False
        if known is not None and uid_of(known) != uid_of(body):
            self._bury(uid_of(known))
        slim = kept(kind, body)
        self._puts += 1
        self._changes[kind] += 1
        self._known.setdefault(kind, {}).setdefault(ref.namespace, {})[ref.name] = _Known(
            slim, self._puts
        )
        self._reindex(ref, known, slim)
        return True

    def _select(
        self, kind: Kind, namespace: str | None, labels: Mapping[str, str]
    ) -> Iterator[tuple[str | None, str, _Known]]:
        spaces = self._known.get(kind, {})
        for space in [namespace] if namespace is not None else sorted(spaces, key=str):
            known = spaces.get(space, {})
            for name in sorted(self._candidates(kind, space, labels, known)):
                if not labels or has_labels(known[name].body, labels):
                    yield space, name, known[name]

    def _candidates(
        self, kind: Kind, space: str | None, labels: Mapping[str, str], known: Collection[str]
    ) -> Collection[str]:
        """Names among which all are that have the labels."""
        index = self._labelled.get((kind, space), {})
        found = [index.get((key, labels[key]), set()) for key in _INDEXED if key in labels]
        return min(found, key=len, default=known)

    def _reindex(self, ref: Ref, before: Body | None, after: Body | None) -> None:
        index = self._labelled[ref.kind, ref.namespace]
        old, new = _indexed(before), _indexed(after)
        for pair in old - new:
            index[pair].discard(ref.name)
            if not index[pair]:
                del index[pair]
        for pair in new - old:
            index.setdefault(pair, set()).add(ref.name)

    def _bury(self, uid: str) -> None:
        self._read.pop(uid, None)
        self._graves[uid] = None
        if len(self._graves) > _GRAVES:
            del self._graves[next(iter(self._graves))]

    def _drop(self, ref: Ref) -> None:
        gone = self._known[ref.kind][ref.namespace].pop(ref.name)
        self._changes[ref.kind] += 1
        self._read.pop(uid_of(gone.body), None)
        self._reindex(ref, gone.body, None)


def _indexed(body: Body | None) -> set[tuple[str, str]]:
    labels = (body or {}).get("metadata", {}).get("labels") or {}
    return {(key, labels[key]) for key in _INDEXED if key in labels}


def _newer(body: Body, known: Body) -> bool:
    return _order(version_of(body)) > _order(version_of(known))


def _order(version: str) -> int:
    # An object without a version was not read from a server; anything that was is newer.
    return int(version) if version.isdecimal() else -1
