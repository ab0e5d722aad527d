"""Nodes, quotas and surges as a real API server and its quota controller tell them."""

import asyncio
import contextlib
import secrets
from collections.abc import AsyncIterator
from contextlib import aclosing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from tests.fakes.stage import NAMESPACE
from tests.fakes.world import ScriptedMetrics, ScriptedProber
from tests.releases import Body

from release_coordinator.api.release import WorkloadRef
from release_coordinator.clock import SystemClock
from release_coordinator.cluster.capacity import quota_fact
from release_coordinator.cluster.client import KubernetesCluster
from release_coordinator.cluster.follow import Watches, follow
from release_coordinator.cluster.login import from_kubeconfig
from release_coordinator.cluster.port import DEPLOYMENT, NODE, RESOURCE_QUOTA, Ref
from release_coordinator.cluster.store import Store
from release_coordinator.engine.evidence import (
    AdmissionFact,
    NodesWant,
    QuotaFact,
    QuotasWant,
    SurgeFact,
    SurgeWant,
)
from release_coordinator.errors import Conflict
from release_coordinator.evidence import registry
from release_coordinator.evidence.sources import Sources

pytestmark = pytest.mark.api

MIB = 2**20


@dataclass
class Ground:
    """A namespace of its own, and what looks at it."""

    kubeconfig: Path
    cluster: KubernetesCluster
    namespace: str

    async def ask(self, want: Any) -> Any:
        """Look up a fact as the operator does."""
        signals = ScriptedMetrics(lambda: None), ScriptedProber()
        sources = Sources(self.cluster, Store(), *signals, lambda: AdmissionFact(""))
        return await registry.answer(sources, self.namespace, want)

    def body(self, name: str, spec: Body) -> Body:
        """Return an object of the namespace."""
        return {"metadata": {"name": name, "namespace": self.namespace}, "spec": spec}

    async def counted(self, name: str, resource: str, left: float) -> None:
        """Wait on a watch until the quota controller has counted so much."""
        ref = Ref(RESOURCE_QUOTA, self.namespace, name)
        async with asyncio.timeout(60), Watches(await from_kubeconfig(self.kubeconfig, None)) as on:
            states = follow(self.cluster, on, ref, SystemClock(), lambda _: None)
            async with aclosing(states):
                async for state in states:
                    if quota_fact(state).left.get(resource) == left:
                        return


@pytest.fixture
async def ground(light_kubeconfig: Path) -> AsyncIterator[Ground]:
    async with await KubernetesCluster.connect(light_kubeconfig) as cluster:
        name = f"capacity-{secrets.token_hex(4)}"
        space = await cluster.create(NAMESPACE, {"metadata": {"name": name}})
        yield Ground(light_kubeconfig, cluster, name)
        await cluster.delete(Ref(NAMESPACE, None, name), uid=space["metadata"]["uid"])


async def test_nodes_are_told_apart_by_their_ready_condition(ground: Ground) -> None:
    names = {role: f"{role}-{ground.namespace}" for role in ("ready", "unready", "cordoned")}
    nodes = []
    for role, name in names.items():
        body = {"metadata": {"name": name}, "spec": {"unschedulable": role == "cordoned"}}
        node = await ground.cluster.create(NODE, body)
        condition = {"type": "Ready", "status": str(role != "unready")}
        nodes.append({**node, "status": {"conditions": [condition]}})
    try:
        for node in nodes:
            await report(ground, node)
        fact = await ground.ask(NodesWant())
    finally:
        for node in nodes:
            ref = Ref(NODE, None, node["metadata"]["name"])
            await ground.cluster.delete(ref, uid=node["metadata"]["uid"])

    assert fact.problem == ""
    assert names["ready"] in fact.ready
    assert names["unready"] in fact.unready
    assert names["cordoned"] not in {*fact.ready, *fact.unready}


async def report(ground: Ground, node: Body) -> None:
    """Write a node's status as its kubelet would, whatever controllers write meanwhile."""
    while True:
        live = await ground.cluster.get(Ref(NODE, None, node["metadata"]["name"]))
        with contextlib.suppress(Conflict):
            await ground.cluster.replace_status(NODE, {**live, "status": node["status"]})
            return


async def test_a_quota_is_counted_by_the_controller_and_what_is_left_is_reckoned(
    ground: Ground,
) -> None:
    hard = {"pods": "10", "requests.cpu": "1", "limits.memory": "1Gi"}
    await ground.cluster.create(RESOURCE_QUOTA, ground.body("compute", {"hard": hard}))
    narrow = {"hard": {"pods": "0"}, "scopes": ["BestEffort"]}
    await ground.cluster.create(RESOURCE_QUOTA, ground.body("narrow", narrow))
    await ground.counted("compute", "pods", 10)

    await ground.cluster.create(DEPLOYMENT, ground.body("backend", SPEC))
    await ground.counted("compute", "pods", 6)

    (quota,) = await ground.ask(QuotasWant())
    left = {"pods": 6, "requests.cpu": 0.2, "limits.memory": 512 * MIB}
    assert quota == QuotaFact("compute", left)


async def test_the_surge_is_that_of_the_strategy_the_server_fills_in(ground: Ground) -> None:
    await ground.cluster.create(DEPLOYMENT, ground.body("backend", SPEC))

    assert await ground.ask(SurgeWant(WorkloadRef(name="backend"))) == SurgeFact(
        1,
        {"requests.cpu": 0.2, "requests.memory": 128.0 * MIB, "limits.memory": 128.0 * MIB},
    )


SPEC = {
    "replicas": 4,
    "selector": {"matchLabels": {"app": "backend"}},
    "template": {
        "metadata": {"labels": {"app": "backend"}},
        "spec": {
            "containers": [
                {
                    "name": "api",
                    "image": "example/bookshop-backend:1.2.0",
                    "resources": {"requests": {"cpu": "200m"}, "limits": {"memory": "128Mi"}},
                }
            ]
        },
    },
}
