"""Flux on any cluster without a pod: kustomize-controller, and helm-controller if it is asked for.

Where its source-controller would stand, `artifacts` is. Definitions are those of the modules that
the programs are built from.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from tools.bench.stream import Streams
from tools.cluster import binaries
from tools.gitops.artifacts import ARTIFACT, Artifacts, artifacts
from tools.gitops.process import Running, running
from tools.lab.kubectl import Kubectl

from release_coordinator.api.base import format_time
from release_coordinator.cluster.client import KubernetesCluster
from release_coordinator.cluster.port import Body, Kind, Ref

NAMESPACE = "flux-system"
KUSTOMIZATION = Kind("kustomize.toolkit.fluxcd.io", "v1", "kustomizations", "Kustomization")
HELM_RELEASE = Kind("helm.toolkit.fluxcd.io", "v2", "helmreleases", "HelmRelease")
KUSTOMIZE = "kustomize-controller"
HELM = "helm-controller"
_SOURCE = "github.com/fluxcd/source-controller"
_KINDS = {KUSTOMIZE: KUSTOMIZATION, HELM: HELM_RELEASE}
_PATIENCE = 90.0
_OPTIONS = (
    "--watch-all-namespaces",
    "--enable-leader-election=false",
    "--events-addr=",
    "--metrics-addr=0",
    "--health-addr=0",
    "--log-level=info",
)


@dataclass(frozen=True)
class Verdict:
    """What a Kustomization or HelmRelease says of itself: its condition Ready."""

    status: str
    reason: str
    message: str
    applied: str
    """The revision that was applied last and found healthy, or is empty."""
    attempted: str
    """The revision that was applied last."""
    asked: str
    """The last order to look that was obeyed."""

    @classmethod
    def of(cls, body: Body) -> "Verdict":
        """Read its status."""
        status: dict[str, Any] = body.get("status", {})
        conditions = status.get("conditions", [])
        ready: Body = next((one for one in conditions if one["type"] == "Ready"), {})
        return cls(
            ready.get("status", ""),
            ready.get("reason", ""),
            ready.get("message", ""),
            status.get("lastAppliedRevision", ""),
            status.get("lastAttemptedRevision", ""),
            status.get("lastHandledReconcileAt", ""),
        )


@dataclass
class Flux:
    """A running Flux."""

    cluster: KubernetesCluster
    served: Artifacts
    parts: list[Running] = field(default_factory=list)
    _said: dict[str, Verdict] = field(default_factory=dict)
    _news: asyncio.Event = field(default_factory=asyncio.Event)

    def hear(self, event: str, body: Body, _at: float) -> None:
        """Take what a watch tells."""
        if event != "DELETED":
            self._said[body["metadata"]["name"]] = Verdict.of(body)
            self._news.set()

    async def publish(self, name: str, folder: Path, revision: str) -> None:
        """Hand a work tree, or a folder with a chart in it, over as the source-controller does."""
        ref = Ref(ARTIFACT, NAMESPACE, name)
        at = format_time(datetime.now(UTC))
        await self.served.publish(self.cluster, ref, folder, revision, at)

    async def kustomize(self, name: str, path: str, destination: str, **spec: Any) -> None:
        """Create a Kustomization that follows the artifact of its name."""
        body = {
            "metadata": {"name": name, "namespace": NAMESPACE},
            "spec": {
                "interval": "10m",
                "retryInterval": "5s",
                "path": path,
                "prune": True,
                "targetNamespace": destination,
                "sourceRef": {"kind": ARTIFACT.kind, "name": name},
                **spec,
            },
        }
        await self.cluster.create(KUSTOMIZATION, body)

    async def helm_release(self, name: str, destination: str, **values: Any) -> None:
        """Create a HelmRelease of the chart in the artifact of its name, or change its values."""
        if name in self._said:
            await self.cluster.patch(
                Ref(HELM_RELEASE, NAMESPACE, name), {"spec": {"values": values}}
            )
            return
        chart = {"kind": ARTIFACT.kind, "name": name}
        spec = {"interval": "10m", "timeout": "2m", "targetNamespace": destination}
        body = {
            "metadata": {"name": name, "namespace": NAMESPACE},
            "spec": {**spec, "chartRef": chart, "values": values},
        }
        await self.cluster.create(HELM_RELEASE, body)

    async def look(self, name: str) -> None:
        """Let it apply and judge now, whatever it has done before; return when it has."""
        moment = format_time(datetime.now(UTC))
        patch = {"metadata": {"annotations": {"reconcile.fluxcd.io/requestedAt": moment}}}
        await self.cluster.patch(Ref(KUSTOMIZATION, NAMESPACE, name), patch)
        await self.until(name, lambda one: one.asked == moment)

    async def until(
        self, name: str, condition: Callable[[Verdict], bool], seconds: float = _PATIENCE
    ) -> Verdict:
        """Return what it says as soon as that fulfils a condition."""
        until = asyncio.get_running_loop().time() + seconds
        while (said := self._said.get(name)) is None or not condition(said):
            self._news.clear()
            left = until - asyncio.get_running_loop().time()
            try:
                await asyncio.wait_for(self._news.wait(), max(0.0, left))
            except TimeoutError:
                ended = [f"{part.name}: {part.tail}" for part in self.parts if not part.alive]
                words = "\n".join([f"not within {seconds:.0f} s; {name}: {said}", *ended])
                raise AssertionError(words) from None
        return said


@asynccontextmanager
async def flux(
    kubeconfig: Path, folder: Path, controllers: Sequence[str] = (KUSTOMIZE,)
) -> AsyncIterator[Flux]:
    """Install and run it; `folder` gets the logs."""
    programs = await asyncio.to_thread(binaries.paths, list(controllers))
    await asyncio.to_thread(_install, kubeconfig, controllers)
    async with AsyncExitStack() as stack:
        cluster = await stack.enter_async_context(await KubernetesCluster.connect(kubeconfig))
        streams = await stack.enter_async_context(Streams(kubeconfig))
        served = await stack.enter_async_context(artifacts())
        made = Flux(cluster.as_manager("source-controller"), served)
        environment = {"KUBECONFIG": str(kubeconfig), "RUNTIME_NAMESPACE": NAMESPACE}
        for name, program in programs.items():
            await streams.open(_KINDS[name], NAMESPACE, made.hear)
            command = (program, *_OPTIONS, "--feature-gates=ExternalArtifact=true")
            part = running(name, command, folder, environment)
            made.parts.append(await stack.enter_async_context(part))
        yield made


def _install(kubeconfig: Path, controllers: Sequence[str]) -> None:
    """Apply the definitions of the controllers and of all sources, which they watch."""
    kubectl = Kubectl(kubeconfig)
    modules = [_SOURCE, *(f"github.com/fluxcd/{name}" for name in controllers)]
    folders = [binaries.source(binaries.FLUX, one) / "config" / "crd" / "bases" for one in modules]
    kubectl.define(*(file for folder in folders for file in sorted(folder.glob("*.yaml"))))
    kubectl.apply({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": NAMESPACE}})
