"""What a benchmark stands on: a light cluster with fake nodes, a fake Prometheus, the operator.

The operator runs as the account, and with the rights, that `manifests/install.yaml` gives it.
"""

import secrets
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import yaml
from tools import admission
from tools.bench import app, tuning
from tools.bench.audit import Audit
from tools.bench.process import OperatorProcess
from tools.bench.prometheus import FakePrometheus, fake_prometheus
from tools.bench.stream import Streams
from tools.bench.timeline import Timeline
from tools.cluster.clusters import Cluster
from tools.lab.kubectl import Body, Kubectl

from release_coordinator.cluster.client import KubernetesCluster
from release_coordinator.cluster.port import (
    APPROVAL,
    CONFIG_MAP,
    DEPLOYMENT,
    JOB,
    METRIC_SOURCE,
    POLICY,
    RELEASE,
    Kind,
    Ref,
)
from release_coordinator.errors import AlreadyExists

ROOT = Path(__file__).resolve().parents[2]
ACCOUNT = "release-coordinator"
USER = f"system:serviceaccount:{ACCOUNT}:{ACCOUNT}"
ADMINISTRATOR = "admin"
"""User name in the certificate of a light cluster's kubeconfig."""
RIGHTS = {"ClusterRole", "ClusterRoleBinding", "Role", "RoleBinding", "ServiceAccount"}
NAMESPACE = Kind("", "v1", "namespaces", "Namespace", namespaced=False)


def install_definitions(kubeconfig: Path) -> None:
    """Apply our definitions and admission policies; return when they have effect."""
    kubectl = Kubectl(kubeconfig)
    kubectl.define(*sorted((ROOT / "crds").glob("*.yaml")))
    admission.install(kubeconfig)


def account(kubeconfig: Path, rights: Sequence[Body], namespace: str, file: Path) -> Path:
    """Give the operator's account these rights; write a kubeconfig with its token."""
    kubectl = Kubectl(kubeconfig)
    for one in rights:
        kubectl.apply(one, None if one["kind"].startswith("Cluster") else namespace)
    token = kubectl.run("create", "token", ACCOUNT, f"--namespace={namespace}").strip()
    login: Body = yaml.safe_load(kubeconfig.read_text(encoding="utf-8"))
    for user in login["users"]:
        user["user"] = {"token": token}
    file.touch(0o600)
    file.write_text(yaml.safe_dump(login), encoding="utf-8")
    return file


@dataclass
class Ground:
    """One namespace with everything in it, and the instruments."""

    kubeconfig: Path
    folder: Path
    user: KubernetesCluster
    audit: Audit
    prometheus: FakePrometheus
    namespace: str
    timeline: Timeline = field(default_factory=Timeline)
    operators: list[OperatorProcess] = field(default_factory=list)

    async def operator(self) -> OperatorProcess:
        """Start the operator; the one before is ended."""
        for old in self.operators:
            await old.kill()
        log = self.folder / "operator.log"
        own = {"NAMESPACES": self.namespace}  # what an earlier run left costs nothing
        started = await OperatorProcess.start(self.kubeconfig, log, own)
        self.operators.append(started)
        return started

    async def deploy(self, names: Sequence[str], shape: app.Shape) -> None:
        """Bring applications up in their first version."""
        workloads = []
        for name in names:
            for component in app.COMPONENTS[shape]:
                body = app.deployment(name, component, self.namespace)
                workloads.append(body["metadata"]["name"])
                await self.user.create(DEPLOYMENT, body)
        first = app.version(app.FIRST)
        await self.timeline.until(
            lambda: all(self.timeline.rolled_out(one, first) for one in workloads),
            "the first versions run",
        )

    async def apply(self, body: Body) -> None:
        """Create a Release, or give it another spec."""
        name = body["metadata"]["name"]
        try:
            await self.user.create(RELEASE, body)
        except AlreadyExists:
            await self.user.patch(Ref(RELEASE, self.namespace, name), {"spec": body["spec"]})

    async def sign(self, name: str, role: str) -> None:
        """Sign the present plan of a Release."""
        release = self.timeline.releases[name]
        spec = {
            "release": name,
            "releaseUid": release.uid,
            "digest": release.status.digest,
            "role": role,
            "decision": "Approved",
            "by": ADMINISTRATOR,
        }
        metadata = {"generateName": f"{name}-{role}-", "namespace": self.namespace}
        await self.user.create(APPROVAL, {"metadata": metadata, "spec": spec})

    async def ended(self, name: str, minor: int) -> None:
        """Return when the attempt for a version is over and recorded."""
        key = (name, app.version(minor))
        await self.timeline.until(lambda: key in self.timeline.ended, f"{name} {key[1]} ended")


@asynccontextmanager
async def ground(cluster: Cluster) -> AsyncIterator[Ground]:
    """Prepare a cluster, and end the operator with it."""
    audit = Audit.of(cluster, USER)
    tuning.unthrottle(cluster)
    install_definitions(cluster.kubeconfig)  # an API server that has just started has to learn them
    async with AsyncExitStack() as stack:
        admin = await stack.enter_async_context(await KubernetesCluster.connect(cluster.kubeconfig))
        user = admin.as_manager("kubectl")
        for name in (ACCOUNT, made := f"bench-{secrets.token_hex(4)}"):
            await _ensure(user, NAMESPACE, {"metadata": {"name": name}})
        install = (ROOT / "manifests" / "install.yaml").read_text(encoding="utf-8")
        rights = [one for one in yaml.safe_load_all(install) if one and one["kind"] in RIGHTS]
        login = account(cluster.kubeconfig, rights, ACCOUNT, cluster.folder / "operator.kubeconfig")
        prometheus = await stack.enter_async_context(fake_prometheus())
        source = {"metadata": {"name": "default"}, "spec": {"url": prometheus.url}}
        await _ensure(user, METRIC_SOURCE, source)
        await user.patch(Ref(METRIC_SOURCE, None, "default"), {"spec": source["spec"]})
        await user.create(CONFIG_MAP, app.changelog(made))
        await user.create(POLICY, app.policy(made))
        base = Ground(login, cluster.folder, user, audit, prometheus, made)
        streams = await stack.enter_async_context(Streams(cluster.kubeconfig))
        for kind, hear in (
            (JOB, base.timeline.job),
            (DEPLOYMENT, base.timeline.deployment),
            (RELEASE, base.timeline.release),
            (APPROVAL, base.timeline.approval),
        ):
            await streams.open(kind, made, hear)
        try:
            yield base
        finally:
            for operator in base.operators:
                await operator.kill()


async def _ensure(user: KubernetesCluster, kind: Kind, body: Body) -> None:
    try:
        await user.create(kind, body)
    except AlreadyExists:
        return
