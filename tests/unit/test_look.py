"""How questions are answered when the API server is in trouble."""

import pytest
from tests.fakes.world import NAMESPACE, World

from release_coordinator.cluster.memory import Call
from release_coordinator.cluster.store import Store
from release_coordinator.engine.observation import WorkloadWant
from release_coordinator.errors import Transient
from release_coordinator.look import Looker


async def test_a_failed_read_is_raised_as_itself_so_that_the_queue_sees_when_to_retry() -> None:
    world = World()

    async def busy(_call: Call) -> None:
        raise Transient("429", retry_after=7.0)

    world.cluster.before = busy
    looker = Looker(world.cluster, Store(), world.metrics, world.prober)

    with pytest.raises(Transient) as caught:
        await looker.look(NAMESPACE, (WorkloadWant("one"), WorkloadWant("other")))

    assert caught.value.retry_after == 7.0
