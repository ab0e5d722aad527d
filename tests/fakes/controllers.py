"""The rest of Kubernetes, scripted: Job and Deployment controllers, kubelet, a database.

They work on the same `MemoryCluster` as the operator, on virtual time. What a Job's program does
happens exactly when its Job is allowed to run; the database counts it.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from tests.fakes.sets import SETS, Sets

from release_coordinator.cluster.memory import MemoryCluster
from release_coordinator.cluster.port import DEPLOYMENT, JOB, POD, Body, Ref
from release_coordinator.engine import names
from release_coordinator.engine.plan import canonical, short_hash
from release_coordinator.errors import NotFound

SUCCESS = ""


@dataclass
class Script:
    """How the world behaves; everything succeeds unless it says otherwise."""

    failing_steps: dict[str, str] = field(default_factory=dict)
    """Step id -> last words of its program."""
    said: dict[str, str] = field(default_factory=dict)
    """Step id -> last words of its program when it succeeds."""
    schema: dict[str, str] = field(default_factory=dict)
    """Step id -> what the schema version is once its program has done its work."""
    killed: dict[str, bool] = field(default_factory=dict)
    """Step id of a program that is killed -> whether it had done its work by then."""
    flaky_steps: dict[str, int] = field(default_factory=dict)
    """Step id -> how often its program still fails before it succeeds."""
    hanging_steps: set[str] = field(default_factory=set)
    blocked_steps: dict[str, tuple[str, str]] = field(default_factory=dict)
    """Step id -> reason and message with which the kubelet keeps its container from starting."""
    never_ready: set[str] = field(default_factory=set)
    """Images whose pods never become ready."""
    crashing: dict[str, str] = field(default_factory=dict)
    """Images whose programs end at once -> their last words. Never ready either."""
    recreated: set[str] = field(default_factory=set)
    """Deployments of which all pods end before new ones come up."""
    job_seconds: float = 5.0
    rollout_seconds: float = 10.0


@dataclass
class Database:
    """Counts migrations; deliberately not idempotent."""

    applied: list[tuple[str, str]] = field(default_factory=list)
    """(step id, Job UID) in the order they ran."""
    version: str = "0006"
    """What the Job `spec.database.current` answers."""

    def work(self, script: Script, step: str, uid: str) -> None:
        """The program of a step does its work, if it gets as far."""
        lost = step in script.failing_steps or step in script.hanging_steps
        if lost or not script.killed.get(step, True):
            return
        self.applied.append((step, uid))
        self.version = script.schema.get(step, self.version)

    def says(self, script: Script, step: str) -> str:
        """Last words of a program that succeeds."""
        if step == "gate/migrations/current" or step.startswith("schema/"):
            return script.said.get(step, self.version)
        return script.said.get(step, "")

    def count(self, step: str) -> int:
        """How often a step's program did its work."""
        return sum(1 for known, _ in self.applied if known == step)


