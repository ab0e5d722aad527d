"""A real API server with the bookshop on it: everything around the operator process but itself.

Controllers are the real ones, the kubelet and Prometheus are scripted. Nothing is polled: `until`
hears of each state of the Release from a watch.
"""

import asyncio
import secrets
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any, TypeVar

from aiohttp import web
from tests.fakes.controllers import Script
from tests.fakes.kubelet import ADDRESS, Kubelet
from tests.fakes.prometheus import ScriptedPrometheus, scripted_prometheus, vector
from tests.fakes.world import changelog, deployment
from tests.policies import basic
from tests.releases import bookshop
from tools.bench.process import OperatorProcess
from tools.bench.stream import Streams
from tools.lab.kubectl import Kubectl
from tools.lab.people import Person

from release_coordinator.api.codec import (
    IncidentObject,
    MetricSourceObject,
    ReleaseObject,
    parse_incident,
    parse_metric_source,
    parse_release,
)
from release_coordinator.api.conditions import Phase
from release_coordinator.cluster.client import KubernetesCluster
from release_coordinator.cluster.port import (
    CONFIG_MAP,
    DEPLOYMENT,
    INCIDENT,
    METRIC_SOURCE,
    POD,
    POLICY,
    RELEASE,
    Body,
    Kind,
    Ref,
)
from release_coordinator.cluster.workloads import fact_of

NAMESPACE = Kind("", "v1", "namespaces", "Namespace", namespaced=False)
WORKLOADS = (("bookshop-backend", "api"), ("bookshop-frontend", "web"))
PATIENCE = 90.0


class Stage:
    """The bookshop in a namespace of its own."""

    def __init__(
        self,
        kubeconfig: Path,
        cluster: KubernetesCluster,
        prometheus: ScriptedPrometheus,
        folder: Path,
    ) -> None:
        """`folder` gets the logs of operators."""
        self.kubeconfig = kubeconfig
        self.operators: list[OperatorProcess] = []
        self._folder = folder
        self.namespace = f"shop-{secrets.token_hex(4)}"
        self.source = Ref(METRIC_SOURCE, None, self.namespace)
        self._source_uid = ""
        self.user = cluster.as_manager("kubectl")
        self.kubelet = Kubelet(
            cluster.as_manager("kubelet"), Script(job_seconds=0.0, rollout_seconds=0.0)
        )
        self.prometheus = prometheus
        self.health_port = 0
        self.seen: list[ReleaseObject] = []
        self._deployments: dict[str, Body] = {}
        self._news = asyncio.Condition()
        self._tasks: set[asyncio.Task[None]] = set()

    async def set_up(self, streams: Streams) -> None:
        """The application runs version 1.2.0."""
        await self.prepare(streams)
        for kind, body in (
            (CONFIG_MAP, changelog()),
            (POLICY, basic()),
            *((DEPLOYMENT, deployment(name, container, "1.2.0")) for name, container in WORKLOADS),
        ):
            body["metadata"]["namespace"] = self.namespace
            await self.user.create(kind, body)
        await self._wait(lambda: len(self.running("1.2.0")) == len(WORKLOADS), PATIENCE)

    async def prepare(self, streams: Streams) -> None:
        """Make the namespace, listen to what happens in it, and say where metrics come from."""
        await self.user.create(NAMESPACE, {"metadata": {"name": self.namespace}})
        await streams.open(POD, self.namespace, self.kubelet.hear)
        await streams.open(DEPLOYMENT, self.namespace, self._hear_deployment)
        await streams.open(RELEASE, self.namespace, self._hear_release)
        source = {"metadata": {"name": self.namespace}, "spec": {"url": self.prometheus.url}}
        stored = await self.user.create(METRIC_SOURCE, source)
        self._source_uid = stored["metadata"]["uid"]

    async def tear_down(self) -> None:
        """End the operators, and remove what is in no namespace: others would meet it."""
        for operator in self.operators:
            await operator.kill()
        await self.user.delete(self.source, uid=self._source_uid)

    def running(self, version: str) -> list[str]:
        """Return the workloads of which all pods run a version."""
        return [
            name
            for name, body in self._deployments.items()
            if (fact := fact_of(body)).rolled_out
            and all(image.endswith(f":{version}") for image in fact.images.values())
        ]

    async def start(self, name: str = "operator", **settings: str) -> OperatorProcess:
        """Start an operator that looks after this namespace; it ends with the stage."""
        own = {"NAMESPACES": self.namespace, "POD_NAME": name, **settings}
        log = self._folder / f"{name}.log"
        operator = await OperatorProcess.start(self.kubeconfig, log, own)
        self.operators.append(operator)
        return operator

    def release(self, version: str = "1.3.0", *, duration: str = "2s") -> Body:
        """Return the bookshop's Release of a version, watched for a short while."""
        body = bookshop()
        body["metadata"]["namespace"] = self.namespace
        spec = body["spec"]
        spec["version"] = version
        for component in spec["components"]:
            component["images"] = {
                container: f"{image.partition(':')[0]}:{version}"
                for container, image in component["images"].items()
            }
        spec["components"][0]["health"]["port"] = self.health_port
        spec["watch"] |= {"duration": duration, "interval": "1s"}
        spec["watch"]["metrics"][0]["source"] = self.namespace
        return body

    async def label_namespace(self, labels: Mapping[str, str]) -> None:
        """Label the namespace, as the platform team does."""
        ref = Ref(NAMESPACE, None, self.namespace)
        await self.user.patch(ref, {"metadata": {"labels": dict(labels)}})

    async def policy(self, **spec: Any) -> None:
        """Change what the policy of the namespace asks for."""
        await self.user.patch(Ref(POLICY, self.namespace, "default"), {"spec": spec})

    async def says(self, who: str, role: str, decision: str = "Approved", **spec: Any) -> Body:
        """Somebody, impersonated, says something of the present plan; return the Approval."""
        release = await self.user.get(Ref(RELEASE, self.namespace, "bookshop"))
        person = Person(who, Kubectl(self.kubeconfig, (f"--as={who}",)))
        return await asyncio.to_thread(person.says, release, role, decision, **spec)

    async def apply(self, body: Body) -> None:
        """`kubectl apply` of the Release."""
        ref = Ref(RELEASE, self.namespace, "bookshop")
        if self.seen:
            await self.user.patch(ref, {"spec": body["spec"]})
        else:
            await self.user.create(RELEASE, body)

    async def until(
        self, condition: Callable[[ReleaseObject], bool], seconds: float = PATIENCE
    ) -> ReleaseObject:
        """Return the first state from now on, the present one included, that fulfils it."""
        start = max(0, len(self.seen) - 1)

        def found() -> ReleaseObject | None:
            return next((state for state in self.seen[start:] if condition(state)), None)

        await self._wait(lambda: found() is not None, seconds)
        state = found()
        assert state is not None
        return state

    async def ended(self, version: str, seconds: float = PATIENCE) -> ReleaseObject:
        """Return the Release when the attempt for a version is over and recorded."""
        return await self.until(lambda one: _recorded(one, version), seconds)

    async def source_until(
        self, condition: Callable[[MetricSourceObject], bool], seconds: float = PATIENCE
    ) -> MetricSourceObject:
        """Return the metric source of the stage as soon as it fulfils a condition."""
        deadline = asyncio.get_running_loop().time() + seconds
        while True:
            source = parse_metric_source(await self.user.get(self.source))
            if condition(source):
                return source
            assert asyncio.get_running_loop().time() < deadline, source.status
            await asyncio.sleep(0.2)

    async def incident_until(
        self, condition: Callable[[IncidentObject], bool], seconds: float = PATIENCE
    ) -> IncidentObject:
        """Return the only Incident of the namespace as soon as it fulfils a condition."""
        deadline = asyncio.get_running_loop().time() + seconds
        while True:
            bodies = await self.user.list(INCIDENT, self.namespace)
            found = [parse_incident(body) for body in bodies]
            assert len(found) <= 1, found
            if found and condition(found[0]):
                return found[0]
            assert asyncio.get_running_loop().time() < deadline, found
            await asyncio.sleep(0.2)

    def phases(self) -> list[Phase]:
        """Return the phases in the order they came, repetitions left out."""
        phases = [state.status.phase for state in self.seen]
        return [one for at, one in enumerate(phases) if at == 0 or phases[at - 1] != one]

    def ran(self, step: str) -> int:
        """How often the program of a step did its work."""
        return self.kubelet.database.count(step)

    async def _wait(self, condition: Callable[[], bool], seconds: float) -> None:
        async def heard() -> None:
            async with self._news:
                await self._news.wait_for(condition)

        try:
            await asyncio.wait_for(heard(), seconds)
        except TimeoutError:
            last = self.seen[-1].status if self.seen else None
            raise AssertionError(f"not within {seconds:.0f} s; last seen: {last}") from None

    def _hear_release(self, event: str, body: Body, _at: float) -> None:
        if event != "DELETED":
            self.seen.append(parse_release(body))
            self._tell()

    def _hear_deployment(self, _event: str, body: Body, _at: float) -> None:
        self._deployments[body["metadata"]["name"]] = body
        self._tell()

    def _tell(self) -> None:
        task = asyncio.create_task(self._notify())
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _notify(self) -> None:
        async with self._news:
            self._news.notify_all()


