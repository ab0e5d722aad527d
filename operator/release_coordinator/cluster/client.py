"""The real `Cluster`: the nine calls of the port on the asyncio half of the client library.

`login` says who we are, this module knows URLs and verbs, `wire` does the HTTP exchange and
`faults` names its errors.
"""

from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from types import TracebackType
from typing import Self

from release_coordinator.cluster.arguments import check_create, check_delete, check_replace
from release_coordinator.cluster.bodies import lean, ref_of
from release_coordinator.cluster.discovery import Discovery
from release_coordinator.cluster.faults import Expired
from release_coordinator.cluster.login import from_kubeconfig, from_service_account
from release_coordinator.cluster.port import FIELD_MANAGER, Body, Kind, Listing, LogRequest, Ref
from release_coordinator.cluster.urls import collection_path, log_query, object_path
from release_coordinator.cluster.wire import Observer, Request, Wire

_MERGE = "application/merge-patch+json"
_PAGE = 500
_SMALL_PAGE = 10
"""Of objects that are so large that only a part of each is kept."""


class KubernetesCluster:
    """The `Cluster` port on a Kubernetes API server."""

    def __init__(self, wire: Wire, field_manager: str = FIELD_MANAGER) -> None:
        self._wire = wire
        self._discovery = Discovery(wire)
        self._manager = ("fieldManager", field_manager)

    @classmethod
    async def connect(
        cls,
        kubeconfig: Path | None = None,
        *,
        context: str | None = None,
        timeout: float = 10.0,  # noqa: ASYNC109 - of each later call, not of this one
        observer: Observer | None = None,
    ) -> Self:
        """Log in with a named kubeconfig, or without one as the pod's service account."""
        if kubeconfig is None:
            configuration = from_service_account()
        else:
            configuration = await from_kubeconfig(kubeconfig, context)
        return cls(Wire(configuration, timeout, observer))

    def as_manager(self, field_manager: str) -> "KubernetesCluster":
        """Return the same connection writing as another field manager (tests play kubectl)."""
        return KubernetesCluster(self._wire, field_manager)

    async def aclose(self) -> None:
        """Close the connections; nothing may be called afterwards."""
        await self._wire.aclose()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self.aclose()

    async def resource(self, api_version: str, kind: str) -> Kind:
        """The resource type, asked for once in a few minutes. Raises NotFound."""
        return await self._discovery.find(api_version, kind)

    async def get(self, ref: Ref, *, managers: bool = False) -> Body:
        """Read one object live, with `managers` also who wrote its fields. Raises NotFound."""
        body = await self._wire.send(Request("get", "GET", ref.kind, object_path(ref)))
        return body if managers else lean(body)

    async def list(
        self,
        kind: Kind,
        namespace: str | None = None,
        labels: Mapping[str, str] | None = None,
        *,
        keep: Callable[[Body], Body] | None = None,
    ) -> Listing:
        """Read all objects of a kind (all pages) whose labels include the given ones."""
        query = [("limit", str(_SMALL_PAGE if keep else _PAGE))]
        if labels:
            wanted = ",".join(f"{key}={value}" for key, value in sorted(labels.items()))
            query.append(("labelSelector", wanted))
        request = Request("list", "GET", kind, collection_path(kind, namespace), tuple(query))
        try:
            return await _read_pages(self._wire, request, keep)
        except Expired:  # the snapshot behind the pages is gone: from the start, once
            return await _read_pages(self._wire, request, keep)

    async def logs(self, pod: Ref, request: LogRequest) -> bytes:
        """Read a part of a log. Raises NotFound, Invalid (no such container, or not started)."""
        sent = Request("logs", "GET", pod.kind, f"{object_path(pod)}/log", log_query(request))
        return await self._wire.read(sent, request.limit, request.timeout)

    async def create(self, kind: Kind, body: Body, *, dry_run: bool = False) -> Body:
        """Create and return the stored object. Raises AlreadyExists, NotFound (namespace)."""
        check_create(kind, body)
        path = collection_path(kind, ref_of(kind, body).namespace)
        query = self._query(dry_run=dry_run)
        body = _complete(kind, body)
        return lean(await self._wire.send(Request("create", "POST", kind, path, query, body)))

    async def patch(self, ref: Ref, patch: Body, *, dry_run: bool = False) -> Body:
        """JSON merge patch of the main resource. Raises NotFound, Conflict."""
        path, query = object_path(ref), self._query(dry_run=dry_run)
        return lean(
            await self._wire.send(Request("patch", "PATCH", ref.kind, path, query, patch, _MERGE))
        )

    async def replace_status(self, kind: Kind, body: Body) -> Body:
        """PUT the `/status` subresource with its resourceVersion. Raises NotFound, Conflict."""
        return await self._put(kind, body, "/status")

    async def replace(self, kind: Kind, body: Body, *, dry_run: bool = False) -> Body:
        """PUT the main resource with its resourceVersion. Raises NotFound, Conflict."""
        return await self._put(kind, body, "", dry_run=dry_run)

    async def delete(self, ref: Ref, *, uid: str) -> None:
        """Delete in the background if the object still has this UID. Raises NotFound, Conflict."""
        check_delete(uid)
        options = {"preconditions": {"uid": uid}, "propagationPolicy": "Background"}
        path = object_path(ref)
        await self._wire.send(Request("delete", "DELETE", ref.kind, path, (), options))

    async def _put(
        self, kind: Kind, body: Body, subresource: str, *, dry_run: bool = False
    ) -> Body:
        check_replace(body)
        path = object_path(ref_of(kind, body)) + subresource
        verb = "update-status" if subresource else "update"
        body = _complete(kind, body)
        query = self._query(dry_run=dry_run)
        return lean(await self._wire.send(Request(verb, "PUT", kind, path, query, body)))

    def _query(self, *, dry_run: bool) -> tuple[tuple[str, str], ...]:
        return (self._manager, ("dryRun", "All")) if dry_run else (self._manager,)


async def _read_pages(wire: Wire, request: Request, keep: Callable[[Body], Body] | None) -> Listing:
    items = Listing()
    token = ""
    while True:
        page = (*request.query, ("continue", token)) if token else request.query
        answer = await wire.send(replace(request, query=page))
        page_items = (_complete(request.kind, item) for item in answer.get("items") or ())
        items += map(keep, page_items) if keep else page_items
        metadata = answer.get("metadata") or {}
        items.version = items.version or str(metadata.get("resourceVersion") or "")
        token = metadata.get("continue") or ""
        if not token:
            return items


def _complete(kind: Kind, body: Body) -> Body:
    """Add what lists leave out of their items and callers out of their bodies."""
    return {**lean(body), "apiVersion": kind.api_version, "kind": kind.kind}
