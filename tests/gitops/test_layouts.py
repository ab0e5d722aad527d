"""Each layout of docs/gitops/layouts.md under a real Argo CD: one row of its table per test.

The tests of a layout run in this order in one namespace; each begins where the one before ended.
"""

from collections.abc import AsyncIterator
from functools import partial
from pathlib import Path

import pytest
from tests.fakes.stage import staged
from tests.gitops.layouts import LAYOUTS, around
from tests.gitops.shop import BAD, FOLDER, GOOD, OPERATOR, ArgoShop
from tools.gitops.argocd import MANAGER, ArgoCD

from release_coordinator.api.conditions import Phase
from release_coordinator.cluster.port import DEPLOYMENT, Body, Ref

pytestmark = [pytest.mark.api, pytest.mark.gitops]


@pytest.fixture(scope="module", params=LAYOUTS, ids=str)
async def shop(
    request: pytest.FixtureRequest,
    argo: ArgoCD,
    gitops_kubeconfig: Path,
    tmp_path_factory: pytest.TempPathFactory,
) -> AsyncIterator[ArgoShop]:
    """The bookshop in one layout."""
    folder = tmp_path_factory.mktemp("shop")
    make = partial(ArgoShop, argo, request.param)
    async with staged(make, gitops_kubeconfig, folder) as made:
        await made.start()
        yield made


async def test_a_sync_brings_the_application_up(shop: ArgoShop) -> None:
    first = shop.repository.commit("1.2.0", shop.files("1.2.0"))
    await shop.follow()

    assert (await shop.ended("1.2.0")).status.phase is Phase.COMPLETED
    await shop.becomes("Healthy", first)
    assert len(shop.running("1.2.0")) == 2


async def test_a_commit_releases_a_version(shop: ArgoShop) -> None:
    second = await shop.push("1.3.0", shop.files("1.3.0"))

    assert (await shop.ended("1.3.0")).status.phase is Phase.COMPLETED
    await shop.becomes("Healthy", second)
    assert len(shop.running("1.3.0")) == 2


async def test_self_heal_has_nothing_to_do_after_a_release(shop: ArgoShop) -> None:
    written = shop.writers.counts.copy()
    before = shop.argo.applications.said[shop.app][-1]

    assert await shop.looked_at() == before
    assert shop.writers.counts == written


async def test_a_rollback_is_not_undone(shop: ArgoShop) -> None:
    bad = await shop.push("1.4.0", shop.files("1.4.0", duration="1m"))
    await shop.watched("1.4.0")
    shop.prometheus.script = BAD
    ended = await shop.ended("1.4.0")
    shop.prometheus.script = GOOD
    before = await shop.becomes("Degraded", bad)
    written = {who: shop.writers.by(who) for who in (MANAGER, OPERATOR)}

    assert ended.status.phase is Phase.ROLLED_BACK, ended.status.message
    assert await shop.looked_at() == before
    assert {who: shop.writers.by(who) for who in written} == written, "neither side writes"
    assert len(shop.running("1.3.0")) == 2


async def test_the_next_commit_leaves_the_images_alone(shop: ArgoShop) -> None:
    """Whatever it changes in the workloads: this is where an ignored difference alone fails."""
    files = shop.files("1.4.0", level="debug", duration="1m")
    del files[f"{FOLDER}/release.yaml"]
    commit = await shop.push("more logs", files | {f"{FOLDER}/around.yaml": _relabelled(shop)})

    await shop.becomes("Degraded", commit)
    await shop.runs("1.3.0")
    assert shop.levels() == ({"info"} if shop.layout.inline else {"debug"})


async def test_a_further_commit_releases_the_fix(shop: ArgoShop) -> None:
    fixed = await shop.push("1.4.1", shop.files("1.4.1", level="debug"))

    assert (await shop.ended("1.4.1")).status.phase is Phase.COMPLETED
    await shop.becomes("Healthy", fixed)
    assert len(shop.running("1.4.1")) == 2
    assert shop.levels() == {"debug"}


async def test_a_pruned_release_leaves_what_runs(shop: ArgoShop) -> None:
    before = {name: shop.live(name)["metadata"]["uid"] for name in shop.running("1.4.1")}
    assert len(before) == 2
    gone = await shop.push("no release any more", {f"{FOLDER}/release.yaml": None})

    await shop.becomes("Healthy", gone)
    await shop.left()
    for name, uid in before.items():
        live = await shop.user.get(Ref(DEPLOYMENT, shop.namespace, name))
        assert live["metadata"]["uid"] == uid
    assert sorted(shop.running("1.4.1")) == sorted(before)


def _relabelled(shop: ArgoShop) -> list[Body]:
    changelog, policy = around(shop.namespace)
    changelog["metadata"]["labels"]["edition"] = "second"
    return [changelog, policy]
