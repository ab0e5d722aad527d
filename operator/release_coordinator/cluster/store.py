"""What the watches have told us, never older than what our own writes have told us.

Filled from three sides: watch events, the answers to our own writes, and the regular resync.
`reconcile` reads it instead of the API server, so waiting costs no request. The three arrive in
any order; resourceVersions decide which of two states is the newer one (the API guarantees
their order within a resource type), and an object seen deleted stays deleted.

Bodies are shared, not copied: nobody may change what was put in or got out.
"""

from collections.abc import Iterable, Mapping

from release_coordinator.cluster.bodies import has_labels, kept, ref_of, uid_of, version_of
from release_coordinator.cluster.port import Body, Kind, Ref

_GRAVES = 10_000
"""Deletions remembered; late events lag by seconds, this many deletions take far longer."""


class Store:
    """The watch cache with read-your-writes."""

    def __init__(self) -> None:
        self._bodies: dict[Kind, dict[str | None, dict[str, Body]]] = {}
        self._marks: dict[Ref, int] = {}
        self._graves: dict[str, None] = {}
        self._puts = 0
        self._complete: set[tuple[Kind, str | None]] = set()

    def put(self, kind: Kind, body: Body) -> bool:
        """Take over a state that was seen; tell whether it changed anything."""
        ref = ref_of(kind, body)
        known = self.get(ref)
        if uid_of(body) in self._graves:
            return False
        if known is not None and not _newer(body, known):
            return False
        if known is not None and uid_of(known) != uid_of(body):
            self._bury(uid_of(known))
        self._bodies.setdefault(kind, {}).setdefault(ref.namespace, {})[ref.name] = kept(kind, body)
        self._puts += 1
        self._marks[ref] = self._puts
        return True

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
        return self._bodies.get(ref.kind, {}).get(ref.namespace, {}).get(ref.name)

    def select(
        self, kind: Kind, namespace: str | None = None, labels: Mapping[str, str] | None = None
    ) -> list[Body]:
        """Return the known objects of a kind whose labels include the given ones, by name.

        `namespace=None` selects in all namespaces, as `Cluster.list` does.
        """
        return [
            body
            for body in (self.get(ref) for ref in self._refs(kind, namespace))
            if body is not None and has_labels(body, labels or {})
        ]

    def complete(self, kind: Kind, namespace: str | None) -> bool:
        """Tell whether every object of a kind (and namespace) was listed once.

        From then on an object that is not here was not there, as far as the watch has told.
        """
        return not {(kind, namespace), (kind, None)}.isdisjoint(self._complete)

    def mark(self) -> int:
        """Return a point in time; taken before a list is asked for, it goes to `replace_all`."""
        return self._puts

    def replace_all(
        self,
        kind: Kind,
        bodies: Iterable[Body],
        *,
        since: int,
        namespace: str | None = None,
        labels: Mapping[str, str] | None = None,
    ) -> set[Ref]:
        """Take over a complete list (of a namespace, of these labels); return what it changed.

        Objects that arrived after the mark `since` may be missing in the list because they are
        younger than it; they stay. What is missing is dropped but not buried: should the list
        have been an old one, the next event or list brings the object back.
        """
        listed = {ref_of(kind, body): body for body in bodies}
        changed = {ref for ref, body in listed.items() if self.put(kind, body)}
        for ref in self._refs(kind, namespace):
            known = self.get(ref)
            if known is None or not has_labels(known, labels or {}):
                continue
            if ref not in listed and self._marks[ref] <= since:
                self._drop(ref)
                changed.add(ref)
        if not labels:
            self._complete.add((kind, namespace))
        return changed

    def _refs(self, kind: Kind, namespace: str | None) -> list[Ref]:
        spaces = self._bodies.get(kind, {})
        wanted = [namespace] if namespace is not None else sorted(spaces, key=str)
        return [
            Ref(kind, space, name) for space in wanted for name in sorted(spaces.get(space, {}))
        ]

    def _bury(self, uid: str) -> None:
        self._graves[uid] = None
        if len(self._graves) > _GRAVES:
            del self._graves[next(iter(self._graves))]

    def _drop(self, ref: Ref) -> None:
        del self._bodies[ref.kind][ref.namespace][ref.name]
        del self._marks[ref]


def _newer(body: Body, known: Body) -> bool:
    return _order(version_of(body)) > _order(version_of(known))


def _order(version: str) -> int:
    # An object without a version was not read from a server; anything that was is newer.
    return int(version) if version.isdecimal() else -1
