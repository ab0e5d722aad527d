"""Strategy BlueGreen on a real API server with the real Deployment controller.

What the double plays is the real thing here: hashes of pod templates, overlapping selectors of two
Deployments, ReplicaSets that are collected, the operator's rights.
"""

import pytest
from tests.fakes.prometheus import vector
from tests.fakes.stage import Stage, at_step
from tests.fakes.switching import BACKEND, blue_green
from tests.releases import Body

from release_coordinator.api.conditions import Phase
from release_coordinator.api.strategy import BLUE_GREEN_LIMIT
from release_coordinator.cluster.port import DEPLOYMENT, POD, SERVICE, Ref
from release_coordinator.engine import names
from release_coordinator.errors import Invalid

pytestmark = pytest.mark.api

SELECTOR = {"app": BACKEND}


async def add_service(shop: Stage) -> None:
    body = {
        "metadata": {"name": BACKEND, "namespace": shop.namespace},
        "spec": {"selector": SELECTOR, "ports": [{"port": 80}]},
    }
    await shop.user.create(SERVICE, body)


async def selector(shop: Stage) -> Body:
    body = await shop.user.get(Ref(SERVICE, shop.namespace, BACKEND))
    found: Body = body["spec"]["selector"]
    return found


async def behind(shop: Stage) -> set[str]:
    """Versions of the pods that the Service finds."""
    pods = await shop.user.list(POD, shop.namespace, await selector(shop))
    return {pod["spec"]["containers"][0]["image"].rpartition(":")[2] for pod in pods}


async def backends(shop: Stage) -> list[str]:
    found = await shop.user.list(DEPLOYMENT, shop.namespace)
    return [b["metadata"]["name"] for b in found if b["metadata"]["name"].startswith(BACKEND)]


async def test_a_good_version_takes_the_place_of_the_one_it_ran_beside(shop: Stage) -> None:
    await add_service(shop)
    operator = await shop.start()
    await shop.apply(blue_green(shop.release(duration="5s")))

    await shop.until(at_step("watch"))
    assert await behind(shop) == {"1.3.0"}
    assert names.LABEL_SLOT in await selector(shop)
    assert len(await backends(shop)) == 2

    release = await shop.ended("1.3.0")
    assert release.status.phase is Phase.COMPLETED, release.status.message
    assert await selector(shop) == SELECTOR
    assert await backends(shop) == [BACKEND]
    assert await behind(shop) == {"1.3.0"}
    assert "Traceback" not in operator.log


async def test_a_bad_metric_switches_back_to_pods_that_never_stopped(shop: Stage) -> None:
    await add_service(shop)
    before = {pod["metadata"]["uid"] for pod in await shop.user.list(POD, shop.namespace, SELECTOR)}
    await shop.start()
    await shop.apply(blue_green(shop.release(duration="1m")))
    await shop.until(at_step("watch"))
    shop.prometheus.script = vector("9.9")

    release = await shop.ended("1.3.0")

    assert release.status.phase is Phase.ROLLED_BACK, release.status.message
    assert await selector(shop) == SELECTOR
    assert await backends(shop) == [BACKEND]
    after = {pod["metadata"]["uid"] for pod in await shop.user.list(POD, shop.namespace, SELECTOR)}
    assert after == before


async def test_kills_while_traffic_moves_cost_time_only(shop: Stage) -> None:
    await add_service(shop)
    operator = await shop.start()
    await shop.apply(blue_green(shop.release(duration="3s")))
    for point in ("traffic/pin/", "rollout/backend", "traffic/switch/", "promote/", "retire/"):
        await shop.until(at_step(point))
        await operator.kill()
        operator = await shop.start()

    release = await shop.ended("1.3.0")

    assert release.status.phase is Phase.COMPLETED, release.status.message
    assert await selector(shop) == SELECTOR
    assert await backends(shop) == [BACKEND]


@pytest.mark.parametrize(
    ("component", "words"),
    [
        ({"strategy": {"type": "BlueGreen"}}, "name it in strategy.service"),
        ({"strategy": {"type": "Rolling", "service": "shop"}}, "only BlueGreen switches"),
        (
            {
                "strategy": {"type": "BlueGreen", "service": "shop"},
                "workloadRef": {"kind": "StatefulSet", "name": BACKEND},
            },
            "needs workloadRef of kind Deployment",
        ),
    ],
)
async def test_a_strategy_that_cannot_be_is_refused_with_what_to_write(
    shop: Stage, component: Body, words: str
) -> None:
    body = shop.release()
    body["spec"]["components"][0] |= component

    with pytest.raises(Invalid, match=words):
        await shop.apply(body)


async def test_more_components_than_the_journal_has_room_for_are_refused(shop: Stage) -> None:
    body = blue_green(shop.release())
    (one, _) = body["spec"]["components"]
    body["spec"]["components"] = [
        {**one, "name": f"c{index}", "workloadRef": {"kind": "Deployment", "name": f"c{index}"}}
        for index in range(BLUE_GREEN_LIMIT + 1)
    ]

    with pytest.raises(Invalid, match="at most 3 components can be BlueGreen"):
        await shop.apply(body)
