"""What all plans of a campaign share: the API server, the watches on it, and where operators start.

Plans run side by side, each at a `Site` with a Prometheus of its own, in a namespace of its own.
"""

import asyncio
import secrets
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from tests.campaigns_api.chronicle import Chronicle
from tests.fakes.prometheus import ScriptedPrometheus, scripted_prometheus
from tests.fakes.stage import healthy_endpoint
from tests.proxy.nursery import Nursery
from tests.proxy.upstream import Upstream, upstream
from tools.bench.stream import Streams

from release_coordinator.cluster.client import KubernetesCluster
from release_coordinator.cluster.port import METRIC_SOURCE, Ref


@dataclass(frozen=True)
class Site:
    """A place for one plan at a time."""

    source: str
    """Name of its MetricSource."""
    prometheus: ScriptedPrometheus


@dataclass
class Ground:
    """The shared parts."""

    cluster: KubernetesCluster
    upstream: Upstream
    chronicle: Chronicle
    nursery: Nursery
    folder: Path
    """Logs and kubeconfigs of the operators."""
    health_port: int
    sites: asyncio.Queue[Site]
    """The free ones."""


@asynccontextmanager
async def ground(kubeconfig: Path, folder: Path, sites: int) -> AsyncIterator[Ground]:
    """Prepare an API server that knows our definitions for so many plans at once."""
    async with AsyncExitStack() as stack:
        nursery = await stack.enter_async_context(Nursery())
        cluster = await stack.enter_async_context(await KubernetesCluster.connect(kubeconfig))
        streams = await stack.enter_async_context(Streams(kubeconfig))
        made = Ground(
            cluster,
            await stack.enter_async_context(upstream(kubeconfig)),
            Chronicle(),
            nursery,
            folder,
            await stack.enter_async_context(healthy_endpoint()),
            asyncio.Queue(),
        )
        await made.chronicle.begin(streams)
        for _ in range(sites):
            made.sites.put_nowait(await stack.enter_async_context(_site(cluster)))
        yield made


@asynccontextmanager
async def with_product(made: Ground, package_root: Path) -> AsyncIterator[Ground]:
    """The same ground, on which operators of another copy of the product are started."""
    async with Nursery(package_root) as nursery:
        yield replace(made, nursery=nursery, folder=package_root)


@asynccontextmanager
async def _site(cluster: KubernetesCluster) -> AsyncIterator[Site]:
    async with scripted_prometheus() as prometheus:
        name = f"campaign-{secrets.token_hex(4)}"
        body = {"metadata": {"name": name}, "spec": {"url": prometheus.url}}
        uid = (await cluster.create(METRIC_SOURCE, body))["metadata"]["uid"]
        try:
            yield Site(name, prometheus)
        finally:
            await cluster.delete(Ref(METRIC_SOURCE, None, name), uid=uid)
