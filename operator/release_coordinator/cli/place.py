"""A namespace of a cluster, or all of them, read with the caller's own rights.

Between `commands` and `cluster`: `connected` is how every command reaches the API server, with the
person's kubeconfig alone. `source` is one Release of such a place. Every failure becomes
`UnansweredError`, in words for people.
"""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from release_coordinator.cluster.client import KubernetesCluster
from release_coordinator.cluster.faults import Unserved
from release_coordinator.cluster.follow import Watches
from release_coordinator.cluster.kubeconfig import locate, namespace_of
from release_coordinator.cluster.login import from_kubeconfig
from release_coordinator.cluster.port import OWN_GROUP, RELEASE, Body, Cluster, Kind
from release_coordinator.cluster.wire import Wire
from release_coordinator.errors import Denied, Invalid, NotFound, ReleaseCoordinatorError

from .failure import UnansweredError

NOT_INSTALLED = (
    "this cluster does not know releases: Release Coordinator is not installed here.\n"
    "Install the Helm chart release-coordinator, or choose another --context."
)
VIEW = "view"
"""ClusterRole that reads everything of ours."""


@dataclass(frozen=True, slots=True)
class Place:
    """Which namespace, and through which kubeconfig."""

    namespace: str | None = None
    everywhere: bool = False
    """All namespaces; then `namespace` does not count."""
    kubeconfig: Path | None = None
    context: str | None = None


class Session:
    """A connection to the API server for the time of one command."""

    def __init__(self, cluster: Cluster, changes: Watches, namespace: str | None) -> None:
        self.cluster = cluster
        self.changes = changes
        self.namespace = namespace
        """Of the place; None for all of them."""

    async def list(self, kind: Kind, labels: Mapping[str, str] | None = None) -> list[Body]:
        """All objects of a kind in this place. Raises UnansweredError."""
        async with self.explained(kind):
            return await self.cluster.list(kind, self.namespace, labels)

    @asynccontextmanager
    async def explained(self, kind: Kind = RELEASE, role: str = VIEW) -> AsyncIterator[None]:
        """Turns what the API server refuses inside the `async with` into words for people.

        Args:
            kind: what is asked for.
            role: the ClusterRole that grants it.
        """
        try:
            yield
        except ReleaseCoordinatorError as error:
            raise UnansweredError(await self._words(error, kind, role)) from error

    async def _words(self, error: ReleaseCoordinatorError, kind: Kind, role: str) -> str:
        if await self.lacks(kind):
            return unknown(kind)
        match error:
            case NotFound() | Unserved():
                return f"there is no such {kind.kind}: {error}"
            case Denied():
                return denied(error, kind.plural, self.namespace, role)
            case Invalid():
                return str(error)
            case _:
                return f"the API server does not answer: {error.__cause__ or error}"

    async def lacks(self, kind: Kind) -> bool:
        """Whether the cluster does not know a kind of ours; no, when it cannot be asked."""
        if kind.group != OWN_GROUP:
            return False
        with suppress(ReleaseCoordinatorError):
            return not await self.changes.serves(kind)
        return False


@asynccontextmanager
async def connected(place: Place) -> AsyncIterator[Session]:
    """Connect for the time of an `async with`. Raises UnansweredError."""
    kubeconfig = locate(place.kubeconfig)
    try:
        namespace = place.namespace or namespace_of(kubeconfig, place.context)
        configuration = await from_kubeconfig(kubeconfig, place.context)
    except Denied as error:
        raise UnansweredError(str(error)) from error
    async with KubernetesCluster(Wire(configuration)) as cluster, Watches(configuration) as watches:
        yield Session(cluster, watches, None if place.everywhere else namespace)


def denied(error: Denied, plural: str, namespace: str | None, role: str = VIEW) -> str:
    """A missing right, and who grants it."""
    if namespace is None:
        return (
            f"no access to {plural} in all namespaces: {error}\n"
            "Name one with -n, or ask the platform team for the role "
            f"{role!r} in the whole cluster."
        )
    return (
        f"no access to {plural} in namespace {namespace!r}: {error}\n"
        f"Ask the platform team for the role {role!r} in this namespace."
    )


def unknown(kind: Kind) -> str:
    """A kind of ours that this cluster does not serve."""
    if kind == RELEASE:
        return NOT_INSTALLED
    return (
        f"this cluster does not know {kind.kind} objects: its Release Coordinator is an older one; "
        "apply the definitions in crds/, or choose another --context."
    )
