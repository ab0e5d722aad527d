"""What is kept beside releases is watched kind by kind, whatever is wrong with the others."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from tests.fakes.collections import MemoryCollections
from tests.fakes.outbox import channel
from tests.fakes.world import DAWN, NAMESPACE
from tests.releases import bookshop

from release_coordinator.clock import VirtualClock
from release_coordinator.cluster.follow import NotServed
from release_coordinator.cluster.informer import PAUSES
from release_coordinator.cluster.memory import MemoryCluster
from release_coordinator.cluster.port import CHANNEL, INCIDENT, NOTIFICATION, RELEASE, Kind, Ref
from release_coordinator.cluster.store import Store
from release_coordinator.controllers.port import Key
from release_coordinator.controllers.watching import NOBODY, PATIENCE, Watching
from release_coordinator.errors import Denied, Transient

KEY = (NAMESPACE, "bookshop")
REFUSALS = {
    "the role": Denied('incidents is forbidden: cannot list resource "incidents"'),
    "kubectl apply -f crds/": NotServed("incidents is not served"),
}


class World:
    """An API server, and somebody who hears of what is kept beside releases."""

    def __init__(self, *namespaces: str) -> None:
        self.cluster = MemoryCluster(namespaces=(NAMESPACE, "elsewhere"))
        self.collections = MemoryCollections(self.cluster)
        self.store, self.clock, self.told = Store(), VirtualClock(), list[Key]()
        self.watching = Watching(
            self.collections,
            self.store,
            self.told.append,
            clock=self.clock,
            now=lambda: DAWN,
            namespaces=namespaces,
        )

    async def create(self, kind: Kind, name: str, spec: Any = None, space: str = NAMESPACE) -> Ref:
        """Somebody writes an object about the bookshop."""
        metadata = {"name": name} | ({"namespace": space} if kind.namespaced else {})
        await self.cluster.create(kind, {"metadata": metadata, "spec": spec or {"release": KEY[1]}})
        await self.clock.settle()
        return Ref(kind, metadata.get("namespace"), name)

    async def delete(self, ref: Ref) -> None:
        """Somebody deletes it."""
        found = await self.cluster.get(ref)
        await self.cluster.delete(ref, uid=found["metadata"]["uid"])
        await self.clock.settle()

    async def release(self) -> None:
        """The bookshop's Release is known."""
        body = {**bookshop(), "metadata": {"name": KEY[1], "namespace": KEY[0]}}
        self.store.put(RELEASE, await self.cluster.create(RELEASE, body))

    def heard(self) -> list[Key]:
        """What was told since the last question, each once."""
        told = sorted(set(self.told))
        self.told.clear()
        return told


@asynccontextmanager
async def running(world: World) -> AsyncIterator[None]:
    task = asyncio.create_task(world.watching.run())
    await world.clock.settle()
    try:
        yield
        assert not task.done(), "nothing ends it"
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


@pytest.mark.parametrize("kind", [INCIDENT, NOTIFICATION])
async def test_what_comes_and_goes_is_told_to_its_release(kind: Kind) -> None:
    world = World()
    before = await world.create(kind, "before")
    async with running(world):
        assert KEY in world.heard()
        after = await world.create(kind, "after")
        assert (world.heard(), world.store.get(after) is not None) == ([KEY], True)
        await world.delete(before)
        assert (world.heard(), world.store.get(before)) == ([KEY], None)


async def test_what_went_while_nobody_watched_is_told_to_its_release() -> None:
    world = World()
    ref = await world.create(INCIDENT, "one")
    async with running(world):
        world.collections.cut()
        await world.clock.settle()
        await world.delete(ref)
        world.collections.cut(forget=True)
        world.heard()
        await world.clock.advance(2 * PAUSES[0])

        assert (world.heard(), world.store.get(ref)) == ([KEY], None)


async def test_our_own_writes_are_told_too() -> None:
    world = World()
    ref = await world.create(NOTIFICATION, "one")
    async with running(world):
        world.heard()
        body = await world.cluster.get(ref)
        written = await world.cluster.replace_status(NOTIFICATION, {**body, "status": {"tries": 1}})
        world.store.put(NOTIFICATION, written)
        await world.clock.settle()

        assert world.heard() == [KEY]


