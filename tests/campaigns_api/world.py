"""One plan's world on the real API server: what `tests.fakes.world` is in memory.

Real are the API server, its controllers, the operator's process and the passing of time. The
kubelet and Prometheus are scripted; what the operator says and hears goes through the proxy.
"""

import asyncio
import json
import os
import secrets
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from aiohttp import web
from tests.campaigns.plans import Plan
from tests.campaigns_api.chronicle import Story
from tests.campaigns_api.ground import Ground, Site
from tests.campaigns_api.telling import untold
from tests.fakes.controllers import Script
from tests.fakes.kubelet import Kubelet
from tests.fakes.prometheus import error, vector
from tests.fakes.stage import NAMESPACE, WORKLOADS
from tests.fakes.world import changelog, deployment
from tests.policies import basic
from tests.proxy.nursery import Offspring
from tests.proxy.proxy import Proxy, serving
from tests.proxy.requests import Asked
from tools.bench.process import PREFIX

from release_coordinator.api.codec import ReleaseObject, parse_release
from release_coordinator.cluster.port import (
    CONFIG_MAP,
    DEPLOYMENT,
    JOB,
    POLICY,
    RELEASE,
    Body,
    Kind,
    Ref,
)
from release_coordinator.errors import NotFound

SECRET = Kind("", "v1", "secrets", "Secret")
CANARY = "canary-7d1f2c"
"""Content of a Secret that the application uses and nobody may ever tell."""
PATIENCE = 60.0
"""So long without anything happening in the namespace is the end: a busy machine is only slow."""
RESYNC_SECONDS = 5
"""Where news are lost, and in the run without faults, whose listings are counted."""
SELDOM_SECONDS = 30
"""Where all news arrive: each resync costs as many requests as a whole phase of the story."""
QUIET_SECONDS = 0.5
CALM_SECONDS = 2.0
"""After so long what was refused was tried again, and incidents and messages have followed."""
SLOW = ":1.4.0"
Until = Callable[[ReleaseObject], bool]


