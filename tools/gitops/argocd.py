"""Argo CD on any cluster without a pod: redis, repo-server, application-controller, perhaps server.

Its own end-to-end tests run it so. The custom resource definitions and settings are those of the
module that the program is built from. It manages the whole cluster as the kubeconfig's user, and
there is one at a time on a cluster.
"""

import asyncio
import json
import tempfile
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiohttp
import yaml
from tools.bench.stream import Streams
from tools.cluster import binaries
from tools.cluster.paths import free_ports
from tools.gitops.application import (
    APPLICATION,
    PATIENCE,
    REFRESH,
    Applications,
    Condition,
    State,
    application,
)
from tools.gitops.process import Running, running
from tools.gitops.redis import redis
from tools.gitops.repository import Repository
from tools.lab.kubectl import Kubectl

from release_coordinator.cluster.client import KubernetesCluster
from release_coordinator.cluster.port import CONFIG_MAP, Body, Kind, Ref

NAMESPACE = "argocd"
MANAGER = "argocd-controller"
"""Its name in `metadata.managedFields`."""
_DEFINITIONS = ("application", "appproject", "applicationset")
_PROJECT = {
    "apiVersion": "argoproj.io/v1alpha1",
    "kind": "AppProject",
    "metadata": {"name": "default"},
    "spec": {
        "sourceRepos": ["*"],
        "destinations": [{"server": "*", "namespace": "*"}],
        "clusterResourceWhitelist": [{"group": "*", "kind": "*"}],
    },
}
_POLL = "10s"
"""How often it asks Git without being told to; the tests tell it, as a webhook would."""


@dataclass
class ArgoCD:
    """A running Argo CD."""

    cluster: KubernetesCluster
    applications: Applications
    server: str = ""
    """Address of argocd-server, if it was asked for."""
    parts: list[Running] = field(default_factory=list)

    async def follow(
        self, name: str, repository: Repository, path: str, destination: str, **spec: Any
    ) -> None:
        """Create an Application; `spec` is more of its spec."""
        body = application(name, NAMESPACE, repository.url, path, destination, **spec)
        await self.cluster.create(APPLICATION, body)

    async def refresh(self, name: str, *, hard: bool = False) -> None:
        """Let it look at Git and cluster now, as a webhook does; return when it has.

        A hard one forgets what it has rendered.
        """
        kind = "hard" if hard else "normal"
        patch = {"metadata": {"annotations": {REFRESH: kind}}}
        stored = await self.cluster.patch(Ref(APPLICATION, NAMESPACE, name), patch)
        await self.applications.until_looked(name, int(stored["metadata"]["resourceVersion"]))

    async def until(self, name: str, condition: Condition, seconds: float = PATIENCE) -> State:
        """Return the first state of an Application, from now on, that fulfils a condition."""
        try:
            return await self.applications.until(name, condition, seconds)
        except AssertionError as error:
            ended = [f"{part.name}: {part.tail}" for part in self.parts if not part.alive]
            raise AssertionError("\n".join([str(error), *ended])) from None

    async def change(self, name: str, **spec: Any) -> None:
        """Change the spec of an Application."""
        await self.cluster.patch(Ref(APPLICATION, NAMESPACE, name), {"spec": spec})

    async def forget(self, name: str) -> None:
        """Delete an Application and leave what it deployed."""
        ref = Ref(APPLICATION, NAMESPACE, name)
        uid = (await self.cluster.get(ref))["metadata"]["uid"]
        await self.cluster.delete(ref, uid=uid)
        await self.applications.until_gone(name)

    async def configure(self, settings: Mapping[str, str]) -> None:
        """Set keys of argocd-cm; it takes notice by itself."""
        await self.cluster.patch(Ref(CONFIG_MAP, NAMESPACE, "argocd-cm"), {"data": dict(settings)})

    async def buttons(self, name: str, kind: Kind, namespace: str, resource: str) -> list[Body]:
        """Return the actions that a resource of an Application offers."""
        query = _query(kind, namespace, resource)
        answer = await self._ask("GET", f"{name}/resource/actions", query)
        actions: list[Body] = answer.get("actions", [])
        return actions

    async def press(
        self, name: str, kind: Kind, namespace: str, resource: str, action: str, **values: str
    ) -> None:
        """Run an action of a resource, with parameters, as a click in its pages does."""
        given = [{"name": key, "value": value} for key, value in values.items()]
        what = {"action": action, "resourceActionParameters": given}
        body = {"name": name, **_query(kind, namespace, resource), **what}
        await self._ask("POST", f"{name}/resource/actions/v2", {}, body)

    async def tree(self, name: str) -> list[Body]:
        """Return what an Application consists of, with the health of each and its message."""
        answer = await self._ask("GET", f"{name}/resource-tree", {})
        nodes: list[Body] = answer.get("nodes", [])
        return nodes

    async def _ask(
        self, verb: str, path: str, query: Mapping[str, str], body: Body | None = None
    ) -> Body:
        url = f"{self.server}/api/v1/applications/{path}"
        async with (
            aiohttp.ClientSession() as session,
            session.request(verb, url, params=dict(query), json=body) as answer,
        ):
            text = await answer.text()
            if not answer.ok:
                raise RuntimeError(f"{answer.status}: {text}")
            said: Body = json.loads(text) if text else {}
            return said


