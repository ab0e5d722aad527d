"""Who leads, until when, and what everybody is told."""

import asyncio
import logging
from collections.abc import AsyncIterator, Coroutine
from contextlib import suppress
from typing import Any

import pytest

from release_coordinator.clock import VirtualClock
from release_coordinator.cluster.fence import FencedCluster
from release_coordinator.cluster.lease import Elector, LeadershipLost
from release_coordinator.cluster.leaserecord import LeaseTimes
from release_coordinator.cluster.memory import Call, MemoryCluster
from release_coordinator.cluster.port import CONFIG_MAP, LEASE, Body, Ref
from release_coordinator.errors import Denied, Transient

LOCK = Ref(LEASE, "default", "release-coordinator")


class Candidate:
    """A replica with its own line to the API server, which a test can cut."""

    def __init__(self, server: MemoryCluster, clock: VirtualClock, name: str) -> None:
        self.cluster = server.as_manager(name)
        self.cluster.before = self._before
        self.cluster.after = self._after
        self.elector = Elector(self.cluster, LOCK, name, clock=clock, draw=lambda: 0.0)
        self.fault: Exception | None = None
        self.lost_reply: Exception | None = None
        self.hangs = False
        self.calls: list[str] = []
        self.holders: list[str] = []
        self.lost: list[tuple[str, float]] = []
        self.clock = clock
        self.started = asyncio.Event()
        self.end = asyncio.Event()
        self.task: asyncio.Task[None] | None = None

    async def _before(self, call: Call) -> None:
        self.calls.append(call.verb)
        if self.hangs:
            await asyncio.Event().wait()
        if self.fault:
            raise self.fault

    async def _after(self, _: Call) -> None:
        if self.lost_reply:
            raise self.lost_reply

    async def work(self) -> None:
        """Lead until told to end."""
        self.started.set()
        await self.end.wait()

    def start(self, work: Coroutine[Any, Any, None] | None = None) -> asyncio.Task[None]:
        """Run as candidate."""
        self.task = asyncio.create_task(
            self.elector.run(
                lambda: work or self.work(),
                lambda reason: self.lost.append((reason, self.clock.now() - 1_000)),
                self.holders.append,
            )
        )
        return self.task


class World:
    """An API server and the candidates of one test."""

    def __init__(self) -> None:
        self.clock = VirtualClock()
        self.server = MemoryCluster()
        self.candidates: list[Candidate] = []

    def candidate(self, name: str, clock: VirtualClock | None = None) -> Candidate:
        """One more replica; by default all share one time."""
        self.candidates.append(Candidate(self.server, clock or self.clock, name))
        return self.candidates[-1]

    async def lease(self) -> Body:
        """The Lease as stored."""
        return await self.server.get(LOCK)

    async def spec(self) -> Body:
        """What it says."""
        spec = (await self.lease())["spec"]
        assert isinstance(spec, dict)
        return spec


@pytest.fixture
async def world() -> AsyncIterator[World]:
    world = World()
    yield world
    for candidate in world.candidates:
        candidate.end.set()
        candidate.fault, candidate.hangs = Transient("the test is over"), False
        if candidate.task:
            candidate.task.cancel()
            await world.clock.advance(60)
            await asyncio.gather(candidate.task, return_exceptions=True)


async def test_the_first_candidate_leads_and_the_second_waits(world: World) -> None:
    first, second = world.candidate("a"), world.candidate("b")
    first.start()
    await world.clock.settle()
    second.start()
    await world.clock.advance(100)
    assert first.started.is_set()
    assert not second.started.is_set()
    assert (first.elector.may_write(), second.elector.may_write()) == (True, False)
    assert (first.holders, second.holders) == (["a"], ["a"])
    spec = await world.spec()
    assert (spec["holderIdentity"], spec["leaseTransitions"]) == ("a", 0)
    assert spec["leaseDurationSeconds"] == 15
    assert spec["renewTime"] > spec["acquireTime"]
    assert spec["renewTime"].endswith("Z")
    assert len(spec["renewTime"]) == len("2026-01-01T00:00:00.000000Z")


async def test_renewing_costs_one_write_and_no_read(world: World) -> None:
    first = world.candidate("a")
    first.start()
    await world.clock.settle()
    first.calls.clear()
    await world.clock.advance(20)
    assert first.calls == ["replace"] * 10


async def test_work_that_ends_releases_the_lease_at_once(world: World) -> None:
    first, second = world.candidate("a"), world.candidate("b")
    run = first.start()
    await world.clock.settle()
    second.start()
    await world.clock.advance(5)
    first.end.set()
    await world.clock.settle()
    assert run.done()
    await run
    assert (await world.spec())["holderIdentity"] == ""
    assert not first.elector.may_write()
    await world.clock.advance(2)
    assert second.started.is_set()
    assert (await world.spec())["leaseTransitions"] == 1
    assert first.lost == []


