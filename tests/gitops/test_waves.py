"""Sync waves: what comes after a Release waits until it is completed, also while people decide."""

import pytest
from tests.gitops.layouts import manifest
from tests.gitops.shop import BAD, FOLDER, GOOD, ArgoShop
from tools.gitops.application import State
from tools.lab.kubectl import Body

from release_coordinator.api.conditions import Phase
from release_coordinator.cluster.port import CONFIG_MAP, Ref
from release_coordinator.errors import NotFound

pytestmark = [pytest.mark.api, pytest.mark.gitops]

WAVE = "argocd.argoproj.io/sync-wave"
AFTER = "after-the-release"
NO_RETRIES = {"automated": {"prune": True, "selfHeal": True}, "retry": {"limit": 0}}


def after(shop: ArgoShop, said: str) -> Body:
    """What a later wave brings."""
    metadata = {"name": AFTER, "annotations": {WAVE: "1"}}
    return manifest(CONFIG_MAP, {"metadata": metadata, "data": {"said": said}}, shop.namespace)


async def brought(shop: ArgoShop) -> str:
    """What the later wave has brought last."""
    found = await shop.user.get(Ref(CONFIG_MAP, shop.namespace, AFTER))
    return str(found["data"]["said"])


def is_waiting(state: State) -> bool:
    return state.operation == "Running" and "waiting for healthy state of" in state.message


async def test_a_later_wave_waits_for_approval_rollout_and_watch(shop: ArgoShop) -> None:
    shop.policy_spec = {"signOffs": [{"role": "qa"}]}
    files = shop.files("1.2.0") | {f"{FOLDER}/after.yaml": after(shop, "1.2.0")}
    first = shop.repository.commit("1.2.0", files)
    await shop.follow()

    waiting = await shop.argo.until(shop.app, is_waiting)
    await shop.asked("qa")
    with pytest.raises(NotFound):
        await shop.user.get(Ref(CONFIG_MAP, shop.namespace, AFTER))
    assert waiting.revision == first
    await shop.sign("qa")

    assert (await shop.ended("1.2.0")).status.phase is Phase.COMPLETED
    await shop.becomes("Healthy", first)
    assert await brought(shop) == "1.2.0"


async def test_a_rolled_back_release_ends_the_sync_before_the_next_wave(shop: ArgoShop) -> None:
    """Without retries of the sync: they would be of the bad commit, and no other one is taken."""
    files = shop.files("1.2.0") | {f"{FOLDER}/after.yaml": after(shop, "1.2.0")}
    first = shop.repository.commit("1.2.0", files)
    await shop.follow(syncPolicy=NO_RETRIES)
    await shop.becomes("Healthy", first)
    files = shop.files("1.3.0", duration="1m") | {f"{FOLDER}/after.yaml": after(shop, "1.3.0")}
    bad = await shop.push("1.3.0", files)
    await shop.watched("1.3.0")
    shop.prometheus.script = BAD

    failed = await shop.argo.until(
        shop.app, lambda one: one.operation == "Failed" and one.synced == bad
    )
    await shop.argo.until(shop.app, lambda one: one.health == "Degraded")
    assert "unsuccessfully" in failed.message
    assert await brought(shop) == "1.2.0", "the later wave never came"

    shop.prometheus.script = GOOD
    files = shop.files("1.4.0") | {f"{FOLDER}/after.yaml": after(shop, "1.4.0")}
    fixed = await shop.push("1.4.0", files)
    await shop.becomes("Healthy", fixed)
    assert await brought(shop) == "1.4.0"
