"""A real self-heal against a release: without the rule, and with half of it."""

from collections.abc import AsyncIterator
from functools import partial
from pathlib import Path

import pytest
from tests.fakes.stage import staged
from tests.gitops.layouts import BY_PATH, IMAGES, Layout
from tests.gitops.shop import FOLDER, OPERATOR, ArgoShop
from tools.gitops.argocd import MANAGER, ArgoCD

from release_coordinator.api.conditions import Phase, Reason
from release_coordinator.cluster.port import RELEASE, Ref

pytestmark = [pytest.mark.api, pytest.mark.gitops]

NO_RULE = Layout("no-rule")
HALF = Layout(
    "half",
    application={
        "ignoreDifferences": [
            {"group": "apps", "kind": "Deployment", "jqPathExpressions": [IMAGES]},
        ]
    },
)


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


@pytest.mark.parametrize("shop", [NO_RULE], indirect=True, ids=str)
async def test_a_self_heal_without_the_rule_is_held_and_goes_on_with_it(shop: ArgoShop) -> None:
    # Self-heal comes later each time: a short watch would be over before the third.
    await shop.push("1.3.0", shop.files("1.3.0", duration="1m"))

    held = await shop.until(lambda one: one.status.phase is Phase.HELD)
    assert held.status.attempt is not None
    assert held.status.attempt.hold is not None
    assert held.status.attempt.hold.reason is Reason.GITOPS_CONFLICT
    assert "Argo CD" in held.status.message
    assert "ignoreDifferences" in held.status.message
    await shop.argo.until(shop.app, lambda one: one.health == "Degraded")
    written = {who: shop.writers.by(who) for who in (MANAGER, OPERATOR)}
    await shop.looked_at()
    assert {who: shop.writers.by(who) for who in written} == written, "the fight is over"

    await shop.argo.change(shop.app, **BY_PATH.application)
    await shop.argo.refresh(shop.app)
    resume = {f"{RELEASE.group}/resume": held.status.attempt.hold.id}
    ref = Ref(RELEASE, shop.namespace, "bookshop")
    await shop.user.patch(ref, {"metadata": {"annotations": resume}})
    assert (await shop.ended("1.3.0")).status.phase is Phase.COMPLETED
    await shop.argo.until(shop.app, lambda one: one.settled and one.health == "Healthy")
    assert len(shop.running("1.3.0")) == 2


@pytest.mark.parametrize("shop", [HALF], indirect=True, ids=str)
async def test_a_rule_that_is_not_respected_is_told_when_it_has_done_harm(shop: ArgoShop) -> None:
    commit = await shop.push("1.3.0", shop.files("1.3.0"))
    assert (await shop.ended("1.3.0")).status.phase is Phase.COMPLETED
    await shop.becomes("Healthy", commit)
    files = shop.files("1.3.0", level="debug")
    del files[f"{FOLDER}/release.yaml"]

    await shop.push("more logs", files)

    drifted = await shop.until(lambda one: one.status.drift is not None)
    ready = next(one for one in drifted.status.conditions if one.type == "Ready")
    assert (ready.status, ready.reason) == ("False", Reason.GITOPS_CONFLICT)
    assert "RespectIgnoreDifferences" in drifted.status.message
    assert len(shop.running("1.2.0")) == 2, "the image of Git came back, without a gate"
