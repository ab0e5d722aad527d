"""A workload with pods in given states, and what its containers have logged."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from tests.fakes.world import DAWN, NAMESPACE, ScriptedMetrics, ScriptedProber, Time, deployment

from release_coordinator.api.release import WorkloadRef
from release_coordinator.cluster.double.logs import Line
from release_coordinator.cluster.memory import MemoryCluster
from release_coordinator.cluster.port import DEPLOYMENT, POD, Body, Ref
from release_coordinator.cluster.store import Store
from release_coordinator.engine import names
from release_coordinator.engine.evidence import AdmissionFact
from release_coordinator.evidence.sources import Sources

BACKEND = WorkloadRef(name="bookshop-backend")
IMAGE = "example/bookshop-backend:1.3.0"
RUNNING: Body = {"running": {}}


def state(name: str = "api", now: Body = RUNNING, **more: Any) -> Body:
    """The state of a container."""
    return {"name": name, "state": now, **more}


@dataclass
class PodWorld:
    """A cluster with one Deployment."""

    time: Time = field(default_factory=Time)
    logs: dict[tuple[str, str, bool], Sequence[Line] | Exception] = field(default_factory=dict)
    """Pod, container, whether before its last restart -> its lines."""

    def __post_init__(self) -> None:
        self.cluster = MemoryCluster(namespaces=(NAMESPACE,), now=self.time.now)
        self.cluster.script_logs(self._logged)
        self.store = Store()

    @property
    def sources(self) -> Sources:
        """What the looks ask."""
        metrics, prober = ScriptedMetrics(lambda: None), ScriptedProber()
        return Sources(self.cluster, self.store, metrics, prober, lambda: AdmissionFact(""))

    async def begin(self, replicas: int = 2) -> None:
        """The Deployment, without pods."""
        body = deployment(BACKEND.name, "api", "1.3.0")
        body["spec"]["replicas"] = replicas
        await self.cluster.create(DEPLOYMENT, body)

    async def pod(
        self,
        name: str,
        *states: Body,
        created: datetime | None = None,
        image: str = IMAGE,
        status: Mapping[str, Any] | None = None,
    ) -> None:
        """A pod of the Deployment with containers in these states."""
        self.time.value = created or self.time.value
        labels = {"app": BACKEND.name, names.LABEL_TEMPLATE: "1"}
        owner = {"apiVersion": "apps/v1", "kind": "ReplicaSet", "name": f"{BACKEND.name}-1"}
        metadata = {
            "name": name,
            "namespace": NAMESPACE,
            "labels": labels,
            "ownerReferences": [{**owner, "uid": "r", "controller": True}],
        }
        states = states or (state(),)
        spec = {"containers": [{"name": one["name"], "image": image} for one in states]}
        stored = await self.cluster.create(POD, {"metadata": metadata, "spec": spec})
        ready = {"conditions": [{"type": "Ready", "status": "True"}], "phase": "Running"}
        said = {**ready, "containerStatuses": list(states), **(status or {})}
        await self.cluster.replace_status(POD, {**stored, "status": said})

    async def delete(self, name: str) -> None:
        """The pod goes."""
        ref = Ref(POD, NAMESPACE, name)
        body = await self.cluster.get(ref)
        await self.cluster.delete(ref, uid=body["metadata"]["uid"])

    def logged(self, pod: str, *lines: str, container: str = "api", at: datetime = DAWN) -> None:
        """A container has logged these lines at one moment."""
        key = (pod, container, False)
        known = self.logs.get(key, ())
        assert not isinstance(known, Exception)
        self.logs[key] = [*known, *((at, line) for line in lines)]

    def _logged(self, pod: Body, container: str, previous: bool) -> Sequence[Line]:  # noqa: FBT001 - a hook
        found = self.logs.get((pod["metadata"]["name"], container, previous), ())
        if isinstance(found, Exception):
            raise found
        return found