def _query(kind: Kind, namespace: str, resource: str) -> dict[str, str]:
    return {
        "namespace": namespace,
        "resourceName": resource,
        "version": kind.version,
        "group": kind.group,
        "kind": kind.kind,
    }


@asynccontextmanager
async def argocd(
    kubeconfig: Path, folder: Path, settings: Mapping[str, str], *, server: bool = False
) -> AsyncIterator[ArgoCD]:
    """Install and run it; `settings` are keys of argocd-cm, `folder` gets the logs.

    argocd-server is for actions alone: without it Argo CD syncs and judges as ever.
    """
    program = await asyncio.to_thread(binaries.path, "argocd")
    await asyncio.to_thread(_install, kubeconfig)
    login = _login(kubeconfig, folder / "kubeconfig")
    async with AsyncExitStack() as stack:
        cluster = await stack.enter_async_context(await KubernetesCluster.connect(kubeconfig))
        streams = await stack.enter_async_context(Streams(kubeconfig))
        made = ArgoCD(cluster.as_manager("kubectl"), Applications())
        await made.configure(settings)
        await streams.open(APPLICATION, NAMESPACE, made.applications.hear)
        # Short, because a socket is made in it.
        scratch = stack.enter_context(tempfile.TemporaryDirectory(prefix="argocd-"))
        environment = _environment(login, Path(scratch))
        address = await stack.enter_async_context(redis(folder))
        commands, made.server = _commands(address, server=server)
        for name, options in commands.items():
            own = {**environment, "ARGOCD_BINARY_NAME": name}
            part = running(name, [program, *options], folder, own)
            made.parts.append(await stack.enter_async_context(part))
        if server:
            await _answers(made)
        yield made


def _commands(cache: str, *, server: bool) -> tuple[dict[str, list[str]], str]:
    """Options of each part, and the address of the server."""
    repository, metrics, judged, http, told = (str(port) for port in free_ports(5))
    peers = [
        "--redis",
        cache,
        "--repo-server",
        f"127.0.0.1:{repository}",
        "--repo-server-plaintext",
    ]
    local = ["--address", "127.0.0.1", "--port", repository, "--disable-tls"]
    measured = ["--metrics-address", "127.0.0.1", "--metrics-port", metrics]
    commands = {
        "argocd-repo-server": [*local, *measured, "--redis", cache],
        "argocd-application-controller": [*peers, "--metrics-port", judged],
    }
    if not server:
        return commands, ""
    open_to_all = ["--insecure", "--disable-auth", "--address", "127.0.0.1", "--port", http]
    commands["argocd-server"] = [*peers, *open_to_all, "--metrics-port", told]
    return commands, f"http://127.0.0.1:{http}"


def _environment(login: Path, scratch: Path) -> dict[str, str]:
    for name in ("tls", "ssh", "tmp"):
        (scratch / name).mkdir()
    return {
        "KUBECONFIG": str(login),
        "TMPDIR": str(scratch / "tmp"),
        "HOSTNAME": "argocd-0",
        # Lets the destination of every Application be the cluster of the kubeconfig.
        "ARGOCD_FAKE_IN_CLUSTER": "true",
        "ARGOCD_GPG_ENABLED": "false",
        "ARGOCD_TLS_DATA_PATH": str(scratch / "tls"),
        "ARGOCD_SSH_DATA_PATH": str(scratch / "ssh"),
        "ARGOCD_RECONCILIATION_TIMEOUT": _POLL,
        "ARGOCD_RECONCILIATION_JITTER": "0",
    }


def _login(kubeconfig: Path, file: Path) -> Path:
    """Write a copy of the kubeconfig from which all parts take their namespace."""
    login: Body = yaml.safe_load(kubeconfig.read_text(encoding="utf-8"))
    for one in login["contexts"]:
        one["context"]["namespace"] = NAMESPACE
    file.parent.mkdir(parents=True, exist_ok=True)
    file.touch(0o600)
    file.write_text(yaml.safe_dump(login), encoding="utf-8")
    return file


def _install(kubeconfig: Path) -> None:
    """Apply definitions, settings and the default project as the module has them."""
    kubectl = Kubectl(kubeconfig)
    manifests = binaries.source(binaries.ARGOCD) / "manifests"
    kubectl.define(*(manifests / "crds" / f"{name}-crd.yaml" for name in _DEFINITIONS))
    namespace = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": NAMESPACE}}
    kubectl.apply(namespace)
    config = sorted((manifests / "base" / "config").glob("argocd-*.yaml"))
    listed = [f"--filename={file}" for file in config]
    apply = ("apply", "--server-side", "--force-conflicts", f"--namespace={NAMESPACE}")
    kubectl.run(*apply, *listed)
    kubectl.apply(_PROJECT, NAMESPACE)


async def _answers(made: ArgoCD) -> None:
    """Return when the server answers."""
    until = asyncio.get_running_loop().time() + PATIENCE
    async with aiohttp.ClientSession() as session:
        while True:
            try:
                async with session.get(f"{made.server}/healthz") as answer:
                    if answer.ok:
                        return
            except aiohttp.ClientError:
                pass
            if asyncio.get_running_loop().time() > until:
                raise TimeoutError("\n".join(part.tail for part in made.parts))
            await asyncio.sleep(0.2)
