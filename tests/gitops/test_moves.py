"""From one layout to another under a real Argo CD, as docs/gitops/layouts.md tells it."""

import asyncio
import os
from collections.abc import AsyncIterator
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest
import yaml
from tests.fakes.stage import WORKLOADS, staged
from tests.gitops.layouts import BY_PATH, INLINE, NO_IMAGES, workloads
from tests.gitops.shop import FOLDER, ArgoShop
from tools.cluster import binaries
from tools.gitops.argocd import ArgoCD
from tools.markdown import Page

from release_coordinator.api.conditions import Phase
from release_coordinator.cluster.port import DEPLOYMENT, Ref

pytestmark = [pytest.mark.api, pytest.mark.gitops]

PAGE = Page.read("docs/gitops/layouts.md")
SYNC_OPTIONS = "argocd.argoproj.io/sync-options"
KEPT = replace(BY_PATH, name="kept", annotations={SYNC_OPTIONS: "Prune=false"})
BOTH = {
    **BY_PATH.application,
    "syncPolicy": {
        "automated": {"prune": True, "selfHeal": True},
        "syncOptions": ["RespectIgnoreDifferences=true", "ServerSideApply=true"],
    },
}
NO_RULE = {**NO_IMAGES.application, "ignoreDifferences": []}


@pytest.fixture
async def shop(
    request: pytest.FixtureRequest, argo: ArgoCD, gitops_kubeconfig: Path, tmp_path: Path
) -> AsyncIterator[ArgoShop]:
    """The bookshop in the layout of the test, not brought yet; its operator runs."""
    make = partial(ArgoShop, argo, request.param)
    async with staged(make, gitops_kubeconfig, tmp_path) as made:
        await made.start()
        yield made


async def released(shop: ArgoShop, version: str, *, level: str = "info") -> None:
    """Commit a version in the layout of the moment, and see it through."""
    commit = await shop.push(version, shop.files(version, level=level))
    ended = await shop.ended(version)
    assert ended.status.phase is Phase.COMPLETED, ended.status.message
    await shop.becomes("Healthy", commit)
    assert len(shop.running(version)) == len(WORKLOADS)


async def begun(shop: ArgoShop) -> None:
    """The application is at 1.2.0."""
    first = shop.repository.commit("1.2.0", shop.files("1.2.0"))
    await shop.follow()
    await shop.ended("1.2.0")
    await shop.becomes("Healthy", first)


def uids(shop: ArgoShop) -> dict[str, str]:
    return {name: shop.live(name)["metadata"]["uid"] for name, _ in WORKLOADS}


def recipe(words: str) -> str:
    """The block of the page that has these words."""
    return next(one.text for one in PAGE.blocks if words in one.text)


async def run(shop: ArgoShop, script: str, folder: Path) -> None:
    """Run a block of the page in the namespace of this test."""
    env = os.environ | {
        "KUBECONFIG": str(shop.kubeconfig),
        "PATH": f"{binaries.path('kubectl').parent}:{os.environ['PATH']}",
    }
    process = await asyncio.create_subprocess_exec(
        *("bash", "-euo", "pipefail", "-c", script.replace("-n shop", f"-n {shop.namespace}")),
        cwd=folder,
        env=env,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    output, _ = await process.communicate()
    assert process.returncode == 0, output.decode()


@pytest.mark.parametrize("shop", [BY_PATH], indirect=True, ids=str)
async def test_workloads_move_from_files_into_the_release_without_being_pruned(
    shop: ArgoShop, tmp_path: Path
) -> None:
    await begun(shop)
    before = uids(shop)
    shop.layout = KEPT
    kept = await shop.push("keep the workloads", shop.files("1.2.0"))
    await shop.becomes("Healthy", kept)

    shop.layout = INLINE
    files = shop.files("1.3.0") | {f"{FOLDER}/workloads.yaml": None}
    moved = await shop.push("1.3.0, workloads in the Release", files)
    ended = await shop.ended("1.3.0")
    assert ended.status.phase is Phase.COMPLETED, ended.status.message
    looked = await shop.looked_at()
    assert looked.sync == "OutOfSync", "it still tracks what is not in Git any more"
    assert uids(shop) == before, "none was pruned"

    annotate = recipe("tracking-id-")
    for name, _ in WORKLOADS:
        await run(shop, annotate.replace("bookshop-backend", name), tmp_path)
    await shop.becomes("Healthy", moved)
    await shop.looked_at()
    assert uids(shop) == before
    await released(shop, "1.4.0", level="debug")
    assert shop.levels() == {"debug"}, "they are the Release's now"


@pytest.mark.parametrize("shop", [BY_PATH], indirect=True, ids=str)
async def test_images_are_taken_out_of_git_without_a_restart(shop: ArgoShop) -> None:
    await begun(shop)
    await released(shop, "1.3.0")
    before = uids(shop)

    await shop.argo.change(shop.app, **BOTH)
    shop.layout = replace(NO_IMAGES, application=BOTH)
    without = await shop.push("no images", shop.files("1.3.0"))
    await shop.becomes("Healthy", without)
    assert len(shop.running("1.3.0")) == len(WORKLOADS)
    await released(shop, "1.4.0")

    await shop.argo.change(shop.app, **NO_RULE)
    shop.layout = NO_IMAGES
    await shop.looked_at()
    await released(shop, "1.5.0", level="debug")
    assert shop.levels() == {"debug"}, "Git still brings all but the image"
    assert uids(shop) == before


@pytest.mark.parametrize("shop", [INLINE], indirect=True, ids=str)
async def test_a_workload_without_image_is_created_from_its_file(
    shop: ArgoShop, tmp_path: Path
) -> None:
    """The command of the page makes of the file in Git what Argo CD can go on with."""
    shop.layout = replace(NO_IMAGES, name="by-hand")
    create = recipe("kubectl set image --local")
    bodies = workloads(shop.layout, shop.namespace)
    (tmp_path / "shop").mkdir()
    for (name, container), body in zip(WORKLOADS, bodies, strict=True):
        (tmp_path / "shop" / "backend.yaml").write_text(yaml.safe_dump(body), encoding="utf-8")
        command = create.replace("api=example/api:1.2.0", f"{container}=example/{name}:1.2.0")
        await run(shop, command, tmp_path)
        live = await shop.user.get(Ref(DEPLOYMENT, shop.namespace, name))
        (program,) = live["spec"]["template"]["spec"]["containers"]
        assert (program["name"], program["image"]) == (container, f"example/{name}:1.2.0")

    first = shop.repository.commit("1.2.0", shop.files("1.2.0"))
    await shop.follow()
    assert (await shop.ended("1.2.0")).status.phase is Phase.COMPLETED
    await shop.becomes("Healthy", first)
    await released(shop, "1.3.0", level="debug")
    assert shop.levels() == {"debug"}
