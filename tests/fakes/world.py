"""A whole scripted world: API server, controllers, metrics, virtual time, and the operator in it.

Stories run it once and read the transcript; campaigns run it hundreds of times and crash the
operator at every call. Only the operator's own parts are real: store, intake, reconciler.
"""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from pydantic import ValidationError
from tests import kstatus, schemas
from tests.fakes.controllers import Controllers, Script
from tests.policies import basic

from release_coordinator import late
from release_coordinator.act import Actor
from release_coordinator.api.attempt import JOURNAL_SCHEMA
from release_coordinator.api.codec import ReleaseObject, parse_release
from release_coordinator.api.record import RecordSpec
from release_coordinator.api.status import ReleaseStatus
from release_coordinator.cluster.double.server import Admission
from release_coordinator.cluster.memory import Call, MemoryCluster
from release_coordinator.cluster.port import (
    APPROVAL,
    CONFIG_MAP,
    DEPLOYMENT,
    METRIC_SOURCE,
    POLICY,
    RECORD,
    RELEASE,
    Body,
    Kind,
    Ref,
)
from release_coordinator.cluster.store import Store
from release_coordinator.engine import names
from release_coordinator.engine.evidence import AdmissionFact, AlertRulesFact
from release_coordinator.engine.observation import Jump
from release_coordinator.engine.watchfacts import FiringFact, SampleFact, SeriesFact
from release_coordinator.errors import NotFound, ReleaseCoordinatorError
from release_coordinator.evidence.sources import Sources
from release_coordinator.handlers import LABELLED, Intake
from release_coordinator.look import Looker
from release_coordinator.reconcile import Key, Parts, Reconciler
from release_coordinator.recorder import Recorder
from release_coordinator.resync import Resync
from release_coordinator.signals.port import Endpoint, FetchResult, Metrics, ProbeResult
from release_coordinator.telemetry.passes import PassObserver

DAWN = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
NAMESPACE = "shop"
STAGING = "shop-staging"
"""Where versions prove themselves, in the stories that have such a place."""
AUTHOR = "ada"
"""Who writes the Releases."""
LIMIT = 5000
PATIENCE = timedelta(days=1)
"""A story waits no longer for something to happen by itself: signatures lapse after a week."""
KINDS: dict[str, Kind] = {
    kind.kind: kind for kind in (RELEASE, METRIC_SOURCE, POLICY, APPROVAL, *LABELLED, RECORD)
}

SCHEMAS = {
    RELEASE: schemas.schema_of("releases.yaml"),
    RECORD: schemas.schema_of("releaserecords.yaml"),
}


class Crash(BaseException):
    """The operator's process ends here; nothing may catch it."""


@dataclass
class Time:
    """Virtual time of day."""

    value: datetime = DAWN
    jumps: tuple[Jump, ...] = ()

    def now(self) -> datetime:
        """The present moment."""
        return self.value

    def put_forward(self, seconds: float) -> None:
        """The clock is set: the time did not pass."""
        self.value += timedelta(seconds=seconds)
        self.jumps = (*self.jumps, Jump(self.value, seconds))


@dataclass
class ScriptedMetrics:
    """Prometheus: a value for what runs, or an outage."""

    value: Callable[[], float | None]
    problem: str = "Prometheus is down"
    """What is wrong when there is no value."""
    queries: int = 0
    alerts: AlertRulesFact = field(default_factory=lambda: AlertRulesFact(()))
    """The alert rules that are loaded."""
    scripted: Callable[[], AlertRulesFact] | None = None
    """The same, where they change by themselves."""
    fires: Callable[[], FiringFact] | None = None
    """The alerts that fire."""
    values: dict[str, Callable[[], float | None]] = field(default_factory=dict)
    """Query -> its own value, where it has one."""
    kept_back: asyncio.Event | None = None
    """Answers of queries wait for it."""

    async def query(self, endpoint: Endpoint, promql: str) -> SampleFact:  # noqa: ARG002
        """The scripted answer."""
        self.queries += 1
        if self.kept_back is not None:
            await self.kept_back.wait()
        value = self.values.get(promql, self.value)()
        return SampleFact(value) if value is not None else SampleFact(None, self.problem)

    async def series(
        self, endpoint: Endpoint, promql: str, start: datetime, end: datetime, step: float
    ) -> SeriesFact:
        """The same answer all the time."""
        fact = await self.query(endpoint, promql)
        if fact.value is None:
            return SeriesFact((), fact.problem)
        return SeriesFact((fact.value,) * (1 + int((end - start).total_seconds() / step)))

    async def firing(self, endpoint: Endpoint) -> FiringFact:  # noqa: ARG002
        """The scripted alerts that fire."""
        return self.fires() if self.fires else FiringFact(())

    async def rules(self, endpoint: Endpoint) -> AlertRulesFact:  # noqa: ARG002
        """The scripted list."""
        return self.scripted() if self.scripted else self.alerts


