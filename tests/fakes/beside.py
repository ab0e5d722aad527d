"""What is kept beside releases, in a scripted world: controllers on a store of their own."""

from collections.abc import Callable, Sequence
from typing import Any

from tests.fakes.world import NAMESPACE, World

from release_coordinator.cluster.memory import MemoryCluster
from release_coordinator.cluster.port import (
    CHANNEL,
    INCIDENT,
    NOTIFICATION,
    POLICY,
    RECORD,
    RELEASE,
    Body,
    Kind,
    Ref,
)
from release_coordinator.cluster.store import Store
from release_coordinator.controllers.manager import Manager
from release_coordinator.controllers.port import Controller, Key, Parts
from release_coordinator.workqueue import WorkQueue

KEY: Key = (NAMESPACE, "bookshop")
WATCHED: dict[str, Kind] = {
    kind.kind: kind for kind in (RELEASE, POLICY, RECORD, INCIDENT, CHANNEL, NOTIFICATION)
}
"""Kinds that the controllers hear of; of records from who writes them."""


class Beside:
    """A process that looks after what is kept beside the bookshop's Release."""

    def __init__(
        self,
        world: World,
        controllers: Callable[[Parts], Sequence[Controller]],
        cluster: MemoryCluster | None = None,
        **more: Any,
    ) -> None:
        """`more` are further parts that the controllers work with."""
        self.store = Store()
        self._cluster = cluster or world.cluster
        for body in self._cluster.everything():
            self._hear("ADDED", body)
        self.stop = self._cluster.subscribe(self._hear)
        parts = Parts(self._cluster, self.store, world.time.now, NAMESPACE, **more)
        self._manager = Manager(controllers(parts), WorkQueue())

    async def listed(self) -> None:
        """Know that there is nothing but what was heard of."""
        for kind in WATCHED.values():
            found = await self._cluster.list(kind)
            self.store.replace_all(kind, found, since=self.store.mark())

    async def look(self) -> None:
        """Let every controller look once."""
        await self._manager.reconcile(KEY)

    def _hear(self, event: str, body: Body) -> None:
        kind = WATCHED.get(body["kind"])
        if kind is None:
            return
        metadata = body["metadata"]
        if event == "DELETED":
            ref = Ref(kind, metadata.get("namespace"), metadata["name"])
            self.store.remove(ref, metadata["uid"], metadata["resourceVersion"])
        else:
            self.store.put(kind, body)
