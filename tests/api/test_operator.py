"""The operator as a process on a real API server and real controllers: stories and faults.

Only the kubelet and Prometheus are scripted, so every request, watch, precondition and right is
the real one. What a release does in detail is told by `tests/stories`.
"""

import asyncio

import pytest
from tests.fakes.prometheus import vector
from tests.fakes.stage import Stage, at_step
from tools.cluster.clusters import Cluster

from release_coordinator.api.conditions import Phase
from release_coordinator.cluster.port import EVENT, LEASE, RECORD, Ref

pytestmark = pytest.mark.api

STORY = [
    Phase.PREPARING,
    Phase.MIGRATING,
    Phase.ROLLING_OUT,
    Phase.REFRESHING,
    Phase.VERIFYING,
    Phase.WATCHING,
    Phase.COMPLETED,
]
MIGRATION = "migrate/0007-add-isbn"
STEPS = (MIGRATION, "refresh/cache/redis", "verify/smoke/checkout")
KILLS = ("prepare/", "migrate/", "rollout/backend", "refresh/", "watch")
TAKE_OVER_SECONDS = 120.0


async def test_a_release_goes_well_and_the_operator_ends_when_asked(shop: Stage) -> None:
    operator = await shop.start()
    await shop.apply(shop.release())
    release = await shop.ended("1.3.0")

    assert release.status.phase is Phase.COMPLETED, release.status.message
    assert [one for one in shop.phases() if one in STORY] == STORY
    assert len(shop.running("1.3.0")) == 2
    assert [shop.ran(step) for step in STEPS] == [1, 1, 1]
    assert len(await shop.user.list(RECORD, shop.namespace)) == 1
    assert (await operator.get("/healthz"))[0] == 200

    assert await operator.stop(15) == 0
    assert await shop.user.list(EVENT, shop.namespace)
    assert "Traceback" not in operator.log


async def test_a_bad_metric_brings_the_previous_version_back(shop: Stage) -> None:
    await shop.start()
    await shop.apply(shop.release(duration="1m"))
    await shop.until(lambda one: one.status.phase is Phase.WATCHING)
    shop.prometheus.script = vector("9.9")
    release = await shop.ended("1.3.0")

    assert release.status.phase is Phase.ROLLED_BACK, release.status.message
    assert len(shop.running("1.2.0")) == 2
    assert shop.ran(MIGRATION) == shop.ran(f"undo/{MIGRATION}") == 1


async def test_kills_at_any_point_cost_time_only(shop: Stage) -> None:
    operator = await shop.start()
    await shop.apply(shop.release(duration="3s"))
    for point in KILLS:
        await shop.until(at_step(point))
        await operator.kill()
        operator = await shop.start()
    release = await shop.ended("1.3.0")

    assert release.status.phase is Phase.COMPLETED, release.status.message
    assert [shop.ran(step) for step in STEPS] == [1, 1, 1]
    assert len(await shop.user.list(RECORD, shop.namespace)) == 1


async def test_a_restart_of_the_api_server_is_waited_for(
    shop: Stage, own_light_cluster: Cluster
) -> None:
    if own_light_cluster.existing:
        pytest.skip("the API server of a cluster that is not ours is not restarted")
    operator = await shop.start()
    await shop.apply(shop.release())
    await shop.until(at_step("rollout/"))
    await asyncio.to_thread(own_light_cluster.restart_apiserver)
    first = await shop.ended("1.3.0")
    await shop.apply(shop.release("1.4.0"))  # heard of by a watch: the resync is minutes away
    second = await shop.ended("1.4.0")

    assert [one.status.phase for one in (first, second)] == [Phase.COMPLETED] * 2
    assert shop.ran(MIGRATION) == 1, "1.4.0 still lists it, but it is in place"
    assert operator.running


async def test_another_replica_takes_over_from_a_killed_leader(shop: Stage) -> None:
    lease = Ref(LEASE, shop.namespace, "release-coordinator")
    replicas = {
        name: await shop.start(name, LEASE_NAMESPACE=shop.namespace) for name in ("one", "two")
    }
    await shop.apply(shop.release())
    await shop.until(at_step("migrate/"))
    holder = (await shop.user.get(lease))["spec"]["holderIdentity"].partition("_")[0]
    await replicas.pop(holder).kill()
    release = await shop.ended("1.3.0", TAKE_OVER_SECONDS)
    (survivor,) = replicas.values()

    assert release.status.phase is Phase.COMPLETED, release.status.message
    assert [shop.ran(step) for step in STEPS] == [1, 1, 1]
    assert await survivor.stop(15) == 0
    assert not (await shop.user.get(lease))["spec"].get("holderIdentity"), "given back at the end"