@dataclass
class ScriptedProber:
    """Health endpoints: all well; version endpoints say what they are told to."""

    ok: bool = True
    scripted: Callable[[], bool] | None = None
    """Whether they are well, where that changes by itself."""
    version: str = ""
    """Answer of every version endpoint; empty: there is none."""

    async def probe(self, address: str, port: int, path: str, timeout: float) -> ProbeResult:  # noqa: ARG002, ASYNC109
        """The scripted answer."""
        ok = self.scripted() if self.scripted else self.ok
        return ProbeResult(ok, "HTTP 200" if ok else "HTTP 503")

    async def fetch(self, address: str, port: int, path: str, timeout: float) -> FetchResult:  # noqa: ARG002, ASYNC109
        """The scripted answer."""
        return FetchResult(self.version or None, "HTTP 200" if self.version else "HTTP 404")


class Operator:
    """One process of the operator; a crash throws it away and makes another."""

    def __init__(self, world: "World", cluster: MemoryCluster | None = None) -> None:
        self._world = world
        cluster = cluster or world.cluster
        store = Store()
        self.store = store
        sources = Sources(
            cluster,
            store,
            world.asked or world.metrics,
            world.prober,
            lambda: AdmissionFact(world.unproved),
            keep_secrets=world.keep_secrets,
        )
        self.woken = asyncio.Event()
        """An answer has come that a pass went on without."""
        looker = Looker(sources, self._wake, patience=world.patience)
        self.recorder = Recorder(cluster)
        self._parts = Parts(
            cluster,
            store,
            looker,
            Actor(cluster, store),
            self.recorder,
            PassObserver(),
            world.time.now,
            lambda: world.time.jumps,
        )
        self._reconciler = Reconciler(self._parts)
        self.queued: set[Key] = set()
        self.timers: dict[Key, datetime] = {}
        self._intake = Intake(store, self.queued.add)
        self._unsubscribe = cluster.subscribe(self._event)
        self.resync = Resync(cluster, store, self.queued.add)

    def stop(self) -> None:
        """Hear no more events."""
        self._unsubscribe()

    def _wake(self, key: Key) -> None:
        self.queued.add(key)
        self.woken.set()

    def _event(self, event: str, body: Body) -> None:
        kind = KINDS.get(body["kind"])
        if kind is None or kind is RECORD:
            return
        labels = body["metadata"].get("labels", {})
        if kind in LABELLED and "release-coordinator.io/release" not in labels:
            return
        self.hear(kind, event, body)

    def hear(self, kind: Kind, event: str, body: Body) -> None:
        """Take in an event that concerns us; campaigns let it come late or not at all."""
        self._intake.take(kind, event, body)

    async def pass_over(self, key: Key) -> None:
        """One pass, with the queue's behaviour: an error means again, a little later."""
        self.timers.pop(key, None)
        try:
            seconds = await self._reconciler.reconcile(key)
        except ReleaseCoordinatorError:
            seconds = 1.0
        if seconds is not None:
            self.timers[key] = self._world.time.now() + timedelta(seconds=seconds)
        await self._post_events()

    async def _post_events(self) -> None:
        posting = asyncio.create_task(self.recorder.run())
        drained = asyncio.create_task(self.recorder.drain())
        await asyncio.wait((posting, drained), return_when=asyncio.FIRST_COMPLETED)
        drained.cancel()
        if posting.done():
            await posting  # a crash while posting is a crash of the process
        posting.cancel()


