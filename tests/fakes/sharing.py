"""Several Releases in one namespace, some of which name the same workloads.

Their passes run at the same time, as in a process with many workers: every call waits at a gate,
and a seed says who goes next. `breaches` notes what must never be: two attempts past the point of
no return on one workload.
"""

import asyncio
import random
from collections.abc import Awaitable, Callable
from typing import Any

from tests.fakes.controllers import Script
from tests.fakes.world import NAMESPACE, Crash, Operator, World, deployment
from tests.policies import basic

from release_coordinator.api.codec import ReleaseObject, parse_release
from release_coordinator.cluster.memory import Call
from release_coordinator.cluster.port import DEPLOYMENT, LEASE, POLICY, RELEASE, Body, Kind, Ref
from release_coordinator.engine import names
from release_coordinator.errors import NotFound
from release_coordinator.reconcile import Key

TURNS = 40
"""Rounds of the event loop after which every task stands at a gate."""
PACE = 0.4
"""Pieces of news that arrive between two calls."""
STANDSTILL = 100
"""Waits without any change after which nothing more is to come: deadlines are far fewer."""
GATES = [{"name": "RollbackTarget", "enforcement": "Required"}]


def release(name: str, version: str, *apps: str) -> Body:
    """A Release of some applications, and of nothing else."""
    components = [
        {
            "name": app,
            "workloadRef": {"kind": "Deployment", "name": app},
            "images": {"main": f"example/{app}:{version}"},
        }
        for app in apps
    ]
    metadata = {"name": name, "namespace": NAMESPACE}
    return {"metadata": metadata, "spec": {"version": version, "components": components}}


class _Late(Operator):
    """Hears of everything later than its own calls are answered, as from a real server.

    It posts no Events: they are not what this is about.
    """

    def __init__(self, world: World) -> None:
        self._news: list[tuple[Kind, str, Body]] = []
        super().__init__(world)

    def hear(self, kind: Kind, event: str, body: Body) -> None:
        """Take in later."""
        self._news.append((kind, event, body))

    def deliver(self) -> bool:
        """Take in the oldest piece of news; False if there is none."""
        if not self._news:
            return False
        super().hear(*self._news.pop(0))
        return True

    async def _post_events(self) -> None:
        return


