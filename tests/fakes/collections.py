"""Lists and watches of the double, as the API server would send them.

`tests.unit.statuspage` uses it. A watch can be cut, and the server can be silent.
"""

import asyncio
from collections import Counter
from collections.abc import AsyncGenerator
from typing import Any

from release_coordinator.cluster.bodies import version_of
from release_coordinator.cluster.faults import Expired
from release_coordinator.cluster.follow import NotServed
from release_coordinator.cluster.memory import MemoryCluster
from release_coordinator.cluster.port import Body, Kind
from release_coordinator.errors import ReleaseCoordinatorError

_CUT = object()


class MemoryCollections:
    """`cluster.informer.Collections` of a MemoryCluster."""

    def __init__(self, cluster: MemoryCluster) -> None:
        self.cluster = cluster
        self.trouble: ReleaseCoordinatorError | None = None
        """Raised by everything that is asked."""
        self.unserved: set[str] = set()
        """Plurals of kinds that the server does not know."""
        self.troubles: dict[str, Exception] = {}
        """Raised by what is asked about a kind, by its plural."""
        self.asked: Counter[str] = Counter()
        """Requests for lists and watches, by plural, also refused ones."""
        self.lists: list[str] = []
        """Plurals that were listed."""
        self.page_size = 100
        self._queues: list[asyncio.Queue[Any]] = []
        self._events: list[tuple[str, Body]] = []
        self._oldest = 0
        cluster.subscribe(self._hear)

    async def page(self, kind: Kind, namespace: str | None, token: str) -> Body:
        """A page of a list."""
        self._check(kind)
        begin = int(token or 0)
        if not begin:
            self.lists.append(kind.plural)
        bodies = await self.cluster.list(kind, namespace)
        end = begin + self.page_size
        more = {"continue": str(end)} if end < len(bodies) else {}
        return {
            "metadata": {"resourceVersion": str(self._version), **more},
            "items": bodies[begin:end],
        }

    async def changes(
        self, kind: Kind, namespace: str | None, resource_version: str
    ) -> AsyncGenerator[Body, None]:
        """Yield watch events, all of them since that version."""
        self._check(kind)
        since = int(resource_version)
        if since < self._oldest:
            raise Expired("too old resource version")
        queue: asyncio.Queue[Any] = asyncio.Queue()
        for event in self._events:
            queue.put_nowait(event)
        self._queues.append(queue)
        try:
            while (event := await queue.get()) is not _CUT:
                what, body = event
                if _belongs(body, kind, namespace) and _version(body) > since:
                    yield {"type": what, "object": body}
            self._refuse(kind)
        finally:
            self._queues.remove(queue)

    async def serves(self, kind: Kind) -> bool:
        """Whether the server knows this type."""
        if self.trouble:
            raise self.trouble
        return kind.plural not in self.unserved

    def age(self) -> None:
        """From now on a watch can go on from the present version, and from none before it."""
        self._oldest = self._version

    def cut(self, *, forget: bool = False) -> None:
        """End all watches; with `forget` they cannot go on from where they were."""
        if forget:
            self._oldest = self._version + 1
        for queue in self._queues:
            queue.put_nowait(_CUT)

    @property
    def _version(self) -> int:
        return _version(self._events[-1][1]) if self._events else 0

    def _check(self, kind: Kind) -> None:
        self.asked[kind.plural] += 1
        self._refuse(kind)

    def _refuse(self, kind: Kind) -> None:
        if self.trouble:
            raise self.trouble
        if kind.plural in self.troubles:
            raise self.troubles[kind.plural]
        if kind.plural in self.unserved:
            raise NotServed(f"{kind.plural} is not served")

    def _hear(self, what: str, body: Body) -> None:
        self._events.append((what, body))
        for queue in self._queues:
            queue.put_nowait((what, body))


def _version(body: Body) -> int:
    return int(version_of(body))


def _belongs(body: Body, kind: Kind, namespace: str | None) -> bool:
    place = body["metadata"].get("namespace")
    return body["kind"] == kind.kind and namespace in {None, place}
