"""A life under Argo CD on real containers, with the operator from its chart.

Git holds the Release with its workloads in it; the bookshop that runs already is taken over. What
each layout does in detail is told by `tests/gitops`.
"""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml
from manifests.bookshop.install import HERE
from tests import lanes
from tests.gitops.settings import settings
from tools.bench.stream import Streams
from tools.gitops.argocd import MANAGER, ArgoCD, argocd
from tools.gitops.repository import Content, Repository
from tools.gitops.writers import Writers
from tools.lab import bookshop
from tools.lab.kubectl import Body
from tools.lab.lab import Lab

from release_coordinator.cluster.port import CONFIG_MAP, DEPLOYMENT, RELEASE

pytestmark = [pytest.mark.e2e, pytest.mark.gitops]

SHOP = "shop-from-git"
FOLDER = "shop"
OPERATOR = "release-coordinator.io"
WORKLOADS = {"bookshop-backend", "bookshop-frontend"}
QUICK: dict[str, Any] = {"watch": {"duration": "20s", "interval": "4s"}}
PATIENCE = 300.0
CALM = 0.1
LOOKS = 5


@dataclass
class Scene:
    """The bookshop, its repository and who looks after both."""

    lab: Lab
    argo: ArgoCD
    repository: Repository
    writers: Writers

    async def release(self, version: str) -> str:
        """Commit a version, as CI does, and tell Argo CD; return the revision."""
        await asyncio.to_thread(self.lab.wait_measured, SHOP, below=CALM)
        return self.repository.commit(version, files(version))

    async def becomes(self, health: str, revision: str) -> None:
        """Return when the Application is settled at a commit, and so healthy."""
        await self.argo.until(SHOP, lambda one: one.at(revision) and one.health == health, PATIENCE)

    async def ended(self, phase: str) -> Body:
        """Return the Release when it has come to a phase with its present spec."""
        return await asyncio.to_thread(self.lab.wait_phase, SHOP, {phase}, PATIENCE)

    async def runs(self) -> set[str]:
        """Return the images of the components' pods."""
        running = await asyncio.to_thread(self.lab.running_images, SHOP)
        return {image for name in WORKLOADS for image in running[name]}


def files(version: str) -> dict[str, Content | None]:
    """What Git holds: the Release, and what a later wave brings."""
    after = {
        "apiVersion": CONFIG_MAP.api_version,
        "kind": CONFIG_MAP.kind,
        "metadata": {
            "name": "announced",
            "namespace": SHOP,
            "annotations": {"argocd.argoproj.io/sync-wave": "1"},
        },
        "data": {"version": version},
    }
    return {f"{FOLDER}/release.yaml": carrying(version), f"{FOLDER}/announced.yaml": after}


def carrying(version: str) -> Body:
    """Return the Release of a version with the workloads of `k8s` in it."""
    release = bookshop.release(SHOP, version, QUICK)
    release["metadata"]["namespace"] = SHOP
    for component in release["spec"]["components"]:
        name = component.pop("workloadRef")["name"]
        component["workload"] = {"kind": "Deployment", "name": name, **_declared(name)}
    return release


def _declared(name: str) -> Body:
    text = (HERE / "k8s" / f"{name.removeprefix('bookshop-')}.yaml").read_text(encoding="utf-8")
    body = next(one for one in yaml.safe_load_all(text) if one["kind"] == "Deployment")
    for container in body["spec"]["template"]["spec"]["containers"]:
        del container["image"]
    return {"metadata": {"labels": body["metadata"]["labels"]}, "spec": body["spec"]}


@pytest.fixture
async def scene(lab: Lab, tmp_path: Path) -> AsyncIterator[Scene]:
    """The bookshop at 1.2.0, and an Argo CD that follows an empty repository."""
    await asyncio.to_thread(lab.install_bookshop, SHOP)
    await asyncio.to_thread(lab.change_policy, SHOP, signOffs=[])
    writers, kubeconfig = Writers(), lab.cluster.kubeconfig
    async with Streams(kubeconfig) as streams:
        for kind in (RELEASE, DEPLOYMENT):
            await streams.open(kind, SHOP, writers.hear)
        async with argocd(kubeconfig, tmp_path / "argocd", settings()) as argo:
            yield Scene(lab, argo, Repository.create(tmp_path / "git"), writers)
            await argo.forget(SHOP)
    await asyncio.to_thread(lab.remove_bookshop, SHOP)


async def test_argo_cd_and_a_rollback_on_real_containers(
    scene: Scene, request: pytest.FixtureRequest
) -> None:
    good = await scene.release("1.3.0")
    await scene.argo.follow(SHOP, scene.repository, FOLDER, SHOP)
    await scene.ended("Completed")
    await scene.becomes("Healthy", good)
    assert await scene.runs() == {"bookshop-backend:1.3.0", "bookshop-frontend:1.3.0"}

    bad = await scene.release("1.4.0")
    await scene.argo.refresh(SHOP)
    body = await scene.ended("RolledBack")
    failed = await scene.argo.until(SHOP, lambda one: one.health == "Degraded", PATIENCE)
    assert "p95-latency" in body["status"]["message"]
    assert failed.synced == bad
    announced = await asyncio.to_thread(
        scene.lab.kubectl.get, "configmap", "announced", f"--namespace={SHOP}"
    )
    assert announced["data"] == {"version": "1.3.0"}, "the later wave has not come"

    written = scene.writers.by(MANAGER)
    for _ in range(LOOKS):
        await scene.argo.refresh(SHOP, hard=True)
    assert scene.writers.by(MANAGER) == written, "self-heal has nothing to undo"
    assert await scene.runs() == {"bookshop-backend:1.3.0", "bookshop-frontend:1.3.0"}

    reverted = scene.repository.revert()
    await scene.argo.refresh(SHOP)
    await scene.ended("Completed")
    await scene.becomes("Healthy", reverted)
    assert scene.writers.by(MANAGER, kind="Release") == 3, "one write for each commit"
    assert scene.writers.by(MANAGER, kind="Deployment") == 0
    story = [*scene.argo.applications.transcript(SHOP), *scene.writers.lines()]
    lanes.say(request.config, ["GitOps on real containers:", *story])