class ApiWorld:
    """Everything there is in one namespace."""

    def __init__(self, ground: Ground, site: Site, plan: Plan, script: Script) -> None:
        script.job_seconds = script.rollout_seconds = 0.0
        self._ground = ground
        self._plan = plan
        self.source = site.source
        self.namespace = f"plan-{secrets.token_hex(5)}"
        self.names = (
            (self.namespace, "shop"),
            (site.source, "default"),
            (site.prometheus.url, "http://prometheus"),
        )
        """What is called otherwise in every run, and its name for all of them."""
        self.script = script
        self.user = ground.cluster.as_manager("kubectl")
        self.kubelet = Kubelet(ground.cluster.as_manager("kubelet"), script)
        self.proxy = Proxy(ground.upstream, plan, self)
        self.latency: Callable[[], float | None] = self._latency
        self.story: Story = ground.chronicle.follow(self.namespace, self._hear)
        self.seen: list[ReleaseObject] = []
        self.gone = False
        self.exits = 0
        """How often an operator ended without being killed."""
        self._pending: Until = lambda _: True
        self._deployments: dict[str, Body] = {}
        self._news = asyncio.Event()
        self._operator: Offspring | None = None
        self._killing = False
        site.prometheus.script = self._measure

    # What stories use ------------------------------------------------------------------------

    def now(self) -> datetime:
        """The time of day."""
        return datetime.now(UTC)

    async def apply(self, body: Body) -> None:
        """`kubectl apply` of a Release, written for a cluster where nobody wants to wait."""
        body = self._quick(body)
        if not self.seen:
            await self.user.create(RELEASE, body)
            self._pending = lambda one: one.status.attempt is not None
            return
        stored = await self.user.patch(self.ref(RELEASE, "bookshop"), {"spec": body["spec"]})
        generation = stored["metadata"]["generation"]
        self._pending = lambda one: one.status.observed_generation >= generation

    async def annotate(self, key: str, value: str) -> None:
        """`kubectl annotate release bookshop`."""
        patch = {"metadata": {"annotations": {f"release-coordinator.io/{key}": value}}}
        await self.user.patch(self.ref(RELEASE, "bookshop"), patch)
        self._pending = _OBEYED[key](value)

    async def release(self) -> ReleaseObject:
        """The Release as it is stored."""
        return parse_release(await self.user.get(self.ref(RELEASE, "bookshop")))

    async def run(self, until: Until | None = None) -> ReleaseObject:
        """Let everything happen until the attempt is over or held, the Release gone, or `until`."""
        await self._caught_up()
        reached, start = until or self._settled, max(0, len(self.seen) - 1)

        def found() -> ReleaseObject | None:
            state = next((one for one in self.seen[start:] if reached(one)), None)
            return state or (self.seen[-1] if self.gone else None)

        await self._wait(lambda: found() is not None)
        state = found()
        assert state is not None
        return state

    def ref(self, kind: Kind, name: str) -> Ref:
        """Something in this namespace."""
        return Ref(kind, self.namespace, name)

    # What the proxy uses -----------------------------------------------------------------------

    async def killed(self) -> None:
        """SIGKILL; `_supervise` starts another operator."""
        if self._operator is not None:
            self._killing = True
            await self._operator.kill()

    async def disturb(self, what: Asked) -> None:
        """Somebody puts a mark on the object, or on the Release if there is none yet."""
        kinds = {kind.plural: kind for kind in (DEPLOYMENT, JOB)}
        ref = self.ref(RELEASE, "bookshop")
        if what.plural in kinds and what.method != "POST":
            ref = self.ref(kinds[what.plural], what.name)
        where = "annotations" if ref.kind is RELEASE else "labels"
        try:
            await self.user.patch(ref, {"metadata": {where: {"somebody": "was-here"}}})
        except NotFound:
            return

    # What the runner uses ----------------------------------------------------------------------

    async def set_up(self) -> None:
        """The application runs version 1.2.0."""
        await self.user.create(NAMESPACE, {"metadata": {"name": self.namespace}})
        secret = {"metadata": {"name": "bookshop-db"}, "stringData": {"password": CANARY}}
        bodies = [(SECRET, secret), (CONFIG_MAP, changelog()), (POLICY, basic())]
        bodies += [(DEPLOYMENT, _workload(name, container)) for name, container in WORKLOADS]
        for kind, body in bodies:
            body["metadata"]["namespace"] = self.namespace
            await self.user.create(kind, body)
        await self._wait(self._running)

    async def silence(self) -> list[str]:
        """I9: once everything is over, a new process that looks at everything writes nothing."""
        await self._calm()
        self.proxy.calm()
        before = self.proxy.count
        await self._look_again()
        noise = [str(write.asked) for write in self.proxy.writes[before:]]
        return [f"I9: writes after the end: {noise}"] if noise else []

    async def caught_up_with(self, kinds: tuple[Kind, ...]) -> None:
        """Return when the story has all that is stored of these kinds."""
        stored = {
            body["metadata"]["uid"]: int(body["metadata"]["resourceVersion"])
            for kind in kinds
            for body in await self.user.list(kind, self.namespace)
        }
        known = self.story.newest
        await self._wait(lambda: all(known.get(u, 0) >= v for u, v in stored.items()))

    @property
    def log(self) -> Path:
        """What the operators wrote."""
        return self._ground.folder / f"{self.namespace}.log"

    async def supervise(self) -> None:
        """Run operators, one after the other, until cancelled."""
        try:
            while True:
                self._killing = False
                self._operator = await self._ground.nursery.start(self._environment(), self.log)
                await self._operator.ended.wait()
                self.exits += not self._killing
        finally:
            if self._operator is not None:
                await self._operator.kill()

    # Inside ------------------------------------------------------------------------------------

    def _environment(self) -> dict[str, str]:
        file = self._ground.folder / f"{self.namespace}.kubeconfig"
        file.write_text(json.dumps(_kubeconfig(self.proxy.url)), encoding="utf-8")
        values = {
            "KUBECONFIG": str(file),
            "NAMESPACES": self.namespace,
            "HTTP_PORT": "0",
            "LOG_FORMAT": "plain",
            "LOG_LEVEL": "INFO",
            "ALLOW_LOOPBACK": "true",
            "RESYNC_SECONDS": str(SELDOM_SECONDS if self._plan.shots else RESYNC_SECONDS),
        }
        # The proxy speaks plain HTTP: to load the system's authorities is half of a start.
        return {
            "SSL_CERT_FILE": os.devnull,
            **{PREFIX + key: value for key, value in values.items()},
        }

    def _quick(self, body: Body) -> Body:
        body["metadata"]["namespace"] = self.namespace
        spec = body["spec"]
        for component in spec["components"]:
            if "health" in component:
                component["health"]["port"] = self._ground.health_port
            if self.script.never_ready & set(component["images"].values()):
                component["progressDeadline"] = "4s"
        spec["watch"] |= {"duration": "2s", "interval": "1s", "unknownLimit": "2s"}
        for metric in spec["watch"]["metrics"]:
            metric["source"] = self.source
        return body

    def _settled(self, release: ReleaseObject) -> bool:
        attempt = release.status.attempt
        if attempt is None or release.deleting or not self._pending(release):
            return False
        return attempt.recorded or attempt.hold is not None

    async def _caught_up(self) -> None:
        try:
            stored = await self.release()
        except NotFound:
            await self._wait(lambda: self.gone)
            return
        version = int(stored.resource_version)
        await self._wait(
            lambda: self.gone or bool(self.seen and int(self.seen[-1].resource_version) >= version)
        )

    async def _wait(self, condition: Callable[[], bool]) -> None:
        try:
            while not condition():
                self._news.clear()
                await asyncio.wait_for(self._news.wait(), PATIENCE)
        except TimeoutError:
            status = self.seen[-1].status if self.seen else None
            said = f"{status.phase}: {status.message}" if status else "nothing"
            raise AssertionError(f"nothing for {PATIENCE:.0f} s; last seen: {said}") from None

    async def _calm(self) -> None:
        """Return when the operator has written nothing for a while, and has heard and told all."""
        before, patience = None, asyncio.get_running_loop().time() + PATIENCE
        while (now := self._passed()) != before or await self._owes():
            if before == now and asyncio.get_running_loop().time() > patience:
                return  # the oracles say what is missing
            before = now
            await asyncio.sleep(CALM_SECONDS)

    async def _owes(self) -> bool:
        """Whether the operator has not heard, or not told, all that it will."""
        if self.proxy.news.under_way:
            return True
        return bool(await untold(self.user, self.namespace))

    def _passed(self) -> tuple[int, ...]:
        """What has gone through the proxy: another one after every write and piece of news."""
        return self.proxy.count, self.proxy.news.told, self.proxy.news.under_way

    async def _look_again(self) -> None:
        listed = self.proxy.listed["releases"]
        await self.killed()
        while self.proxy.listed["releases"] < listed + 2:  # by the watch and by the resync
            await self.proxy.news.request(PATIENCE)
        await asyncio.sleep(QUIET_SECONDS)

    def _hear(self, event: str, body: Body) -> None:
        kind = body["kind"]
        if kind == "Release":
            self.gone = event == "DELETED"
            if not self.gone:
                self.seen.append(parse_release(body))
        elif kind == "Pod":
            self.kubelet.hear(event, body, 0.0)
        elif kind == "Deployment":
            self._deployments[body["metadata"]["name"]] = body
        self._news.set()

    def _running(self) -> bool:
        bodies = self._deployments.values()
        return len(bodies) == len(WORKLOADS) and all(
            body.get("status", {}).get("availableReplicas") == body["spec"]["replicas"]
            for body in bodies
        )

    async def _measure(self, request: web.Request) -> web.StreamResponse:
        value = self.latency()
        script = error(503, "Prometheus is down") if value is None else vector(str(value))
        return await script(request)

    def _latency(self) -> float:
        backend = self._deployments.get("bookshop-backend", {})
        template: Any = backend.get("spec", {}).get("template", {})
        images = [one["image"] for one in template.get("spec", {}).get("containers", ())]
        return 0.1 if any(image.endswith(SLOW) for image in images) else 0.02