@dataclass
class World:
    """Everything there is."""

    namespace: str = field(default=NAMESPACE, init=False)
    script: Script = field(default_factory=Script)
    slow_image: str = ":1.4.0"
    time: Time = field(default_factory=Time)
    policy: Body | None = field(default_factory=basic)
    """The ReleasePolicy `default`; None leaves the built-in one."""
    unproved: str = ""
    """Why forged approvals may not be refused."""
    keep_secrets: bool = False
    """Whether the platform team lets the operator copy Secrets."""
    asked: Metrics | None = None
    """What is asked for metrics instead of `metrics`."""
    patience: float = late.PATIENCE
    """Seconds that a pass waits for answers of the background, by the real clock."""

    def __post_init__(self) -> None:
        self.admission: Admission = lambda _kind, _old, _new: None
        self.cluster = MemoryCluster(
            namespaces=(NAMESPACE, STAGING),
            now=self.time.now,
            admission=self._admit,
        )
        self.user = self.cluster.as_manager("kubectl")
        self.controllers = Controllers(self.cluster, self.script, self.time.now)
        self.latency: Callable[[], float | None] = self._latency
        self.metrics = ScriptedMetrics(lambda: self.latency())  # noqa: PLW0108 - scripts replace it
        self.prober = ScriptedProber()
        self.log: list[str] = []
        self.crashes = 0
        self.said = 0
        self.calls: list[Call] = []
        self.operators = [self.start()]

    def start(self) -> Operator:
        """A new process of the operator."""
        return Operator(self)

    @property
    def operator(self) -> Operator:
        """The operator, the first one if there are several."""
        return self.operators[0]

    async def setup(self, version: str = "1.2.0") -> None:
        """An application that runs, its documents and its metric source."""
        for name, container in (("bookshop-backend", "api"), ("bookshop-frontend", "web")):
            await self.user.create(DEPLOYMENT, deployment(name, container, version))
        await self.user.create(CONFIG_MAP, changelog())
        if self.policy is not None:
            await self.user.create(POLICY, self.policy)
        source = {"metadata": {"name": "default"}, "spec": {"url": "http://prometheus:9090"}}
        await self.user.create(METRIC_SOURCE, source)
        await self.controllers.step()
        await self.advance(60)
        await self.operator.resync.once()

    async def apply(self, body: Body) -> None:
        """`kubectl apply` of a Release: create it, or replace its spec.

        The API server stamps who changed the spec.
        """
        name = body["metadata"]["name"]
        stamp = {names.ANNOTATION_CHANGED_BY: AUTHOR}
        body["metadata"]["annotations"] = {**body["metadata"].get("annotations", {}), **stamp}
        try:
            live = await self.user.get(Ref(RELEASE, NAMESPACE, name))
        except ReleaseCoordinatorError:
            await self.user.create(RELEASE, body)
            return
        live["spec"] = body["spec"]
        live["metadata"].setdefault("annotations", {}).update(stamp)
        await self.user.replace(RELEASE, live)

    async def require(self, **spec: Any) -> None:
        """The platform team writes the ReleasePolicy."""
        await self.user.patch(Ref(POLICY, NAMESPACE, "default"), {"spec": basic(**spec)["spec"]})

    async def say(
        self, who: str, decision: str, *, digest: str | None = None, **about: str
    ) -> None:
        """Somebody writes an Approval of the present plan; `about` is role or gate, and comment."""
        release = await self.release()
        self.said += 1
        spec = {
            "release": release.name,
            "releaseUid": release.uid,
            "digest": digest or release.status.digest,
            "decision": decision,
            "by": who,
            **about,
        }
        metadata = {"name": f"bookshop-{self.said}", "namespace": NAMESPACE}
        await self.user.create(APPROVAL, {"metadata": metadata, "spec": spec})

    async def annotate(self, key: str, value: str, by: str = AUTHOR) -> None:
        """`kubectl annotate release bookshop`; the API server stamps who gives an order."""
        order = {f"release-coordinator.io/{key}": value, names.ANNOTATION_ORDERED_BY: by}
        await self.user.patch(
            Ref(RELEASE, NAMESPACE, "bookshop"), {"metadata": {"annotations": order}}
        )

    async def suspend(self, mode: str | None, by: str = AUTHOR, *, in_spec: bool = False) -> None:
        """Suspend the Release by an order or in its spec, or resume it.

        The API server stamps who did.
        """
        stamp: Body = {names.ANNOTATION_ORDERED_BY: by}
        order = {} if in_spec else {names.ANNOTATION_SUSPEND: mode}
        patch: Body = {"metadata": {"annotations": stamp | order}}
        patch |= {"spec": {"suspend": mode}} if in_spec else {}
        await self.user.patch(Ref(RELEASE, NAMESPACE, "bookshop"), patch)

    async def release(self) -> ReleaseObject:
        """The Release as it is stored."""
        return parse_release(await self.user.get(Ref(RELEASE, NAMESPACE, "bookshop")))

    async def advance(self, seconds: float) -> None:
        """Let time pass for the controllers alone."""
        end = self.time.value + timedelta(seconds=seconds)
        while self.time.value < end:
            due = await self.controllers.step()
            self.time.value = min(end, due) if due else end
        await self.controllers.step()

    async def run(self, until: Callable[[ReleaseObject], bool] | None = None) -> ReleaseObject:
        """Let everything happen until the attempt is over, nothing is left to do, or `until`.

        A Release that goes away meanwhile is returned as it was last seen.
        """
        release = await self.release()
        for _ in range(LIMIT):
            await self._work()
            try:
                release = await self.release()
            except NotFound:
                return release
            if until is not None and until(release):
                return release
            if not await self._skip(release):
                return release
        raise AssertionError("the story does not end")

    async def _work(self) -> None:
        """Passes over everything that is queued; a crash makes a new process."""
        while self.operator.queued:
            key = self.operator.queued.pop()
            try:
                await self.operator.pass_over(key)
            except* Crash:
                await self.restart()

    async def restart(self) -> None:
        """A new process that knows nothing but what the API server tells it."""
        self.crashes += 1
        self.operator.stop()
        self.operators[0] = self.start()
        await self._quietly(self.operator.resync.once)

    async def _quietly(self, call: Callable[[], Awaitable[Any]]) -> None:
        """Without faults: what a listing meets at the start is another story."""
        before, after = self.cluster.before, self.cluster.after
        self.cluster.before = self.cluster.after = None
        try:
            await call()
        finally:
            self.cluster.before, self.cluster.after = before, after

    async def _skip(self, release: ReleaseObject) -> bool:
        """Go to the next moment when something is due; False if there is none."""
        due = await self.controllers.step()
        if any(operator.queued for operator in self.operators):
            return True
        attempt = release.status.attempt
        if attempt is not None and attempt.recorded and due is None:
            return False
        moments = self._moments() + ([due] if due else [])
        if not moments or min(moments) - self.time.value > PATIENCE:
            return False
        self.time.value = max(self.time.value, min(moments))
        self.wake()
        await self.controllers.step()
        return True

    def wake(self) -> None:
        """Let operators look again where that is due."""
        for operator in self.operators:
            due = [key for key, moment in operator.timers.items() if moment <= self.time.value]
            operator.queued.update(due)

    def _moments(self) -> list[datetime]:
        """When an operator wants to look again."""
        return [moment for operator in self.operators for moment in operator.timers.values()]

    def _admit(self, kind: Kind, old: Body | None, new: Body) -> None:
        _readable(kind, new)
        self.admission(kind, old, new)

    def _latency(self) -> float:
        return 0.1 if self.backend().endswith(self.slow_image) else 0.02

    def backend(self) -> str:
        """Image that the backend is told to run; empty if there is none."""
        for body in self.cluster.everything():
            if body["kind"] == "Deployment" and body["metadata"]["name"] == "bookshop-backend":
                image: str = body["spec"]["template"]["spec"]["containers"][0]["image"]
                return image
        return ""


