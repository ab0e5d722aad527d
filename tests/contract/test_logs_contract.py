"""What `cluster.port` promises of logs, as far as a cluster without kubelets can show it."""

from dataclasses import replace

import pytest
from tests.contract.conftest import World
from tests.fakes.world import DAWN

from release_coordinator.cluster.port import POD, LogRequest
from release_coordinator.errors import Invalid, NotFound, ReleaseCoordinatorError

CONTAINERS = {"spec": {"containers": [{"name": "api", "image": "example/api:1"}]}}
REQUEST = LogRequest("api", DAWN, limit=65536, timeout=5.0)


async def test_the_log_of_a_missing_pod_is_not_found(world: World) -> None:
    with pytest.raises(NotFound):
        await world.us.logs(world.ref(POD), REQUEST)


async def test_the_log_of_a_pod_without_a_node_is_empty(world: World) -> None:
    ref = world.ref(POD)
    await world.us.create(POD, world.body(ref, CONTAINERS))
    assert await world.us.logs(ref, REQUEST) == b""


async def test_a_container_that_the_pod_does_not_have_has_no_log(world: World) -> None:
    ref = world.ref(POD)
    await world.us.create(POD, world.body(ref, CONTAINERS))
    with pytest.raises(Invalid, match="container web is not valid for pod"):
        await world.us.logs(ref, replace(REQUEST, container="web"))


async def test_a_pod_by_a_name_that_addresses_something_else_is_refused(world: World) -> None:
    ref = world.ref(POD)
    with pytest.raises(Invalid):
        await world.us.logs(type(ref)(POD, ref.namespace, ".."), REQUEST)


@pytest.mark.api
async def test_a_node_that_does_not_answer_is_an_error_that_passes(real_world: World) -> None:
    ref = real_world.ref(POD)
    spec = {**CONTAINERS["spec"], "nodeName": "nowhere"}
    await real_world.us.create(POD, real_world.body(ref, {"spec": spec}))
    with pytest.raises(ReleaseCoordinatorError):
        await real_world.us.logs(ref, REQUEST)