async def test_what_the_work_raises_is_raised_after_the_release(world: World) -> None:
    first = world.candidate("a")

    async def work() -> None:
        raise LookupError

    run = first.start(work())
    await world.clock.settle()
    with pytest.raises(LookupError):
        await run
    assert (await world.spec())["holderIdentity"] == ""


async def test_a_cancelled_leader_keeps_the_lease_until_its_work_has_ended(world: World) -> None:
    first, second = world.candidate("a"), world.candidate("b")

    async def work() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            await world.clock.sleep(60)  # longer than the lease lasts unless it is renewed

    run = first.start(work())
    await world.clock.settle()
    second.start()
    run.cancel()
    await world.clock.advance(59)
    assert first.elector.may_write()
    assert not second.started.is_set()
    await world.clock.advance(1)
    with pytest.raises(asyncio.CancelledError):
        await run
    assert not first.elector.may_write()
    await world.clock.advance(2)
    assert second.started.is_set()


async def test_who_cannot_wait_for_the_work_leaves_the_lease_to_expire(world: World) -> None:
    first = world.candidate("a")

    async def work() -> None:
        while not first.end.is_set():
            with suppress(asyncio.CancelledError):
                await first.end.wait()

    run = first.start(work())
    await world.clock.settle()
    run.cancel()
    await world.clock.settle()
    assert not run.done()
    run.cancel()
    with pytest.raises(asyncio.CancelledError):
        await run
    assert not first.elector.may_write()
    assert (await world.spec())["holderIdentity"] == "a"
    first.calls.clear()
    await world.clock.advance(10)
    assert first.calls == []
    first.end.set()


async def test_a_dead_leader_is_followed_after_the_lease_has_expired(world: World) -> None:
    first, second = world.candidate("a"), world.candidate("b")
    run = first.start()
    await world.clock.settle()
    second.start()
    await world.clock.advance(3)
    first.fault = Transient("dead")
    run.cancel()
    await world.clock.advance(14)
    assert not second.started.is_set()
    await world.clock.advance(4)
    assert second.started.is_set()
    spec = await world.spec()
    assert (spec["holderIdentity"], spec["leaseTransitions"]) == ("b", 1)


@pytest.mark.parametrize("trouble", ["refused", "hanging"])
async def test_a_leader_cut_off_stops_before_another_one_starts(world: World, trouble: str) -> None:
    first, second = world.candidate("a"), world.candidate("b")
    run = first.start()
    await world.clock.settle()
    second.start()
    await world.clock.advance(4)
    first.fault = Transient("cut off") if trouble == "refused" else None
    first.hangs = trouble == "hanging"
    await world.clock.advance(9.9)
    assert first.elector.may_write()
    await world.clock.advance(0.1)
    assert not first.elector.may_write()
    assert first.lost == [("the lease could not be renewed for 10 s", 14.0)]
    with pytest.raises(LeadershipLost, match="could not be renewed for 10 s"):
        await run
    assert not second.started.is_set()
    await world.clock.advance(9)
    assert second.started.is_set()


async def test_loss_is_told_even_if_the_work_refuses_to_end(world: World) -> None:
    first = world.candidate("a")

    async def work() -> None:
        while not first.end.is_set():
            with suppress(asyncio.CancelledError):
                await first.end.wait()

    run = first.start(work())
    await world.clock.settle()
    first.fault = Transient("cut off")
    await world.clock.advance(10)
    assert first.lost
    with pytest.raises(LeadershipLost):
        await run
    first.end.set()


async def test_a_process_that_was_paused_does_not_write_when_it_wakes(world: World) -> None:
    paused = VirtualClock()
    first, second = world.candidate("a", paused), world.candidate("b")
    run = first.start()
    await world.clock.settle()
    second.start()
    await world.clock.advance(60)
    assert second.started.is_set()
    paused._now += 59  # it wakes: no task and no timer has run yet
    assert not first.elector.may_write()
    paused.tick(1)
    await paused.settle()
    with pytest.raises(LeadershipLost):
        await run
    assert second.elector.may_write()
    assert (await world.spec())["holderIdentity"] == "b"


async def test_a_lost_reply_does_not_cost_the_leadership(world: World) -> None:
    first = world.candidate("a")
    first.start()
    await world.clock.settle()
    first.lost_reply = Transient("reply lost")
    await world.clock.advance(7)
    first.lost_reply = None
    await world.clock.advance(60)
    assert first.elector.may_write()
    assert first.lost == []
    assert (await world.spec())["leaseTransitions"] == 0


