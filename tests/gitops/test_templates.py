"""One commit changes the environment of a workload and the version, and the version is bad.

What a rollback gives back then depends on who owns the environment: the Release, or a file in Git.
"""

from collections.abc import AsyncIterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from tests.fakes.stage import staged
from tests.gitops.layouts import BY_MANAGER, BY_PATH, INLINE, NO_IMAGES
from tests.gitops.shop import BAD, ArgoShop
from tools.gitops.argocd import ArgoCD

from release_coordinator.api.codec import ReleaseObject
from release_coordinator.api.conditions import Phase, Reason

pytestmark = [pytest.mark.api, pytest.mark.gitops]

SECONDS = 3.0
"""Until a pod is ready on the way back: time enough for Argo CD to take part in it."""
AS_FOUND = {"rollback": {"configuration": "AsFound"}}


@pytest.fixture
async def shop(
    request: pytest.FixtureRequest, argo: ArgoCD, gitops_kubeconfig: Path, tmp_path: Path
) -> AsyncIterator[ArgoShop]:
    """The bookshop in the layout of the test, at 1.2.0."""
    make = partial(ArgoShop, argo, request.param)
    async with staged(make, gitops_kubeconfig, tmp_path) as made:
        await made.start()
        commit = made.repository.commit("1.2.0", made.files("1.2.0"))
        await made.follow()
        await made.ended("1.2.0")
        await made.becomes("Healthy", commit)
        yield made


async def taken_back(shop: ArgoShop, **spec: Any) -> tuple[str, ReleaseObject]:
    """Commit the bad version, and break it; return the commit, and what came of it."""
    files = shop.files("1.3.0", level="debug", duration="1m", **spec)
    commit = await shop.push("1.3.0, more logs", files)
    await shop.watched("1.3.0")
    assert shop.levels() == {"debug"}
    shop.kubelet.script.rollout_seconds = SECONDS
    shop.prometheus.script = BAD
    stopped = {Phase.ROLLED_BACK, Phase.ROLLBACK_FAILED, Phase.HELD}
    return commit, await shop.until(lambda one: one.status.phase in stopped)


@pytest.mark.parametrize("shop", [INLINE], indirect=True, ids=str)
async def test_what_the_release_carries_comes_back_whole(shop: ArgoShop) -> None:
    commit, release = await taken_back(shop)

    assert release.status.phase is Phase.ROLLED_BACK, release.status.message
    before = await shop.becomes("Degraded", commit)
    await shop.runs("1.2.0")
    assert shop.levels() == {"info"}
    assert await shop.looked_at() == before


@pytest.mark.parametrize("shop", [NO_IMAGES, BY_PATH, BY_MANAGER], indirect=True, ids=str)
async def test_as_found_a_rollback_leaves_to_git_what_git_owns(shop: ArgoShop) -> None:
    commit, release = await taken_back(shop, **AS_FOUND)

    assert release.status.phase is Phase.ROLLED_BACK, release.status.message
    before = await shop.becomes("Degraded", commit)
    await shop.runs("1.2.0")
    assert shop.levels() == {"debug"}, "the environment of Git, the images of before"
    assert await shop.looked_at() == before


@pytest.mark.parametrize("shop", [NO_IMAGES, BY_PATH], indirect=True, ids=str)
async def test_the_last_good_template_and_git_fight_and_are_held(shop: ArgoShop) -> None:
    _, release = await taken_back(shop)

    assert release.status.phase is Phase.HELD, release.status.message
    assert release.status.attempt is not None
    assert release.status.attempt.hold is not None
    assert release.status.attempt.hold.reason is Reason.CONFLICTING_WRITER
    await shop.argo.until(shop.app, lambda one: one.health == "Degraded")


@pytest.mark.parametrize("shop", [BY_MANAGER], indirect=True, ids=str)
async def test_the_last_good_template_is_ignored_by_manager_for_ever(shop: ArgoShop) -> None:
    commit, release = await taken_back(shop)
    assert release.status.phase is Phase.ROLLED_BACK, release.status.message
    await shop.becomes("Degraded", commit)
    await shop.runs("1.2.0")
    assert shop.levels() == {"info"}

    later = await shop.push("even more logs", shop.files("1.3.0", level="trace", duration="1m"))
    await shop.becomes("Degraded", later)
    assert shop.levels() == {"info"}, "Git says trace, and the Application says Synced"
