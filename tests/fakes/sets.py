"""The StatefulSet and DaemonSet controllers, scripted, with what matters about them.

A StatefulSet replaces its pods from the last to the first and waits for each to become ready,
also for one of a template that is not wanted any more. A DaemonSet has a pod for each node and
replaces those first that are not ready. Used by `controllers`; the rules are those that
`tests/api/test_workload_kinds.py` sees on the real ones.
"""

from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.fakes.controllers import Script

from release_coordinator.cluster.facts import REVISION_LABEL
from release_coordinator.cluster.memory import MemoryCluster
from release_coordinator.cluster.port import DAEMON_SET, POD, STATEFUL_SET, Body, Kind, Ref
from release_coordinator.engine.plan import canonical, short_hash

NODES = 2
SETS = (STATEFUL_SET, DAEMON_SET)
READY = {"podIP": "10.0.0.2", "conditions": [{"type": "Ready", "status": "True"}]}

IsDue = Callable[[str, float], bool]
"""Whether so many seconds have passed since the key was first asked about."""


class Sets:
    """Brings StatefulSets and DaemonSets on."""

    def __init__(self, cluster: MemoryCluster, script: "Script", is_due: IsDue) -> None:
        self._cluster = cluster
        self._script = script
        self._is_due = is_due
        self._templates: dict[str, Body] = {}

    async def step(self) -> None:
        """Do everything that is due."""
        for body in await self._cluster.list(STATEFUL_SET):
            while await self._stateful(body):
                pass
            await self._report(STATEFUL_SET, body, await self._stateful_status(body))
        for body in await self._cluster.list(DAEMON_SET):
            while await self._daemon(body):
                pass
            await self._report(DAEMON_SET, body, await self._daemon_status(body))

    async def _stateful(self, body: Body) -> bool:
        """One move; whether there was any."""
        wanted = self._revision(body)
        current = body.get("status", {}).get("currentRevision", wanted)
        pods = await self._pods(body)
        count = body["spec"].get("replicas", 1)
        old = sum(1 for pod in pods.values() if _revision_of(pod) == current)
        for number in range(count):
            name = f"{body['metadata']['name']}-{number}"
            if name not in pods:
                await self._create(body, name, current if number < old else wanted)
                return True
            if not await self._ready(pods[name]):
                return False
        for number in reversed(range(count)):
            pod = pods[f"{body['metadata']['name']}-{number}"]
            if _revision_of(pod) != wanted:
                await self._delete(pod)
                return True
        return False

    async def _daemon(self, body: Body) -> bool:
        wanted = self._revision(body)
        pods = await self._pods(body)
        names = [f"{body['metadata']['name']}-node{number}" for number in range(NODES)]
        for name in names:
            if name not in pods:
                await self._create(body, name, wanted)
                return True
        ready = {name: await self._ready(pod) for name, pod in pods.items()}
        stale = [name for name in names if _revision_of(pods[name]) != wanted]
        stale.sort(key=lambda name: ready[name])
        if stale and (not ready[stale[0]] or all(ready.values())):
            await self._delete(pods[stale[0]])
            return True
        return False

    async def _stateful_status(self, body: Body) -> Body:
        wanted = self._revision(body)
        pods = (await self._pods(body)).values()
        ready = sum(1 for pod in pods if _is_ready(pod))
        updated = sum(1 for pod in pods if _revision_of(pod) == wanted)
        done = ready == updated == len(pods) == body["spec"].get("replicas", 1)
        current = body.get("status", {}).get("currentRevision", wanted)
        current = wanted if done else current
        return {
            "replicas": len(pods),
            "readyReplicas": ready,
            "availableReplicas": ready,
            "updatedReplicas": updated,
            "currentReplicas": sum(1 for pod in pods if _revision_of(pod) == current),
            "currentRevision": current,
            "updateRevision": wanted,
        }

    async def _daemon_status(self, body: Body) -> Body:
        wanted = self._revision(body)
        pods = (await self._pods(body)).values()
        ready = sum(1 for pod in pods if _is_ready(pod))
        return {
            "desiredNumberScheduled": NODES,
            "currentNumberScheduled": len(pods),
            "updatedNumberScheduled": sum(1 for pod in pods if _revision_of(pod) == wanted),
            "numberReady": ready,
            "numberAvailable": ready,
        }

    async def _report(self, kind: Kind, body: Body, status: Body) -> None:
        status["observedGeneration"] = body["metadata"]["generation"]
        if body.get("status") != status:
            await self._cluster.replace_status(kind, {**body, "status": status})

    def _revision(self, body: Body) -> str:
        template = body["spec"]["template"]
        revision = f"{body['metadata']['name']}-{short_hash(canonical(template))}"
        self._templates[revision] = template
        return revision

    async def _pods(self, body: Body) -> dict[str, Body]:
        labels = body["spec"]["selector"]["matchLabels"]
        found = await self._cluster.list(POD, body["metadata"]["namespace"], labels)
        return {pod["metadata"]["name"]: pod for pod in found if _owner_of(pod) == _uid_of(body)}

    async def _ready(self, pod: Body) -> bool:
        """Whether a pod is ready, perhaps from now on."""
        if _is_ready(pod):
            return True
        images = {container["image"] for container in pod["spec"]["containers"]}
        if images & self._script.never_ready:
            return False
        if not self._is_due(pod["metadata"]["uid"], self._script.rollout_seconds):
            return False
        await self._cluster.replace_status(POD, {**pod, "status": READY})
        return True

    async def _create(self, body: Body, name: str, revision: str) -> None:
        labels = {**body["spec"]["selector"]["matchLabels"], REVISION_LABEL: revision}
        metadata = {
            "name": name,
            "namespace": body["metadata"]["namespace"],
            "labels": labels,
            "ownerReferences": [
                {
                    "apiVersion": body["apiVersion"],
                    "kind": body["kind"],
                    "name": body["metadata"]["name"],
                    "uid": _uid_of(body),
                    "controller": True,
                }
            ],
        }
        spec = self._templates.get(revision, body["spec"]["template"])["spec"]
        await self._cluster.create(POD, {"metadata": metadata, "spec": spec})

    async def _delete(self, pod: Body) -> None:
        metadata = pod["metadata"]
        ref = Ref(POD, metadata["namespace"], metadata["name"])
        await self._cluster.delete(ref, uid=metadata["uid"])


def _uid_of(body: Body) -> str:
    return str(body["metadata"]["uid"])


def _owner_of(pod: Body) -> str:
    owners = pod["metadata"].get("ownerReferences", [])
    return str(owners[0]["uid"]) if owners else ""


def _revision_of(pod: Body) -> str:
    return str(pod["metadata"]["labels"].get(REVISION_LABEL, ""))


def _is_ready(pod: Body) -> bool:
    return bool(pod.get("status", {}).get("conditions"))