async def test_another_holder_in_the_lease_ends_leadership_at_once(world: World) -> None:
    first = world.candidate("a")
    run = first.start()
    await world.clock.settle()
    lease = await world.lease()
    lease["spec"] |= {"holderIdentity": "c", "leaseDurationSeconds": 15}
    await world.server.replace(LEASE, lease)
    await world.clock.advance(2)
    assert first.lost == [("c holds the lease", 2.0)]
    with pytest.raises(LeadershipLost):
        await run
    assert (await world.spec())["holderIdentity"] == "c"
    assert first.holders == ["a", "c"]


async def test_labels_on_the_lease_change_nothing(world: World) -> None:
    first, second = world.candidate("a"), world.candidate("b")
    run = first.start()
    await world.clock.settle()
    second.start()
    for _ in range(3):
        await world.server.patch(LOCK, {"metadata": {"labels": {"by": str(world.clock.now())}}})
        await world.clock.advance(2)
    assert first.elector.may_write()
    first.fault = Transient("dead")
    run.cancel()
    for _ in range(20):  # an eager labeller does not keep a dead leader alive
        await world.server.patch(LOCK, {"metadata": {"labels": {"by": str(world.clock.now())}}})
        await world.clock.advance(1)
    assert second.started.is_set()


async def test_a_deleted_lease_is_created_again(world: World) -> None:
    first = world.candidate("a")
    first.start()
    await world.clock.settle()
    await world.server.delete(LOCK, uid=(await world.lease())["metadata"]["uid"])
    await world.clock.advance(2)
    assert (await world.spec())["holderIdentity"] == "a"
    assert first.lost == []


async def test_times_of_other_hosts_prove_nothing(world: World) -> None:
    spec = {"holderIdentity": "z", "renewTime": "2999-01-01T00:00:00.000000Z"}
    meta = {"name": LOCK.name, "namespace": LOCK.namespace}
    await world.server.create(
        LEASE, {"apiVersion": LEASE.api_version, "kind": "Lease", "metadata": meta, "spec": spec}
    )
    first = world.candidate("a")
    first.start()
    await world.clock.advance(14)
    assert not first.started.is_set()
    await world.clock.advance(2)
    assert first.started.is_set()


async def test_a_refusal_is_logged_once_and_tried_again(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    first = world.candidate("a")
    first.fault = Denied("no right to get leases")
    first.start()
    with caplog.at_level(logging.WARNING):
        await world.clock.advance(60)
    assert [record.getMessage() for record in caplog.records] == [
        "The lease release-coordinator could not be read or written: no right to get leases"
    ]
    first.fault = None
    await world.clock.advance(2)
    assert first.started.is_set()


async def test_a_fault_of_our_own_in_the_renewal_is_a_loss(world: World) -> None:
    first = world.candidate("a")
    run = first.start()
    await world.clock.settle()
    first.fault = ZeroDivisionError()
    await world.clock.advance(2)
    assert first.lost == [("the renewal of the lease failed for a reason of our own", 2.0)]
    with pytest.raises(LeadershipLost):
        await run


async def test_a_release_that_fails_is_left_to_the_expiry(world: World) -> None:
    first = world.candidate("a")
    run = first.start()
    await world.clock.settle()
    first.fault = Transient("away")
    first.end.set()
    await run
    assert (await world.spec())["holderIdentity"] == "a"


async def test_only_the_leader_writes_through_the_fence(world: World) -> None:
    first = world.candidate("a")
    fenced = FencedCluster(world.server, first.elector.may_write)
    ref = Ref(CONFIG_MAP, "default", "c")
    body: Body = {"apiVersion": "v1", "kind": "ConfigMap"}
    body["metadata"] = {"name": "c", "namespace": "default"}
    with pytest.raises(Transient, match="does not hold the lease"):
        await fenced.create(CONFIG_MAP, body)
    assert await fenced.list(CONFIG_MAP, "default") == []
    first.start()
    await world.clock.settle()
    stored = await fenced.create(CONFIG_MAP, body)
    stored["data"] = {"a": "b"}
    stored = await fenced.replace(CONFIG_MAP, stored)
    assert await fenced.get(ref) == stored
    await fenced.patch(ref, {"data": {"a": "c"}})
    await fenced.delete(ref, uid=stored["metadata"]["uid"])
    assert await fenced.list(CONFIG_MAP) == []


@pytest.mark.parametrize("times", [(10, 10, 2, 1), (15, 2, 2, 1), (15, 10, 2, 2), (15, 10, 2, 0)])
def test_times_that_allow_two_leaders_are_refused(times: tuple[float, ...]) -> None:
    with pytest.raises(ValueError, match="lease times must fall"):
        LeaseTimes(*times)
