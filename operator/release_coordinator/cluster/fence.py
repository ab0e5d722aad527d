"""Lets only the leader write: a `Cluster` around a `Cluster`.

Everything but the elector gets this one. The question is asked at the moment of the write, so a
process that was paused past its lease refuses its own first write.
"""

from collections.abc import Callable, Mapping

from release_coordinator.cluster.port import Body, Cluster, Kind, Listing, LogRequest, Ref
from release_coordinator.errors import Transient


class FencedCluster:
    """Implements `Cluster`: reads pass, writes raise Transient unless `may_write()`."""

    def __init__(self, cluster: Cluster, may_write: Callable[[], bool]) -> None:
        """`may_write` is usually `Elector.may_write`."""
        self._cluster = cluster
        self._may_write = may_write

    async def resource(self, api_version: str, kind: str) -> Kind:
        """Pass on."""
        return await self._cluster.resource(api_version, kind)

    async def get(self, ref: Ref, *, managers: bool = False) -> Body:
        """Pass on."""
        return await self._cluster.get(ref, managers=managers)

    async def list(
        self,
        kind: Kind,
        namespace: str | None = None,
        labels: Mapping[str, str] | None = None,
        *,
        keep: Callable[[Body], Body] | None = None,
    ) -> Listing:
        """Pass on."""
        return await self._cluster.list(kind, namespace, labels, keep=keep)

    async def logs(self, pod: Ref, request: LogRequest) -> bytes:
        """Pass on."""
        return await self._cluster.logs(pod, request)

    async def create(self, kind: Kind, body: Body, *, dry_run: bool = False) -> Body:
        """Pass on if we lead; a dry run writes nothing, so it always passes."""
        cluster = self._cluster if dry_run else self._leader()
        return await cluster.create(kind, body, dry_run=dry_run)

    async def patch(self, ref: Ref, patch: Body, *, dry_run: bool = False) -> Body:
        """Pass on if we lead; a dry run always."""
        cluster = self._cluster if dry_run else self._leader()
        return await cluster.patch(ref, patch, dry_run=dry_run)

    async def replace_status(self, kind: Kind, body: Body) -> Body:
        """Pass on if we lead."""
        return await self._leader().replace_status(kind, body)

    async def replace(self, kind: Kind, body: Body, *, dry_run: bool = False) -> Body:
        """Pass on if we lead; a dry run writes nothing, so it always passes."""
        cluster = self._cluster if dry_run else self._leader()
        return await cluster.replace(kind, body, dry_run=dry_run)

    async def delete(self, ref: Ref, *, uid: str) -> None:
        """Pass on if we lead."""
        await self._leader().delete(ref, uid=uid)

    def _leader(self) -> Cluster:
        if not self._may_write():
            raise Transient("this replica does not hold the lease, so it does not write")
        return self._cluster
