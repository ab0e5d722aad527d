"""A chart with a Release in it under a real helm-controller."""

from collections.abc import AsyncIterator
from functools import partial
from pathlib import Path

import pytest
from tests.fakes.stage import staged
from tests.gitops import chart
from tests.gitops.layouts import INLINE
from tests.gitops.shop import BAD, GOOD, GitShop
from tools.gitops.flux import HELM, Flux, flux

from release_coordinator.api.conditions import Phase

pytestmark = [pytest.mark.api, pytest.mark.gitops]


@pytest.fixture
async def shop(gitops_kubeconfig: Path, tmp_path: Path) -> AsyncIterator[GitShop]:
    """The bookshop, not brought yet; its operator runs."""
    async with staged(partial(GitShop, INLINE), gitops_kubeconfig, tmp_path) as made:
        await made.start()
        yield made


@pytest.fixture
async def controllers(gitops_kubeconfig: Path, tmp_path: Path) -> AsyncIterator[Flux]:
    """Flux with its controller for charts alone."""
    async with flux(gitops_kubeconfig, tmp_path, [HELM]) as made:
        yield made


async def test_a_helm_release_follows_a_release_through_its_life(
    shop: GitShop, controllers: Flux, tmp_path: Path
) -> None:
    name, folder = shop.namespace, tmp_path / "artifact"

    async def upgrade(version: str) -> None:
        await controllers.helm_release(name, shop.namespace, version=version)

    # A long watch, so that there is time to break the version that is watched.
    chart.write(folder / chart.NAME, shop, duration="8s")
    await controllers.publish(name, folder, "0.1.0")
    await upgrade("1.2.0")
    await controllers.until(name, lambda one: one.reason == "InstallSucceeded")
    assert (await shop.ended("1.2.0")).status.phase is Phase.COMPLETED

    await upgrade("1.3.0")
    await shop.watched("1.3.0")
    shop.prometheus.script = BAD
    failed = await controllers.until(name, lambda one: one.reason == "UpgradeFailed")
    assert failed.status == "False"
    assert (await shop.ended("1.3.0")).status.phase is Phase.ROLLED_BACK
    assert len(shop.running("1.2.0")) == 2

    shop.prometheus.script = GOOD
    await upgrade("1.4.0")
    await controllers.until(name, lambda one: one.reason == "UpgradeSucceeded")
    assert (await shop.ended("1.4.0")).status.phase is Phase.COMPLETED
    assert len(shop.running("1.4.0")) == 2