def _obeyed_resume(hold: str) -> Until:
    def obeyed(release: ReleaseObject) -> bool:
        attempt = release.status.attempt
        return attempt is not None and (attempt.hold is None or attempt.hold.id != hold)

    return obeyed


def _obeyed_rollback(_: str) -> Until:
    def obeyed(release: ReleaseObject) -> bool:
        attempt = release.status.attempt
        return attempt is not None and attempt.trigger is not None and attempt.hold is None

    return obeyed


def _obeyed_retry(number: str) -> Until:
    def obeyed(release: ReleaseObject) -> bool:
        attempt = release.status.attempt
        return attempt is not None and attempt.number > int(number)

    return obeyed


_OBEYED: dict[str, Callable[[str], Until]] = {
    "resume": _obeyed_resume,
    "rollback": _obeyed_rollback,
    "retry": _obeyed_retry,
}
"""Order -> from which state on it has been heard."""


def _workload(name: str, container: str) -> Body:
    """A Deployment that uses a Secret; one pod is enough."""
    body = deployment(name, container, "1.2.0")
    body["spec"]["replicas"] = 1
    secret = {"secretKeyRef": {"name": "bookshop-db", "key": "password"}}
    (program,) = body["spec"]["template"]["spec"]["containers"]
    program["env"] = [{"name": "PASSWORD", "valueFrom": secret}]
    return body


def _kubeconfig(url: str) -> Body:
    return {
        "apiVersion": "v1",
        "kind": "Config",
        "current-context": "proxy",
        "clusters": [{"name": "proxy", "cluster": {"server": url}}],
        "users": [{"name": "proxy", "user": {}}],
        "contexts": [{"name": "proxy", "context": {"cluster": "proxy", "user": "proxy"}}],
    }


@asynccontextmanager
async def api_world(
    ground: Ground, site: Site, plan: Plan, script: Script
) -> AsyncIterator[ApiWorld]:
    """A world with its operator; both end with it, what is stored stays."""
    world = ApiWorld(ground, site, plan, script)
    async with AsyncExitStack() as stack:
        stack.callback(ground.chronicle.forget, world.namespace)
        stack.push_async_callback(world.kubelet.close)
        await stack.enter_async_context(serving(world.proxy))
        await world.set_up()
        operator = asyncio.create_task(world.supervise())
        try:
            yield world
        finally:
            operator.cancel()
            await asyncio.gather(operator, return_exceptions=True)
