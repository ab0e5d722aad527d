"""The double of the `Cluster` port: an API server in memory, with hooks for faults.

Ships with the package: the stories, the campaigns and the exhaustive search run the product on
it, and one contract suite holds it to what the real API server does. The rules are in `double`.
"""

from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TypeVar

from release_coordinator.cluster.arguments import (
    check_create,
    check_delete,
    check_name,
    check_ref,
    check_replace,
    split_api_version,
)
from release_coordinator.cluster.bodies import clone, ref_of
from release_coordinator.cluster.double.logs import Logged
from release_coordinator.cluster.double.server import NAMESPACE, Admission, Server, Subscriber
from release_coordinator.cluster.port import (
    FIELD_MANAGER,
    Body,
    Kind,
    Listing,
    LogRequest,
    Ref,
)

_DAWN = datetime(2026, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Call:
    """One call of the port, as the hooks see it; a list has no name, a delete only the UID."""

    verb: str
    ref: Ref
    body: Body | None = None

    @property
    def writes(self) -> bool:
        """Tell whether the call can change an object."""
        return self.verb not in {"get", "list", "logs", "discover", "dry_run"}


Hook = Callable[[Call], Awaitable[None]]
_Result = TypeVar("_Result")


class MemoryCluster:
    """The `Cluster` port in memory.

    `before` runs ahead of each call: raising there is a crash (or an outage) before the server
    saw anything. `after` runs when the server is done: raising there loses the reply.
    """

    def __init__(
        self,
        *,
        namespaces: Iterable[str] = ("default",),
        now: Callable[[], datetime] = lambda: _DAWN,
        admission: Admission | None = None,
        server: Server | None = None,
        manager: str = FIELD_MANAGER,
    ) -> None:
        self.before: Hook | None = None
        self.after: Hook | None = None
        self._server = server or Server(now, admission)
        self._manager = manager
        for name in namespaces:
            self._server.create(NAMESPACE, {"metadata": {"name": name}})

    def as_manager(self, field_manager: str, /) -> "MemoryCluster":
        """Return the same server for another actor, without hooks."""
        return MemoryCluster(namespaces=(), server=self._server, manager=field_manager)

    def fork(self) -> "MemoryCluster":
        """Return an independent copy of server and state, without hooks and subscribers."""
        return MemoryCluster(namespaces=(), server=self._server.fork())

    def subscribe(self, callback: Subscriber) -> Callable[[], None]:
        """Call back for every change, in order, as it happens; return how to stop that."""
        self._server.subscribers.append(callback)
        return lambda: self._server.subscribers.remove(callback)

    def everything(self) -> list[Body]:
        """Return copies of all objects, for oracles; no call, so no hooks."""
        return [clone(body) for body in self._server.objects.values()]

    def collect_garbage(self) -> None:
        """Delete what has owners that are all gone; the real server does this by and by."""
        self._server.collect_garbage()

    async def resource(self, api_version: str, kind: str) -> Kind:
        """The resource type. Raises NotFound."""
        group, version = split_api_version(api_version)
        call = Call("discover", Ref(Kind(group, version, "", kind), None, ""))
        return await self._call(call, lambda: self._server.resource(api_version, kind))

    async def get(self, ref: Ref, *, managers: bool = False) -> Body:
        """Read one object live, with `managers` also who wrote its fields. Raises NotFound."""
        server = self._server
        return await self._call(Call("get", ref), lambda: server.get(ref, managers=managers))

    async def list(
        self,
        kind: Kind,
        namespace: str | None = None,
        labels: Mapping[str, str] | None = None,
        *,
        keep: Callable[[Body], Body] | None = None,
    ) -> Listing:
        """Read all objects of a kind whose labels include the given ones."""
        if namespace is not None:
            check_name(namespace)
        call = Call("list", Ref(kind, namespace, ""))
        found = await self._call(call, lambda: self._server.list(kind, namespace, labels or {}))
        return Listing(map(keep, found), found.version) if keep else found

    async def logs(self, pod: Ref, request: LogRequest) -> bytes:
        """Read a part of a log, as scripted. Raises NotFound, Invalid."""
        return await self._call(Call("logs", pod), lambda: self._server.logs(pod, request))

    def script_logs(self, logged: Logged | None) -> None:
        """Say what containers have logged; without a script nothing."""
        self._server.logged = logged

    async def create(self, kind: Kind, body: Body, *, dry_run: bool = False) -> Body:
        """Create and return the stored object. Raises AlreadyExists, NotFound (namespace)."""
        check_create(kind, body)
        call = Call("dry_run" if dry_run else "create", ref_of(kind, body), body)
        create = self._server.rehearse if dry_run else self._server.create
        return await self._call(call, lambda: create(kind, body))

    async def patch(self, ref: Ref, patch: Body, *, dry_run: bool = False) -> Body:
        """JSON merge patch of the main resource. Raises NotFound, Conflict."""
        call = Call("dry_run" if dry_run else "patch", ref, patch)
        server = self._server.fork() if dry_run else self._server
        return await self._call(call, lambda: server.patch(ref, patch))

    async def replace_status(self, kind: Kind, body: Body) -> Body:
        """PUT the `/status` subresource with its resourceVersion. Raises NotFound, Conflict."""
        check_replace(body)
        call = Call("replace_status", ref_of(kind, body), body)
        return await self._call(call, lambda: self._server.replace_status(kind, body))

    async def replace(self, kind: Kind, body: Body, *, dry_run: bool = False) -> Body:
        """PUT the main resource with its resourceVersion. Raises NotFound, Conflict."""
        check_replace(body)
        call = Call("dry_run" if dry_run else "replace", ref_of(kind, body), body)
        server = self._server.fork() if dry_run else self._server
        return await self._call(call, lambda: server.replace(kind, body))

    async def delete(self, ref: Ref, *, uid: str) -> None:
        """Delete in the background if the object still has this UID. Raises NotFound, Conflict."""
        check_delete(uid)
        call = Call("delete", ref, {"metadata": {"uid": uid}})
        await self._call(call, lambda: self._server.delete(ref, uid))

    async def _call(self, call: Call, action: Callable[[], _Result]) -> _Result:
        if call.verb not in {"list", "create", "dry_run", "discover"}:
            check_ref(call.ref)
        if self.before is not None:
            await self.before(call)
        self._server.manager = self._manager
        try:
            return action()
        finally:
            if self.after is not None:
                await self.after(call)