async def test_a_channel_concerns_all_but_how_it_is_concerns_nobody() -> None:
    world = World()
    async with running(world):
        assert world.heard() == [NOBODY]
        await world.release()
        await world.create(NOTIFICATION, "of-a-release-that-is-gone", {"release": "gone"})
        world.heard()
        ref = await world.create(CHANNEL, "hook", channel()["spec"])
        assert world.heard() == [KEY, (NAMESPACE, "gone")]

        body = await world.cluster.get(ref)
        await world.cluster.replace_status(CHANNEL, {**body, "status": {"message": "Away."}})
        await world.clock.settle()
        assert world.heard() == []
        await world.cluster.patch(ref, {"spec": {"audience": "Business"}})
        await world.clock.settle()
        assert world.heard() == [KEY, (NAMESPACE, "gone")]


async def test_who_waits_until_all_is_known_is_told_even_if_there_is_none() -> None:
    world = World()
    await world.release()
    world.collections.unserved = {"incidents", "notifications"}
    async with running(world):
        assert world.store.complete(CHANNEL, None)
        assert world.heard() == [KEY]
        world.collections.unserved.clear()
        await world.clock.advance(PATIENCE)
        assert world.store.complete(NOTIFICATION, NAMESPACE)
        assert world.heard() == [KEY]


@pytest.mark.parametrize("who", REFUSALS)
async def test_a_kind_that_is_refused_is_told_once_and_keeps_no_other_waiting(
    who: str, caplog: pytest.LogCaptureFixture
) -> None:
    world = World()
    world.collections.troubles["incidents"] = REFUSALS[who]
    async with running(world):
        await world.clock.advance(10 * PATIENCE)
        assert world.collections.asked["incidents"] == 11
        ref = await world.create(NOTIFICATION, "one")
        await world.clock.advance(PAUSES[0])

        assert world.store.get(ref) is not None
        assert not world.store.complete(INCIDENT, NAMESPACE), "nobody knows whether there are any"
        (said,) = [one.getMessage() for one in caplog.records]
        assert said.startswith("incidents.release-coordinator.io: ")
        assert who in said


@pytest.mark.parametrize("who", REFUSALS)
async def test_a_kind_that_becomes_available_is_watched_from_then_on(who: str) -> None:
    world = World()
    world.collections.troubles["incidents"] = REFUSALS[who]
    before = await world.create(INCIDENT, "before")
    async with running(world):
        world.collections.troubles.clear()
        await world.clock.advance(PATIENCE)
        after = await world.create(INCIDENT, "after")

        assert [world.store.get(ref) is not None for ref in (before, after)] == [True, True]


@pytest.mark.parametrize("who", REFUSALS)
async def test_what_is_known_stays_while_a_kind_is_refused(who: str) -> None:
    world = World()
    ref = await world.create(CHANNEL, "hook", channel()["spec"])
    async with running(world):
        world.collections.troubles["channels"] = REFUSALS[who]
        world.collections.cut()
        await world.clock.advance(3 * PATIENCE)

        assert world.store.get(ref) is not None, "its messages would be given up"


async def test_a_connection_that_breaks_goes_on_from_where_it_was() -> None:
    world = World("shop")
    async with running(world):
        world.collections.lists.clear()
        world.collections.trouble = Transient("no route")
        world.collections.cut()
        await world.clock.advance(60)
        ref = await world.create(INCIDENT, "meanwhile")
        world.collections.trouble = None
        await world.clock.advance(PAUSES[-1])

        assert world.store.get(ref) is not None
        assert world.collections.lists == []


async def test_a_mistake_of_ours_is_logged_and_costs_a_pause(
    caplog: pytest.LogCaptureFixture,
) -> None:
    world = World()
    world.collections.troubles["incidents"] = ZeroDivisionError()
    async with running(world):
        world.collections.troubles.clear()
        ref = await world.create(INCIDENT, "one")
        await world.clock.advance(PATIENCE)

        assert world.store.get(ref) is not None
        assert "ZeroDivisionError" in caplog.text


async def test_only_the_namespaces_that_are_looked_after_are_watched() -> None:
    world = World(NAMESPACE)
    here = await world.create(INCIDENT, "one")
    there = await world.create(INCIDENT, "one", space="elsewhere")
    async with running(world):
        assert [world.store.get(ref) is not None for ref in (here, there)] == [True, False]
