"""Wires the parts and runs them: one `Operation` per process.

Built by `__main__` from settings. Health and metrics are served on every replica; the work runs
only while the Lease is held. Start order: health, election, workers, resync, Kopf; the end comes
in reverse, and work in flight gets time to finish.
"""

import asyncio
import logging
import os
import time
import uuid
from collections.abc import Callable, Mapping
from importlib.metadata import version
from typing import Any

import kopf

from . import handlers
from .act import Actor
from .clock import SystemClock
from .cluster.client import KubernetesCluster
from .cluster.fence import FencedCluster
from .cluster.follow import Watches
from .cluster.informer import ApiCollections
from .cluster.lease import Elector
from .cluster.login import credentials
from .cluster.port import LEASE, RELEASE, Cluster, Ref
from .cluster.proofs import Proofs
from .cluster.store import Store
from .cluster.urgency import is_urgent
from .cluster.wire import Exchange
from .controllers.manager import Manager
from .controllers.port import Parts as ControllerParts
from .controllers.registry import controllers
from .controllers.releasemetrics import ReleaseFigures
from .controllers.watching import Watching
from .evidence.sources import Sources
from .evidence.sourcesecrets import SourceSecrets
from .guard import Guard
from .look import Looker
from .reconcile import Key, Parts, Reconciler
from .recorder import Recorder
from .resync import LogResync, Resync
from .servertime import ServerTime
from .settings import Settings
from .signals.addresses import APIServer
from .signals.port import Outcome
from .signals.post import Post
from .signals.probe import HttpProber
from .signals.prometheus import PrometheusMetrics
from .sourcehealth import SourceHealth
from .telemetry.health import HealthServer
from .telemetry.messagemetrics import MessageMetrics
from .telemetry.metrics import Metrics
from .telemetry.passes import MeteredPasses
from .telemetry.progress import Limits, Progress
from .telemetry.queuemetrics import QueueMetrics
from .telemetry.releasemetrics import ReleaseMetricsExport
from .telemetry.sourcemetrics import SourceMetrics
from .workqueue import WorkQueue

LEASE_NAME = "release-coordinator"
ALL_ADDRESSES = "0.0.0.0"  # noqa: S104 - the kubelet probes the pod's own address
STOP_SECONDS = 20.0
"""Time work in flight gets at the end; the pod's grace period is longer."""

HARD_EXIT_SECONDS = 3.0
"""Time a process gets to end by itself after it lost the Lease; another waits 5 s longer."""

logger = logging.getLogger(__name__)


