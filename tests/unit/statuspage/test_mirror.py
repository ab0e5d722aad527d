"""What the page knows, and whether it says so when it knows no more."""

import asyncio

from tests.fakes.collections import MemoryCollections
from tests.releases import bookshop
from tests.unit.statuspage.scenes import NOW

from release_coordinator.clock import VirtualClock
from release_coordinator.cluster.memory import MemoryCluster
from release_coordinator.cluster.port import INCIDENT, RELEASE
from release_coordinator.errors import Transient
from release_coordinator.statuspage.mirror import PULSE, Mirror


def is_blind(mirror: Mirror) -> bool:
    return mirror.freshness.is_blind


async def test_it_is_blind_while_the_server_is_silent_and_keeps_what_it_knew() -> None:
    cluster, clock = MemoryCluster(namespaces=("shop",)), VirtualClock()
    collections = MemoryCollections(cluster)
    collections.unserved.add("incidents")
    mirror = Mirror(cluster, collections, clock, lambda: NOW)
    assert (mirror.is_ready, is_blind(mirror)) == (False, True), "nothing was read yet"
    task = asyncio.create_task(mirror.run())
    await clock.settle()
    await cluster.create(RELEASE, bookshop())
    await clock.settle()
    assert (mirror.is_ready, is_blind(mirror)) == (True, False)
    assert not mirror.serves(INCIDENT)
    assert mirror.get(RELEASE, "shop", "bookshop") is not None

    collections.trouble = Transient("connection refused")  # the watches do not notice
    await clock.advance(PULSE)
    assert is_blind(mirror)
    assert mirror.freshness.as_of == NOW
    assert mirror.is_ready, "old news is shown as old news"
    assert mirror.get(RELEASE, "shop", "bookshop") is not None

    collections.trouble = None
    await clock.advance(PULSE)
    assert not is_blind(mirror)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


async def test_one_kind_that_cannot_be_read_makes_it_blind_too() -> None:
    cluster, clock = MemoryCluster(namespaces=()), VirtualClock()
    mirror = Mirror(cluster, MemoryCollections(cluster), clock, lambda: NOW, ("shop", "billing"))
    for informer in mirror.informers:
        informer.trouble, informer.good_until = "", NOW
    assert not is_blind(mirror)

    mirror.informers[-1].trouble = "forbidden"
    assert mirror.freshness.trouble == "releasepolicies: forbidden"


def test_each_kind_is_followed_in_each_namespace_that_is_shown() -> None:
    cluster = MemoryCluster(namespaces=())
    mirror = Mirror(
        cluster, MemoryCollections(cluster), VirtualClock(), lambda: NOW, ("shop", "billing")
    )
    followed = {(one.feed.kind.plural, one.feed.namespace) for one in mirror.informers}
    kinds = ("releases", "releaserecords", "incidents", "releasepolicies")
    assert followed == {(kind, space) for kind in kinds for space in ("shop", "billing")}