class SharedWorld(World):
    """A world with several Releases; `bookshop` is one of them."""

    def __init__(self, seed: int = 0) -> None:
        super().__init__(script=Script(), policy=basic(gates=GATES))
        self.breaches: list[str] = []
        self.crash_at = 0
        """Number of the operator's call, from now on, before which its process ends."""
        self.meddle: Callable[[], Awaitable[None]] | None = None
        """What people do between two calls of the operator."""
        self._random = random.Random(seed)  # noqa: S311 - no secret
        self.heard = 0
        """Changes of any object so far."""
        self._gates: list[asyncio.Future[None]] = []
        self._tasks: dict[Key, asyncio.Task[None]] = {}
        self.cluster.before = self._gate
        self.cluster.subscribe(self._watch)

    def start(self) -> Operator:
        """A new process of the operator."""
        return _Late(self)

    async def begin(self, *apps: str) -> "SharedWorld":
        """These applications run version 1.0.0."""
        self.cluster.before = None
        assert self.policy is not None
        await self.user.create(POLICY, self.policy)
        for app in apps:
            await self.user.create(DEPLOYMENT, deployment(app, "main", "1.0.0"))
        await self.controllers.step()
        await self.advance(60)
        await self.operator.resync.once()
        self.cluster.before = self._gate
        return self

    def of(self, name: str) -> ReleaseObject | None:
        """A Release as it is stored, None if it is gone."""
        return next((one for one in self.releases() if one.name == name), None)

    def releases(self) -> list[ReleaseObject]:
        """All Releases as they are stored."""
        return [parse_release(body) for body in self._bodies("Release")]

    def locks(self) -> list[tuple[str, str]]:
        """Who holds which workload."""
        return sorted(
            (
                body["metadata"]["annotations"][names.ANNOTATION_WORKLOAD].split()[-1],
                body["spec"]["holderIdentity"],
            )
            for body in self._bodies("Lease")
        )

    def leftovers(self) -> list[str]:
        """What must not be there when all is over: breaches, and locks that are held."""
        return [*self.breaches, *(f"{who} holds {app}" for app, who in self.locks())]

    def runs(self, app: str) -> str:
        """The version an application is told to run."""
        bodies = {body["metadata"]["name"]: body for body in self._bodies("Deployment")}
        image: str = bodies[app]["spec"]["template"]["spec"]["containers"][0]["image"]
        return image.rpartition(":")[2]

    async def go(self, until: Callable[[], bool] = lambda: False) -> None:
        """Let everything happen until it is so, nothing is left to do, or nothing changes any more.

        Where a gate is shut and nobody acts, an operator looks for ever.
        """
        news, still = 0, 0
        for _ in range(2000):
            await self._work()
            if until() or still > STANDSTILL or not await self._proceed():
                return
            if self.meddle is not None:
                await self.meddle()
            still = still + 1 if news == self.heard else 0
            news = self.heard
        raise AssertionError("it does not end")

    async def _proceed(self) -> bool:
        if all(one.status.attempt and one.status.attempt.recorded for one in self.releases()):
            self.operator.timers.clear()
        active = [
            one
            for one in self.releases()
            if one.status.attempt is None or not one.status.attempt.recorded
        ]
        return bool(self.releases()) and await self._skip((active or self.releases())[0])

    async def resync(self) -> None:
        """List everything."""
        await self._quietly(self.operator.resync.once)

    async def look(self, name: str = "") -> None:
        """All passes that are due, and one over this Release."""
        if name:
            self.operator.queued.add((NAMESPACE, name))
        await self._work()

    async def delete(self, name: str, *, force: bool = False) -> None:
        """`kubectl delete release`; by force its finalizer is removed as well."""
        ref = Ref(RELEASE, NAMESPACE, name)
        live = await self.user.get(ref)
        await self.user.delete(ref, uid=live["metadata"]["uid"])
        if force:
            try:
                await self.user.patch(ref, {"metadata": {"finalizers": None}})
            except NotFound:
                return

    async def order(self, name: str, key: str, value: str) -> None:
        """`kubectl annotate release`."""
        patch = {"metadata": {"annotations": {f"release-coordinator.io/{key}": value}}}
        await self.user.patch(Ref(RELEASE, NAMESPACE, name), patch)

    async def delete_locks(self) -> None:
        """Somebody deletes every Lease of the namespace."""
        for body in self._bodies("Lease"):
            ref = Ref(LEASE, NAMESPACE, body["metadata"]["name"])
            await self.user.delete(ref, uid=body["metadata"]["uid"])

    async def leave_a_lock(self, app: str) -> None:
        """The lock of a Release that is no more; raises AlreadyExists where there is one."""
        body = next(b for b in self._bodies("Deployment") if b["metadata"]["name"] == app)
        labels = {
            names.LABEL_MANAGED_BY: names.MANAGED_BY,
            names.LABEL_RELEASE: "gone",
            names.LABEL_UID: "gone",
            names.LABEL_ATTEMPT: "1",
        }
        metadata = {
            "name": names.lock_name("Deployment", app, body["metadata"]["uid"]),
            "namespace": NAMESPACE,
            "labels": labels,
            "annotations": {names.ANNOTATION_WORKLOAD: f"Deployment {app}"},
        }
        spec = {"holderIdentity": "gone/1"}
        await self.user.create(LEASE, {"metadata": metadata, "spec": spec})

    def _bodies(self, kind: str) -> list[Body]:
        return [body for body in self.cluster.everything() if body["kind"] == kind]

    async def _gate(self, call: Call) -> None:
        self.calls.append(call)
        gate = asyncio.get_running_loop().create_future()
        self._gates.append(gate)
        await gate
        if self.crash_at:
            self.crash_at -= 1
            if not self.crash_at:
                raise Crash

    async def _work(self) -> None:
        while True:
            for key in sorted(self.operator.queued - set(self._tasks)):
                self.operator.queued.discard(key)
                self._tasks[key] = asyncio.create_task(self._pass(key))
            heard = self._hear()
            if not self._tasks:
                if heard or self.operator.queued:
                    continue
                return
            for _ in range(TURNS):
                await asyncio.sleep(0)
            if self._gates:
                self._gates.pop(self._random.randrange(len(self._gates))).set_result(None)
            await self._collect()
            if self.meddle is not None:
                await self.meddle()

    def _hear(self) -> bool:
        """News come one by one between calls, and at once when there is nothing else to do."""
        operator = self.operator
        assert isinstance(operator, _Late)
        return (not self._tasks or self._random.random() < PACE) and operator.deliver()

    async def _pass(self, key: Key) -> None:
        await self.operator.pass_over(key)

    async def _collect(self) -> None:
        await asyncio.sleep(0)
        for key, task in list(self._tasks.items()):
            if task.done():
                del self._tasks[key]
                if isinstance(task.exception(), Crash):
                    await self._die()
                    return
                task.result()

    async def _die(self) -> None:
        """The process ends with everything that was under way in it."""
        for task in self._tasks.values():
            task.cancel()
        await asyncio.gather(*self._tasks.values(), return_exceptions=True)
        self._tasks.clear()
        self._gates.clear()
        await self.restart()

    def _watch(self, _event: str, body: Body) -> None:
        self.heard += 1
        if body["kind"] != "Release":
            return
        seen: dict[str, str] = {}
        for one in self.releases():
            for app in _changing(one):
                if app in seen:
                    self.breaches.append(f"I7: {seen[app]} and {one.name} both change {app}")
                seen[app] = one.name


def _changing(release: ReleaseObject) -> list[str]:
    """Applications that an attempt may be changing: its plan is frozen, and it has not ended."""
    attempt: Any = release.status.attempt
    if attempt is None or not attempt.frozen or attempt.end is not None or release.spec is None:
        return []
    return [component.target.name for component in release.spec.components]
