"""A whole life under a real Argo CD, self-heal and pruning on: Git holds the Release alone.

The sample that runs with all other tests; `test_layouts` has the same for every layout, in parts.
"""

import pytest
from tests import lanes
from tests.gitops.shop import BAD, GOOD, OPERATOR, ArgoShop
from tools.gitops.argocd import MANAGER

from release_coordinator.api.conditions import Phase

pytestmark = [pytest.mark.api, pytest.mark.gitops]

RELEASED = ["Progressing", "Healthy"]
"""Healths of the Application while a version is released."""


async def test_argo_cd_follows_a_release_through_its_whole_life(
    shop: ArgoShop, request: pytest.FixtureRequest
) -> None:
    first = shop.repository.commit("1.2.0", shop.files("1.2.0"))
    await shop.follow()
    assert (await shop.ended("1.2.0")).status.phase is Phase.COMPLETED
    await shop.becomes("Healthy", first)

    second = await shop.push("1.3.0", shop.files("1.3.0"))
    assert (await shop.ended("1.3.0")).status.phase is Phase.COMPLETED
    await shop.becomes("Healthy", second)
    assert shop.healths[-4:] == RELEASED * 2, "not once Healthy before it is released"

    bad = await shop.push("1.4.0", shop.files("1.4.0", duration="1m"))
    await shop.watched("1.4.0")
    shop.prometheus.script = BAD
    rolled_back = await shop.ended("1.4.0")
    degraded = await shop.becomes("Degraded", bad)
    assert rolled_back.status.phase is Phase.ROLLED_BACK, rolled_back.status.message

    written = shop.writers.counts.copy()
    healed = await shop.looked_at()
    assert healed == degraded, "Argo CD has done nothing about it"
    assert shop.writers.counts == written, "neither side has written anything"
    assert len(shop.running("1.3.0")) == 2

    shop.prometheus.script = GOOD
    fixed = await shop.push("1.4.1", shop.files("1.4.1"))
    assert (await shop.ended("1.4.1")).status.phase is Phase.COMPLETED
    state = await shop.becomes("Healthy", fixed)
    assert shop.healths[-4:] == ["Progressing", "Degraded", *RELEASED]
    assert state.syncs == len((first, second, bad, fixed)), "one sync for each commit"
    assert shop.writers.by(MANAGER, kind="Release") == 4, "one write for each commit"
    assert shop.writers.by(MANAGER, kind="Deployment") == 0
    assert shop.writers.by(OPERATOR, kind="Deployment") > 0
    story = [*shop.argo.applications.transcript(shop.app), *shop.writers.lines()]
    lanes.say(request.config, ["GitOps, a whole life, and changes by writer:", *story])