AnyStage = TypeVar("AnyStage", bound=Stage)


def _recorded(release: ReleaseObject, version: str) -> bool:
    attempt = release.status.attempt
    return attempt is not None and attempt.version == version and attempt.recorded


@asynccontextmanager
async def stage(kubeconfig: Path, folder: Path) -> AsyncIterator[Stage]:
    """A bookshop that runs, on an API server that knows our definitions."""
    async with staged(Stage, kubeconfig, folder) as made:
        yield made


@asynccontextmanager
async def staged(
    make: Callable[[Path, KubernetesCluster, ScriptedPrometheus, Path], AnyStage],
    kubeconfig: Path,
    folder: Path,
) -> AsyncIterator[AnyStage]:
    """The same with a stage of one's own."""
    async with AsyncExitStack() as stack:
        prometheus = await stack.enter_async_context(scripted_prometheus())
        prometheus.script = vector("0.02")
        cluster = await stack.enter_async_context(await KubernetesCluster.connect(kubeconfig))
        made = make(kubeconfig, cluster, prometheus, folder)
        made.health_port = await stack.enter_async_context(healthy_endpoint())
        streams = await stack.enter_async_context(Streams(kubeconfig))
        await made.set_up(streams)
        stack.push_async_callback(made.kubelet.close)
        try:
            yield made
        finally:
            await made.tear_down()


@asynccontextmanager
async def healthy_endpoint() -> AsyncIterator[int]:
    """Every pod's health endpoint; returns its port."""

    async def well(_: web.Request) -> web.Response:
        return web.Response()

    app = web.Application()
    app.router.add_get("/healthz", well)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=1)
    await runner.setup()
    try:
        await web.TCPSite(runner, ADDRESS, 0).start()
        yield runner.addresses[0][1]
    finally:
        await runner.cleanup()


def at_step(prefix: str) -> Callable[[ReleaseObject], bool]:
    """Tell when the newest step begins so."""

    def reached(release: ReleaseObject) -> bool:
        attempt = release.status.attempt
        return bool(attempt and attempt.steps and attempt.steps[-1].id.startswith(prefix))

    return reached
