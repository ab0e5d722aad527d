"""What Argo CD's pages say while gates wait for people, as shipped and as a team may change it."""

from collections.abc import AsyncIterator

import pytest
from tests.gitops.settings import settings
from tests.gitops.shop import ArgoShop

from release_coordinator.api.conditions import Phase

pytestmark = [pytest.mark.api, pytest.mark.gitops]


@pytest.fixture(params=["Suspended", "Progressing"])
async def waiting(request: pytest.FixtureRequest, shop: ArgoShop) -> AsyncIterator[str]:
    """What the script says while gates wait; the others want it as it is shipped."""
    await shop.argo.configure(settings(waiting=request.param))
    yield request.param
    await shop.argo.configure(settings())


async def test_a_release_that_waits_for_a_signature_says_so(shop: ArgoShop, waiting: str) -> None:
    shop.policy_spec = {"signOffs": [{"role": "qa"}]}
    commit = shop.repository.commit("1.2.0", shop.files("1.2.0"))
    await shop.follow()
    await shop.asked("qa")

    await shop.looked_at()
    await shop.becomes(waiting, commit)
    nodes = await shop.argo.tree(shop.app)
    (release,) = (node for node in nodes if node["kind"] == "Release")
    assert release["health"]["status"] == waiting
    assert "qa" in release["health"]["message"]
    assert "kubectl release explain" in release["health"]["message"] or waiting == "Progressing"

    await shop.sign("qa")
    assert (await shop.ended("1.2.0")).status.phase is Phase.COMPLETED
    await shop.becomes("Healthy", commit)
