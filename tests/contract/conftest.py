"""The worlds of the contract suites: the double, and a real API server (mark `api`)."""

import asyncio
import contextlib
import itertools
import secrets
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol, Self

import pytest
import pytest_asyncio

from release_coordinator.cluster.client import KubernetesCluster
from release_coordinator.cluster.memory import MemoryCluster
from release_coordinator.cluster.port import Body, Cluster, Kind, Ref
from release_coordinator.errors import AlreadyExists, Transient

NAMESPACE = Kind("", "v1", "namespaces", "Namespace", namespaced=False)
CRD = Kind(
    "apiextensions.k8s.io",
    "v1",
    "customresourcedefinitions",
    "CustomResourceDefinition",
    namespaced=False,
)
THING = Kind("contract.release-coordinator.io", "v1", "things", "Thing")
"""A custom kind with a status subresource, as ours have; any spec and status go."""

NUMBERS = itertools.count()
"""What names of objects end in. One for all worlds, as a name of one may be used in the other."""


class Actor(Cluster, Protocol):
    """A cluster that can also be used in the name of somebody else."""

    def as_manager(self, field_manager: str, /) -> "Actor":
        """Return the same cluster, writing as another field manager."""


@dataclass
class World:
    """A cluster, seen by us and by somebody with kubectl, and a namespace to play in."""

    us: Actor
    kubectl: Actor
    namespace: str

    @classmethod
    def of(cls, cluster: Actor, namespace: str) -> Self:
        """Return the world of a cluster."""
        return cls(cluster, cluster.as_manager("kubectl-client-side-apply"), namespace)

    def ref(self, kind: Kind) -> Ref:
        """Return an object that nobody has used before, in no world: parity uses it in both."""
        return Ref(kind, self.namespace, f"{kind.plural}-{next(NUMBERS):04}")

    def body(self, ref: Ref, content: Body | None = None, **metadata: object) -> Body:
        """Return the body of an object with the given content and metadata."""
        identity = {"name": ref.name, "namespace": ref.namespace}
        return {"metadata": {**identity, **metadata}, **(content or {})}


@pytest_asyncio.fixture(scope="session")
async def memory_world() -> World:
    """The double."""
    return World.of(MemoryCluster(namespaces=["contract"]), "contract")


@pytest_asyncio.fixture(scope="session")
async def real_world(light_kubeconfig: Path) -> AsyncIterator[World]:
    """A real API server with a namespace of its own and the custom kind."""
    async with await KubernetesCluster.connect(light_kubeconfig) as cluster:
        name = f"contract-{secrets.token_hex(4)}"
        namespace = await cluster.create(NAMESPACE, {"metadata": {"name": name}})
        await _install_thing(cluster)
        yield World.of(cluster, name)
        await cluster.delete(Ref(NAMESPACE, None, name), uid=namespace["metadata"]["uid"])


@pytest.fixture(params=["memory", pytest.param("real", marks=pytest.mark.api)])
def world(request: pytest.FixtureRequest) -> World:
    """Each contract test runs in both worlds."""
    chosen: World = request.getfixturevalue(f"{request.param}_world")
    return chosen


async def _install_thing(cluster: Cluster) -> None:
    anything = {"type": "object", "x-kubernetes-preserve-unknown-fields": True}
    version = {
        "name": THING.version,
        "served": True,
        "storage": True,
        "subresources": {"status": {}},
        "schema": {
            "openAPIV3Schema": {
                "type": "object",
                "properties": {"spec": anything, "status": anything},
            }
        },
    }
    body = {
        "metadata": {"name": f"{THING.plural}.{THING.group}"},
        "spec": {
            "group": THING.group,
            "scope": "Namespaced",
            "names": {"plural": THING.plural, "kind": THING.kind},
            "versions": [version],
        },
    }
    with contextlib.suppress(AlreadyExists):
        await cluster.create(CRD, body)
    async with asyncio.timeout(30):
        while not await _served(cluster):  # noqa: ASYNC110 - the port has no watch
            await asyncio.sleep(0.05)


async def _served(cluster: Cluster) -> bool:
    try:
        await cluster.list(THING)
    except Transient:
        return False
    return True
