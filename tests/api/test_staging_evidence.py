"""What is asked about staging, on a real API server: records, Deployments and their ConfigMaps."""

import secrets
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from tests.fakes.world import World
from tests.records import completed, rehearsed
from tests.releases import Body

from release_coordinator.api.record import RecordSpec
from release_coordinator.api.release import WorkloadRef
from release_coordinator.cluster.client import KubernetesCluster
from release_coordinator.cluster.port import CONFIG_MAP, DEPLOYMENT, RECORD, Kind, Ref
from release_coordinator.cluster.store import Store
from release_coordinator.engine.evidence import (
    AdmissionFact,
    ConfigFact,
    ConfigWant,
    RecordsFact,
    RecordsWant,
)
from release_coordinator.evidence import registry
from release_coordinator.evidence.sources import Sources

pytestmark = pytest.mark.api

NAMESPACES = Kind("", "v1", "namespaces", "Namespace", namespaced=False)
CONTAINER = {
    "name": "api",
    "image": "example/bookshop-backend:1.3.0",
    "env": [{"name": "LOG_LEVEL", "value": "info"}],
    "envFrom": [{"configMapRef": {"name": "bookshop"}}],
    "livenessProbe": {"httpGet": {"path": "/healthz", "port": 8080}},
}


@dataclass
class Ground:
    """A namespace of its own, and what looks at it."""

    cluster: KubernetesCluster
    namespace: str

    async def ask(self, want: Any) -> Any:
        """Look up a fact as the operator does, for a Release of another namespace."""
        world = World()
        signals = world.metrics, world.prober
        sources = Sources(self.cluster, Store(), *signals, lambda: AdmissionFact(""))
        return await registry.answer(sources, "elsewhere", want)


@pytest.fixture
async def ground(light_kubeconfig: Path, definitions: dict[str, Body]) -> AsyncIterator[Ground]:
    """A namespace on a server that knows our kinds."""
    assert definitions
    async with await KubernetesCluster.connect(light_kubeconfig) as cluster:
        name = f"staging-{secrets.token_hex(4)}"
        created = await cluster.create(NAMESPACES, {"metadata": {"name": name}})
        yield Ground(cluster, name)
        await cluster.delete(Ref(NAMESPACES, None, name), uid=created["metadata"]["uid"])


def record(namespace: str, spec: RecordSpec) -> Body:
    labels = {"release-coordinator.io/release": "bookshop"}
    name = f"bookshop-{spec.attempt}"
    metadata = {"name": name, "namespace": namespace, "labels": labels}
    return {"metadata": metadata, "spec": spec.to_wire()}


def deployment(namespace: str, name: str) -> Body:
    labels = {"app": name}
    template = {"metadata": {"labels": labels}, "spec": {"containers": [CONTAINER]}}
    selector = {"matchLabels": labels}
    return {
        "metadata": {"name": name, "namespace": namespace},
        "spec": {"replicas": 0, "selector": selector, "template": template},
    }


async def test_records_come_back_as_they_were_written(ground: Ground) -> None:
    for spec in (completed(12), rehearsed(9)):
        await ground.cluster.create(RECORD, record(ground.namespace, spec))

    fact = await ground.ask(RecordsWant(ground.namespace, "bookshop"))

    assert fact == RecordsFact((rehearsed(9), completed(12)))


async def test_two_deployments_of_the_same_manifest_have_the_same_entries(ground: Ground) -> None:
    """What the server fills in by itself is the same on both sides."""
    settings = {"name": "bookshop", "namespace": ground.namespace}
    await ground.cluster.create(CONFIG_MAP, {"metadata": settings, "data": {"POOL": "5"}})
    for name in ("backend", "backend-staging"):
        await ground.cluster.create(DEPLOYMENT, deployment(ground.namespace, name))

    one, other, none = [
        await ground.ask(ConfigWant(WorkloadRef(name=name), ground.namespace))
        for name in ("backend", "backend-staging", "frontend")
    ]

    assert isinstance(one, ConfigFact)
    assert one == other
    assert one.entries["env/LOG_LEVEL"] == "info"
    assert one.entries["env/POOL"] == "5"
    assert one.entries["livenessProbe/httpGet/path"] == "/healthz"
    assert none is None
