"""What keeps the first passes waiting, and what does not."""

import pytest
from tests.fakes.world import NAMESPACE
from tests.releases import bookshop

from release_coordinator.cluster.faults import Unserved
from release_coordinator.cluster.memory import Call, MemoryCluster
from release_coordinator.cluster.port import (
    CHANNEL,
    INCIDENT,
    NOTIFICATION,
    POLICY,
    RECORD,
    RELEASE,
    Kind,
)
from release_coordinator.cluster.store import Store
from release_coordinator.errors import Denied
from release_coordinator.reconcile import Key
from release_coordinator.resync import LogResync, Resync

KEY = (NAMESPACE, "bookshop")
RECORDED = {"release": "bookshop"}
REFUSALS = [Denied("no right"), Unserved("no CRD")]


class World:
    """An API server with a Release, which refuses lists."""

    def __init__(self) -> None:
        self.cluster = MemoryCluster(namespaces=(NAMESPACE, "elsewhere"))
        self.store, self.told, self.listed = Store(), list[Key](), 0

    async def set_up(self) -> None:
        """One Release and its log."""
        metadata = {"name": KEY[1], "namespace": NAMESPACE}
        await self.cluster.create(RELEASE, {**bookshop(), "metadata": metadata})
        await self.cluster.create(RECORD, {"metadata": metadata, "spec": RECORDED})

    def refuse(self, error: Exception, *kinds: Kind, namespace: str | None = None) -> None:
        """From now on."""

        async def before(call: Call) -> None:
            if call.ref.kind in kinds and namespace in {None, call.ref.namespace}:
                raise error

        self.cluster.before = before

    def done(self) -> None:
        """A complete listing."""
        self.listed += 1


@pytest.mark.parametrize("error", REFUSALS)
async def test_no_release_waits_for_a_list_of_what_is_kept_beside_it(error: Exception) -> None:
    world = World()
    await world.set_up()
    world.refuse(error, INCIDENT, NOTIFICATION, CHANNEL, RECORD)

    await Resync(world.cluster, world.store, world.told.append, done=world.done).once()

    assert (world.told, world.listed) == ([KEY], 1)


async def test_without_the_policies_no_release_is_begun() -> None:
    world = World()
    await world.set_up()
    world.refuse(REFUSALS[0], POLICY)

    with pytest.raises(Denied):
        await Resync(world.cluster, world.store, world.told.append, done=world.done).once()

    assert (world.told, world.listed) == ([], 0)


@pytest.mark.parametrize("error", [*REFUSALS, ZeroDivisionError()])
async def test_a_log_that_cannot_be_listed_keeps_no_other_namespace_waiting(
    error: Exception, caplog: pytest.LogCaptureFixture
) -> None:
    world = World()
    await world.set_up()
    world.refuse(error, RECORD, namespace="elsewhere")
    log = LogResync(
        world.cluster, world.store, world.told.append, namespaces=("elsewhere", NAMESPACE)
    )

    assert not await log.once()

    assert world.told == [KEY]
    assert world.store.complete(RECORD, NAMESPACE)
    assert not world.store.complete(RECORD, "elsewhere")
    assert "The release log cannot be listed" in caplog.text