class Operation:
    """Everything one process does."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._metrics = Metrics(version("release-coordinator"))
        self._clock = SystemClock()
        self._time = ServerTime(self._clock)
        self._progress: Progress[Key] = Progress(
            settings.workers,
            clock=self._clock,
            limits=Limits(resync=max(900.0, 3 * settings.resync_seconds)),
        )
        self._metrics.resync_age(self._progress.resync_age)
        self._passes = MeteredPasses(self._metrics, time.monotonic)
        sources = SourceMetrics(self._metrics.registry, tuple(Outcome))
        self._health = SourceHealth(self._clock, self._time.now, sources)
        self._observers = (sources, self._health)
        self._message_metrics = MessageMetrics(self._metrics.registry)
        self._release_metrics = ReleaseMetricsExport(self._metrics.registry)
        self._stop = asyncio.Event()

    def stop(self) -> None:
        """Begin the graceful end; called by signal handlers."""
        logger.info("Stopping: work in flight gets %.0f s", STOP_SECONDS)
        self._stop.set()

    async def run(self) -> None:
        """Serve, lead, work; returns after `stop`. Raises LeadershipLost when the Lease is lost."""
        settings = self._settings
        health = HealthServer(
            self._progress,
            self._metrics.registry,
            ALL_ADDRESSES,
            settings.http_port,
        )
        await health.start()
        try:
            async with await KubernetesCluster.connect(
                settings.kubeconfig, observer=self._requested
            ) as cluster:
                await self._lead(cluster)
        finally:
            await health.stop()

    def _requested(self, exchange: Exchange) -> None:
        self._metrics.requested(exchange.method, exchange.code)
        self._time.heard(exchange.date)

    async def _lead(self, cluster: Cluster) -> None:
        lease = self._lease()
        if not lease:
            await self._work(cluster)
            return
        # A new identity per process: a pod that restarts is another candidate.
        identity = f"{self._settings.pod_name}_{uuid.uuid4().hex[:8]}"
        elector = Elector(cluster, lease, identity, clock=self._clock)
        fenced = FencedCluster(cluster, elector.may_write)
        election = asyncio.create_task(
            elector.run(lambda: self._work(fenced), self._lost, self._standing_by)
        )
        stopped = asyncio.create_task(self._stop.wait())
        await asyncio.wait((election, stopped), return_when=asyncio.FIRST_COMPLETED)
        stopped.cancel()
        if not election.done() and not self._leading():
            election.cancel()  # a standby has nothing to finish
        await asyncio.wait((election,))
        if not election.cancelled():
            await election

    def _lease(self) -> Ref | None:
        """None: this is the only replica."""
        namespace = self._settings.lease_namespace
        return Ref(LEASE, namespace, LEASE_NAME) if namespace else None

    def _leading(self) -> bool:
        return bool(self._progress.report()["role"] == "leader")

    def _standing_by(self, holder: str) -> None:
        if holder and not self._leading():
            self._progress.role("standby")

    def _lost(self, reason: str) -> None:
        logger.error("Leadership lost, ending the process: %s", reason)
        self._metrics.leading(False)
        self._stop.set()
        # Work that ignores its cancellation must not outlive the lease.
        asyncio.get_running_loop().call_later(HARD_EXIT_SECONDS, os._exit, 1)

    async def _work(self, cluster: Cluster) -> None:
        """The leader's part, until `stop`."""
        self._progress.role("leader")
        self._metrics.leading(True)
        settings = self._settings
        store = Store()
        metrics, post = await self._outwards()
        prober = HttpProber(allow_loopback=settings.allow_loopback)
        guard = self._guard(cluster, lambda: _each_release(store, enqueue))
        sources = self._sources(cluster, store, metrics, prober, guard)
        recorder = Recorder(cluster)
        queue = self._queue(store)

        def enqueue(key: Key) -> None:
            self._passes.evidence(key)
            queue.add(key)

        beside = self._beside(sources, post)
        changes = await Watches.connect(settings.kubeconfig)

        def listed(key: Key) -> None:
            enqueue(key)
            beside.add(key)

        looker = Looker(sources, enqueue)
        reconciler = Reconciler(self._parts(sources, looker, recorder))
        resync = Resync(
            cluster, store, listed, namespaces=settings.namespaces, done=self._progress.resynced
        )
        log = LogResync(cluster, store, beside.add, namespaces=settings.namespaces)
        figures = ReleaseFigures(store, self._time.now)
        self._release_metrics.ask(figures.report)
        intake = handlers.Intake(store, enqueue, beside.add)
        tasks = {
            "events": asyncio.create_task(recorder.run()),
            "guard": asyncio.create_task(guard.run(settings.proof_seconds)),
            "workers": asyncio.create_task(queue.run(settings.workers, reconciler.reconcile)),
            "resync": asyncio.create_task(resync.run(settings.resync_seconds)),
            "log": asyncio.create_task(log.run()),
            "beside": asyncio.create_task(beside.run()),
            "figures": asyncio.create_task(figures.run(self._clock)),
            "sources": asyncio.create_task(self._health.run(sources, metrics)),
            "watches": asyncio.create_task(self._watch(intake)),
            "stop": asyncio.create_task(self._stop.wait()),
        }
        watching = asyncio.create_task(self._watch_beside(changes, store, beside))
        for name, task in tasks.items():
            self._progress.depends_on(name, task)
        try:
            await asyncio.wait(tasks.values(), return_when=asyncio.FIRST_COMPLETED)
        finally:
            watching.cancel()
            await self._wind_up(queue, recorder, tasks)
            sources.searcher.close()
            for close in (looker.close, prober.close, metrics.close, post.close):
                await close()

    def _sources(
        self,
        cluster: Cluster,
        store: Store,
        metrics: PrometheusMetrics,
        prober: HttpProber,
        guard: Guard,
    ) -> Sources:
        """Where facts come from."""
        settings = self._settings
        return Sources(
            cluster,
            store,
            metrics,
            prober,
            guard.state,
            keep_secrets=settings.keep_secrets,
            secrets=SourceSecrets(cluster, settings.lease_namespace),
            reads_logs=settings.read_logs,
        )

    def _beside(self, sources: Sources, post: Post) -> Manager:
        """What keeps incidents, messages and notes; releases do not wait for it."""
        own = self._settings.lease_namespace
        queue = WorkQueue[Key](clock=self._clock)
        parts = ControllerParts(
            sources.cluster,
            sources.store,
            self._time.now,
            own,
            post=post,
            message_metrics=self._message_metrics,
            again=queue.add_after,
        )
        return Manager(controllers(parts), queue)

    async def _watch_beside(self, changes: Watches, store: Store, beside: Manager) -> None:
        """Keep the store up to date with what is kept beside releases; its end would end nothing.

        That is why it is none of the tasks that `_work` waits for.
        """
        async with changes:
            await Watching(
                ApiCollections(changes),
                store,
                beside.add,
                clock=self._clock,
                now=self._time.now,
                namespaces=self._settings.namespaces,
            ).run()

    def _queue(self, store: Store) -> WorkQueue[Key]:
        return WorkQueue(
            clock=self._clock,
            urgent=lambda key: is_urgent(store.get(Ref(RELEASE, *key))),
            observers=(QueueMetrics(self._metrics.registry), self._progress),
        )

    def _guard(self, cluster: Cluster, changed: Callable[[], None]) -> Guard:
        guard = Guard(
            cluster,
            self._settings.namespaces,
            clock=self._clock,
            proofs=Proofs(cluster, self._lease()),
            changed=changed,
        )
        self._metrics.sign_offs_guarded(lambda: not guard.state().problem)
        return guard

    async def _outwards(self) -> tuple[PrometheusMetrics, Post]:
        """What asks metric sources and sends messages; both keep away from the Kubernetes API."""
        servers = [(await credentials(self._settings.kubeconfig)).server]
        if host := os.environ.get("KUBERNETES_SERVICE_HOST"):
            address = f"[{host}]" if ":" in host else host
            servers.append(f"https://{address}:{os.environ.get('KUBERNETES_SERVICE_PORT', '443')}")
        api_server, here = APIServer(servers), self._settings.allow_loopback
        metrics = PrometheusMetrics(
            api_server=api_server,
            allow_loopback=here,
            observers=self._observers,
            now=lambda: self._time.now().timestamp(),
        )
        return metrics, Post(api_server, allow_loopback=here)

    def _parts(self, sources: Sources, looker: Looker, recorder: Recorder) -> Parts:
        """What a pass works with."""
        cluster, store = sources.cluster, sources.store
        return Parts(
            cluster,
            store,
            looker,
            Actor(cluster, store),
            recorder,
            self._passes,
            self._time.now,
            self._time.jumps,
        )

    async def _wind_up(
        self,
        queue: WorkQueue[Key],
        recorder: Recorder,
        tasks: Mapping[str, "asyncio.Task[Any]"],
    ) -> None:
        """Take no more work, let what runs end, then raise the fault that ended us, if any."""
        abandoned = await queue.stop(STOP_SECONDS)
        if abandoned:
            logger.warning(
                "Ended in the middle of passes, resumed at the next start: %s", abandoned
            )
        try:
            await asyncio.wait_for(recorder.drain(), 2)
        except TimeoutError:
            logger.warning("Some Events were not posted")
        faults = [t for n, t in tasks.items() if t.done() and not t.cancelled() and t.exception()]
        for task in tasks.values():
            task.cancel()
        await asyncio.gather(*tasks.values(), return_exceptions=True)
        for task in faults:
            await task

    async def _watch(self, intake: handlers.Intake) -> None:
        """Run Kopf until `stop`. It exits on faults it cannot mend; then so do we."""
        registry = kopf.OperatorRegistry()
        handlers.register(registry, intake, lambda: credentials(self._settings.kubeconfig))
        settings = kopf.OperatorSettings()
        handlers.configure(settings)
        await kopf.operator(
            registry=registry,
            settings=settings,
            standalone=True,
            clusterwide=not self._settings.namespaces,
            namespaces=self._settings.namespaces,
            stop_flag=self._stop,
        )


def _each_release(store: Store, then: Callable[[Key], None]) -> None:
    for body in store.select(RELEASE):
        then((body["metadata"]["namespace"], body["metadata"]["name"]))
