"""A store that follows lists and watches: nothing is missed, whatever breaks."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from tests.fakes.collections import MemoryCollections
from tests.releases import bookshop
from tests.unit.statuspage.scenes import NOW

from release_coordinator.clock import VirtualClock
from release_coordinator.cluster.informer import ABSENT, PAUSES, Feed, Informer
from release_coordinator.cluster.memory import MemoryCluster
from release_coordinator.cluster.port import RELEASE, Ref
from release_coordinator.cluster.store import Store
from release_coordinator.errors import Denied, Transient

PLACE = "shop"


class World:
    """An API server and somebody who follows its releases."""

    def __init__(self) -> None:
        self.cluster = MemoryCluster(namespaces=(PLACE, "elsewhere"))
        self.collections = MemoryCollections(self.cluster)
        self.store = Store()
        self.clock = VirtualClock()
        self.changes = 0
        self.informer = Informer(
            self.collections, self.store, Feed(RELEASE, PLACE), lambda: NOW, self._count
        )

    def _count(self) -> None:
        self.changes += 1

    async def create(self, name: str, namespace: str = PLACE) -> None:
        """Somebody writes a Release."""
        body = bookshop()
        body["metadata"] = {"name": name, "namespace": namespace}
        await self.cluster.create(RELEASE, body)
        await self.clock.settle()

    async def delete(self, name: str) -> None:
        """Somebody deletes it."""
        ref = Ref(RELEASE, PLACE, name)
        found = await self.cluster.get(ref)
        await self.cluster.delete(ref, uid=found["metadata"]["uid"])
        await self.clock.settle()

    @property
    def names(self) -> list[str]:
        """What is known."""
        return [body["metadata"]["name"] for body in self.store.select(RELEASE)]


@asynccontextmanager
async def running(world: World) -> AsyncIterator[None]:
    task = asyncio.create_task(world.informer.run(world.clock))
    await world.clock.settle()
    try:
        yield
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def test_what_is_there_and_what_comes_and_goes_is_known() -> None:
    world = World()
    await world.create("one")
    async with running(world):
        assert world.names == ["one"]
        await world.create("two")
        await world.create("other", "elsewhere")
        await world.delete("one")

        assert world.names == ["two"]
        assert (world.informer.trouble, world.informer.good_until) == ("", NOW)


async def test_a_list_is_read_page_by_page() -> None:
    world = World()
    world.collections.page_size = 2
    for number in range(5):
        await world.create(f"r{number}")
    async with running(world):
        assert world.names == [f"r{number}" for number in range(5)]


async def test_a_watch_that_ends_goes_on_from_where_it_was() -> None:
    world = World()
    await world.create("one")
    async with running(world):
        world.collections.cut()
        await world.clock.settle()
        await world.delete("one")
        await world.create("two")
        await world.clock.advance(PAUSES[0])

        assert world.names == ["two"]
        assert world.collections.lists == ["releases"], "no second list"


async def test_it_goes_on_from_the_last_event_as_the_server_forgets_older_ones() -> None:
    world = World()
    await world.create("one")
    async with running(world):
        await world.create("two")
        world.collections.age()
        world.collections.cut()
        await world.clock.advance(2 * PAUSES[0])

        assert world.collections.lists == ["releases"]
        assert world.informer.trouble == ""


async def test_what_went_while_nobody_watched_is_gone_after_a_new_list() -> None:
    world = World()
    await world.create("one")
    async with running(world):
        world.collections.cut()
        await world.clock.settle()
        await world.delete("one")
        await world.create("two")
        world.collections.cut(forget=True)
        await world.clock.advance(2 * PAUSES[0])  # refused, then listed anew

        assert world.names == ["two"]
        assert world.collections.lists == ["releases", "releases"]


@pytest.mark.parametrize("error", [Transient("no route"), Denied("forbidden")])
async def test_trouble_is_told_as_long_as_it_lasts_and_what_is_known_stays(
    error: Transient | Denied,
) -> None:
    world = World()
    await world.create("one")
    async with running(world):
        world.collections.trouble = error
        world.collections.cut()
        await world.clock.settle()
        assert world.informer.trouble == str(error)
        assert world.names == ["one"]

        world.collections.trouble = None
        await world.create("two")
        await world.clock.advance(PAUSES[-1])
        assert world.informer.trouble == ""
        assert world.names == ["one", "two"]


async def test_a_kind_that_the_server_does_not_know_is_no_trouble_until_it_does() -> None:
    world = World()
    world.collections.unserved.add("releases")
    async with running(world):
        assert (world.informer.is_served, world.informer.trouble) == (False, "")
        assert world.informer.good_until == NOW

        world.collections.unserved.clear()
        await world.create("one")
        await world.clock.advance(ABSENT)
        assert world.informer.is_served
        assert world.names == ["one"]


async def test_only_news_counts_as_a_change() -> None:
    world = World()
    await world.create("one")
    async with running(world):
        before = world.changes
        await world.create("other", "elsewhere")
        assert world.changes == before
        await world.create("two")
        assert world.changes == before + 1