class Controllers:
    """Brings Jobs and Deployments on, as time goes by."""

    def __init__(self, cluster: MemoryCluster, script: Script, now: Callable[[], datetime]) -> None:
        self._cluster = cluster.as_manager("controller")
        self.script = script
        self.database = Database()
        self._now = now
        self._due: dict[str, datetime] = {}
        self._sets = Sets(self._cluster, script, self._is_due)

    def fork(
        self, cluster: MemoryCluster, script: Script, now: Callable[[], datetime]
    ) -> "Controllers":
        """The same state on another server."""
        other = Controllers(cluster, script, now)
        other.database = Database(list(self.database.applied), self.database.version)
        other._due = dict(self._due)
        return other

    async def step(self) -> datetime | None:
        """Do everything that is due; return when the next thing is."""
        for job in await self._cluster.list(JOB):
            await self._job(job)
        deployments = await self._cluster.list(DEPLOYMENT)
        for deployment in deployments:
            await self._deployment(deployment)
        sets = [body for kind in SETS for body in await self._cluster.list(kind)]
        await self._collect({body["metadata"]["uid"] for body in [*deployments, *sets]})
        await self._sets.step()
        waiting = [moment for moment in self._due.values() if moment > self._now()]
        return min(waiting, default=None)

    def _is_due(self, key: str, seconds: float) -> bool:
        moment = self._due.setdefault(key, self._now() + timedelta(seconds=seconds))
        return self._now() >= moment

    async def _job(self, job: Body) -> None:
        if job["spec"].get("suspend") or job.get("status", {}).get("conditions"):
            return
        step = job["metadata"]["annotations"][names.ANNOTATION_STEP]
        uid = job["metadata"]["uid"]
        if await self._kept_waiting(job, step, uid):
            return
        if uid not in self._due:
            self.database.work(self.script, step, uid)
        deadline = float(job["spec"]["activeDeadlineSeconds"])
        hangs = step in self.script.hanging_steps
        if self._is_due(uid, deadline if hangs else self.script.job_seconds):
            await self._finish(job, step, timed_out=hangs)

    async def _kept_waiting(self, job: Body, step: str, uid: str) -> bool:
        """Whether the kubelet cannot start the Job's container; its deadline counts on."""
        if step not in self.script.blocked_steps:
            self._due.pop(f"{uid}/deadline", None)
            return False
        reason, message = self.script.blocked_steps[step]
        await self._pod(job, {"waiting": {"reason": reason, "message": message}})
        if self._is_due(f"{uid}/deadline", float(job["spec"]["activeDeadlineSeconds"])):
            await self._finish(job, step, timed_out=True)
        return True

    async def _finish(self, job: Body, step: str, *, timed_out: bool) -> None:
        killed = step in self.script.killed
        words = "Killed" if killed else self.script.failing_steps.get(step)
        if self.script.flaky_steps.get(step, 0) > 0:
            self.script.flaky_steps[step] -= 1
            words = "flaky"
        failed = words is not None or timed_out
        kind = "Failed" if failed else "Complete"
        reason = "DeadlineExceeded" if timed_out else "BackoffLimitExceeded"
        condition = {"type": kind, "status": "True", "reason": reason if failed else "Done"}
        job.setdefault("status", {})["conditions"] = [condition]
        if not timed_out:
            code = 0 if words is None else 137 if killed else 1
            text = self.database.says(self.script, step) if words is None else words
            await self._pod(job, {"terminated": {"exitCode": code, "message": text}})
        await self._cluster.replace_status(JOB, job)

    async def _pod(self, job: Body, state: Body) -> None:
        """The Job's pod with its only container in this state."""
        metadata = job["metadata"]
        name = metadata["name"]
        labels = {**metadata["labels"], "batch.kubernetes.io/job-name": name}
        await self._set_pod(
            {
                "metadata": {
                    "name": f"{name}-x",
                    "namespace": metadata["namespace"],
                    "labels": labels,
                },
                "spec": {"containers": []},
            },
            {"containerStatuses": [{"name": "job", "image": _image(job), "state": state}]},
        )

    async def _set_pod(self, body: Body, status: Body) -> None:
        metadata = body["metadata"]
        try:
            pod = await self._cluster.get(Ref(POD, metadata["namespace"], metadata["name"]))
        except NotFound:
            pod = await self._cluster.create(POD, body)
        if pod.get("status") != status:
            await self._cluster.replace_status(POD, {**pod, "status": status})

    async def _delete_pod(self, namespace: str, name: str) -> None:
        ref = Ref(POD, namespace, name)
        try:
            old = await self._cluster.get(ref)
        except NotFound:
            return
        await self._cluster.delete(ref, uid=old["metadata"]["uid"])

    async def _deployment(self, body: Body) -> None:
        metadata, status = body["metadata"], body.get("status", {})
        if status.get("observedGeneration") == metadata["generation"]:
            return
        images = {c["image"] for c in body["spec"]["template"]["spec"]["containers"]}
        key = f"{metadata['uid']}/{metadata['generation']}"
        if words := next((self.script.crashing[i] for i in images & set(self.script.crashing)), ""):
            await self._crash_loop(body, words)
            return
        if metadata["name"] in self.script.recreated and "readyReplicas" in status:
            body["status"] = {"observedGeneration": status["observedGeneration"]}
            body = await self._cluster.replace_status(DEPLOYMENT, body)
        if images & self.script.never_ready or not self._is_due(key, self.script.rollout_seconds):
            return
        wanted = body["spec"].get("replicas", 1)
        body["status"] = {
            "observedGeneration": metadata["generation"],
            "replicas": wanted,
            "updatedReplicas": wanted,
            "readyReplicas": wanted,
            "availableReplicas": wanted,
        }
        await self._cluster.replace_status(DEPLOYMENT, body)
        await self._replace_pod(body)

    async def _replace_pod(self, body: Body) -> None:
        metadata = body["metadata"]
        for suffix in ("pod", "new"):
            await self._delete_pod(metadata["namespace"], f"{metadata['name']}-{suffix}")
        if body["spec"].get("replicas", 1):
            ready = {"type": "Ready", "status": "True"}
            containers = body["spec"]["template"]["spec"]["containers"]
            states = [{"name": one["name"], "state": {"running": {}}} for one in containers]
            status = {"podIP": "10.0.0.1", "conditions": [ready], "containerStatuses": states}
            await self._set_pod(_pod_of(body, "pod"), status)

    async def _collect(self, alive: set[str]) -> None:
        """Delete the pods of workloads that are gone."""
        for pod in await self._cluster.list(POD):
            owners = pod["metadata"].get("ownerReferences", [])
            if owners and owners[0]["uid"] not in alive:
                await self._delete_pod(pod["metadata"]["namespace"], pod["metadata"]["name"])

    async def _crash_loop(self, body: Body, words: str) -> None:
        """The first pod of the new template, which ends whenever it is started."""
        ended = {"terminated": {"exitCode": 1, "message": words}}
        state = {"state": {"waiting": {"reason": "CrashLoopBackOff"}}, "lastState": ended}
        await self._set_pod(_pod_of(body, "new"), {"containerStatuses": [{"name": "it", **state}]})


def _pod_of(body: Body, suffix: str) -> Body:
    metadata, template = body["metadata"], body["spec"]["template"]
    label = short_hash(canonical(template))
    # There is no ReplicaSet: its name is enough.
    owner = {"apiVersion": "apps/v1", "kind": "ReplicaSet", "controller": True}
    return {
        "metadata": {
            "name": f"{metadata['name']}-{suffix}",
            "namespace": metadata["namespace"],
            "labels": {
                **body["spec"]["selector"]["matchLabels"],
                **template.get("metadata", {}).get("labels", {}),
                names.LABEL_TEMPLATE: label,
            },
            "ownerReferences": [
                {**owner, "name": f"{metadata['name']}-{label}", "uid": metadata["uid"]}
            ],
        },
        "spec": template["spec"],
    }


def _image(job: Body) -> str:
    image: str = job["spec"]["template"]["spec"]["containers"][0]["image"]
    return image
