"""A kubelet without containers: brings the pods of a real API server on, as a script says.

Where the Job and Deployment controllers are the real ones (`tests/api`), only pods need somebody.
Shares `Script` and `Database` with `controllers`, which also plays those controllers in memory.
"""

import asyncio
from typing import Any

from tests.fakes.controllers import Database, Script

from release_coordinator.cluster.port import POD, Body, Cluster, Ref
from release_coordinator.engine import names
from release_coordinator.errors import Conflict, NotFound, Transient

ADDRESS = "127.0.0.1"
_PAUSE = 0.2


class Kubelet:
    """Hears of pods and writes their status. Close it: what went wrong is raised then."""

    def __init__(self, cluster: Cluster, script: Script) -> None:
        self._cluster = cluster
        self.script = script
        self.database = Database()
        self.let_go = asyncio.Event()
        """Steps that hang go on once it is set."""
        self._known: set[str] = set()
        self._tasks: list[asyncio.Task[None]] = []

    def hear(self, event: str, pod: Body, _at: float) -> None:
        """Take a pod over when it is seen for the first time."""
        uid = pod["metadata"]["uid"]
        if event == "DELETED" or uid in self._known or pod["status"].get("phase") != "Pending":
            return
        self._known.add(uid)
        self._tasks.append(asyncio.create_task(self._run(pod)))

    async def close(self) -> None:
        """Stop; raises what a pod's task could not cope with."""
        failed = [task for task in self._tasks if task.done() and task.exception()]
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        for task in failed:
            await task

    async def _run(self, pod: Body) -> None:
        step = pod["metadata"].get("annotations", {}).get(names.ANNOTATION_STEP)
        if step is not None:
            await self._job(pod, step)
        else:
            await self._serve(pod)

    async def _job(self, pod: Body, step: str) -> None:
        if step in self.script.hanging_steps:
            await self.let_go.wait()
        words = self.script.failing_steps.get(step)
        if words is None:
            uid = pod["metadata"]["ownerReferences"][0]["uid"]
            self.database.applied.append((step, uid))
            self.database.version = self.script.schema.get(step, self.database.version)
        await asyncio.sleep(self.script.job_seconds)
        said = self.database.says(self.script, step)
        ended = {
            "exitCode": 0 if words is None else 1,
            "message": said if words is None else words,
            "reason": "Ended",
        }
        phase = "Succeeded" if words is None else "Failed"
        await self._set(pod, phase, {"terminated": ended})

    async def _serve(self, pod: Body) -> None:
        images = {container["image"] for container in pod["spec"]["containers"]}
        if images & self.script.never_ready:
            return
        await asyncio.sleep(self.script.rollout_seconds)
        await self._set(pod, "Running", {"running": {}})

    async def _set(self, pod: Body, phase: str, state: Body) -> None:
        ready = phase == "Running"
        status: dict[str, Any] = {
            "phase": phase,
            "podIP": ADDRESS,
            "podIPs": [{"ip": ADDRESS}],
            "conditions": [{"type": "Ready", "status": str(ready)}],
            "containerStatuses": [
                {
                    "name": container["name"],
                    "image": container["image"],
                    "imageID": "",
                    "ready": ready,
                    "restartCount": 0,
                    "state": state,
                }
                for container in pod["spec"]["containers"]
            ],
        }
        ref = Ref(POD, pod["metadata"]["namespace"], pod["metadata"]["name"])
        while True:
            try:
                live = await self._cluster.get(ref)
                await self._cluster.replace_status(POD, {**live, "status": status})
            except NotFound:
                return
            except (Conflict, Transient):  # a controller was faster, or the server is away
                await asyncio.sleep(_PAUSE)
            else:
                return