def _readable(kind: Kind, body: Body) -> None:
    """What the operator writes keeps to the bounds by which it is read again.

    The CRD has the same bounds: a real API server would refuse the write, again and again. A
    journal of another version is another matter. Raises AssertionError, which nobody catches.
    """
    journal = body.get("status", {}).get("attempt", {})
    try:
        if kind is RELEASE and journal.get("journalSchema", JOURNAL_SCHEMA) == JOURNAL_SCHEMA:
            ReleaseStatus.model_validate(body.get("status", {}))
        if kind is RECORD:
            RecordSpec.model_validate(body["spec"])
    except ValidationError as error:
        name = body["metadata"]["name"]
        raise AssertionError(f"{kind.kind} {name} breaks its own bounds: {error}") from error
    if kind is RELEASE and "conditions" in body.get("status", {}):
        wrong = kstatus.faults(body)
        assert not wrong, f"who waits by kstatus is misled: {', '.join(wrong)}"
    if kind in SCHEMAS:
        nulls = schemas.refused_nulls(SCHEMAS[kind], body)
        assert not nulls, f"{kind.kind}: the API server refuses the null at {', '.join(nulls)}"


def deployment(name: str, container: str, version: str) -> Body:
    """A Deployment of the example application."""
    labels = {"app": name}
    image = f"example/{name}:{version}"
    return {
        "metadata": {"name": name, "namespace": NAMESPACE},
        "spec": {
            "replicas": 2,
            "selector": {"matchLabels": labels},
            "template": {
                "metadata": {"labels": labels},
                "spec": {"containers": [{"name": container, "image": image}]},
            },
        },
    }


def changelog() -> Body:
    """A changelog with sections for every version of the stories."""
    sections = "\n".join(
        f"## [{version}] - 2026-11-2{index}\n\n### Added\n\n- Something.\n"
        for index, version in enumerate(("1.2.0", "1.3.0", "1.4.0", "1.4.1", "1.5.0"))
    )
    return {
        "metadata": {
            "name": "bookshop-docs",
            "namespace": NAMESPACE,
            "labels": {"release-coordinator.io/release": "bookshop"},
        },
        "data": {"CHANGELOG.md": f"# Changelog\n\n{sections}"},
    }
