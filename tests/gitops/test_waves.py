"""Sync waves: what comes after a Release waits until it is completed, also while people decide."""

import pytest
from tests.gitops.layouts import manifest
from tests.gitops.shop import BAD, FOLDER, ArgoShop
from tools.gitops.application import State
from tools.lab.kubectl import Body

from release_coordinator.api.conditions import Phase
from release_coordinator.cluster.port import CONFIG_MAP, Ref
from release_coordinator.errors import NotFound

pytestmark = [pytest.mark.api, pytest.mark.gitops]

WAVE = "argocd.argoproj.io/sync-wave"
AFTER = "after-the-release"


def after(shop: ArgoShop, said: str) -> Body:
    """What a later wave brings."""
    metadata = {"name": AFTER, "annotations": {WAVE: "1"}}
    return manifest(CONFIG_MAP, {"metadata": metadata, "data": {"said": said}}, shop.namespace)


def is_waiting(state: State) -> bool:
    return state.operation == "Running" and "waiting for healthy state of" in state.message


async def test_a_later_wave_waits_for_approval_rollout_and_watch(shop: ArgoShop) -> None:
    shop.policy_spec = {"signOffs": [{"role": "qa"}]}
    files = shop.files("1.2.0") | {f"{FOLDER}/after.yaml": after(shop, "1.2.0")}
    first = shop.repository.commit("1.2.0", files)
    await shop.follow()

    waiting = await shop.argo.until(shop.app, is_waiting)
    await shop.until(lambda one: "qa" in one.status.message)
    with pytest.raises(NotFound):
        await shop.user.get(Ref(CONFIG_MAP, shop.namespace, AFTER))
    assert "Release/bookshop" in waiting.message
    await shop.sign("qa")

    assert (await shop.ended("1.2.0")).status.phase is Phase.COMPLETED
    await shop.becomes("Healthy", first)
    found = await shop.user.get(Ref(CONFIG_MAP, shop.namespace, AFTER))
    assert found["data"] == {"said": "1.2.0"}


async def test_a_rolled_back_release_ends_the_sync_before_the_next_wave(shop: ArgoShop) -> None:
    files = shop.files("1.2.0") | {f"{FOLDER}/after.yaml": after(shop, "1.2.0")}
    first = shop.repository.commit("1.2.0", files)
    await shop.follow()
    await shop.becomes("Healthy", first)
    files = shop.files("1.3.0", duration="1m") | {f"{FOLDER}/after.yaml": after(shop, "1.3.0")}
    bad = await shop.push("1.3.0", files)
    await shop.watched("1.3.0")
    shop.prometheus.script = BAD

    failed = await shop.argo.until(
        shop.app, lambda one: one.operation == "Failed" and one.synced == bad
    )

    assert failed.health == "Degraded"
    found = await shop.user.get(Ref(CONFIG_MAP, shop.namespace, AFTER))
    assert found["data"] == {"said": "1.2.0"}, "the later wave never came"
