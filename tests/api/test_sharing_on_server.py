"""Two Releases that share a workload, on a real API server: Leases, watches, preconditions."""

import pytest
from tests.fakes.stage import Stage, at_step

from release_coordinator.api.conditions import Phase
from release_coordinator.cluster.port import LEASE, RELEASE

pytestmark = pytest.mark.api


async def test_the_second_waits_for_the_lock_and_goes_when_it_is_given_back(shop: Stage) -> None:
    operator = await shop.start()
    await shop.apply(shop.release("1.3.0", duration="10s"))
    await shop.until(at_step("rollout/"))
    second = shop.release("1.4.0")
    second["metadata"]["name"] = "admin"
    for field in ("migrations", "caches", "verify", "watch"):
        second["spec"].pop(field)
    await shop.user.create(RELEASE, second)

    waits = await shop.until(lambda one: one.name == "admin" and "has held" in one.status.message)
    assert "Release bookshop, attempt 1, has held Deployment bookshop-" in waits.status.message
    locks = await shop.user.list(LEASE, shop.namespace)
    assert {lease["spec"]["holderIdentity"] for lease in locks} == {"bookshop/1"}

    await shop.until(lambda one: one.name == "admin" and one.status.phase is Phase.COMPLETED)
    assert len(shop.running("1.4.0")) == 2
    assert await shop.user.list(LEASE, shop.namespace) == []
    assert "Traceback" not in operator.log
