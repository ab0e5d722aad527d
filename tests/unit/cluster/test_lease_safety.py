"""Whatever the network does to three candidates, never two of them may write."""

import asyncio
from contextlib import suppress
from random import Random

from hypothesis import given, settings
from hypothesis import strategies as st

from release_coordinator.clock import VirtualClock
from release_coordinator.cluster.lease import Elector, LeadershipLost
from release_coordinator.cluster.memory import Call, MemoryCluster
from release_coordinator.cluster.port import LEASE, Ref
from release_coordinator.errors import Transient

LOCK = Ref(LEASE, "default", "release-coordinator")
FAULTS = st.sampled_from(["none", "refuse", "hang", "lose reply"])
STEPS = st.lists(
    st.tuples(st.sampled_from([0, 1, 2]), FAULTS, st.integers(min_value=1, max_value=40)),
    max_size=12,
)


class Line:
    """One candidate's line to the API server."""

    def __init__(self, cluster: MemoryCluster) -> None:
        self.fault = "none"
        self.cluster = cluster
        cluster.before = self.before
        cluster.after = self.after

    async def before(self, _: Call) -> None:
        """Requests that do not arrive."""
        if self.fault == "hang":
            await asyncio.Event().wait()
        if self.fault == "refuse":
            raise Transient(self.fault)

    async def after(self, _: Call) -> None:
        """Requests that arrive and whose answer does not."""
        if self.fault == "lose reply":
            raise Transient(self.fault)


@given(steps=STEPS, seed=st.randoms(use_true_random=False))
@settings(max_examples=40, deadline=None, derandomize=True)
def test_never_two_leaders_and_always_one_in_the_end(
    steps: list[tuple[int, str, int]], seed: Random
) -> None:
    asyncio.run(_campaign(steps, seed))


async def _campaign(steps: list[tuple[int, str, int]], seed: Random) -> None:
    clock, server = VirtualClock(), MemoryCluster()
    lines = [Line(server.as_manager(name)) for name in "abc"]
    electors: list[Elector] = []
    tasks: dict[int, asyncio.Task[None]] = {}
    ended: list[asyncio.Task[None]] = []

    def enter(number: int, life: int) -> None:
        """A new process takes the place of the one before: other identity, same line."""
        elector = Elector(
            lines[number].cluster, LOCK, f"{number}-{life}", clock=clock, draw=seed.random
        )
        electors.append(elector)
        if number in tasks:
            ended.append(tasks[number])
        tasks[number] = asyncio.create_task(_process(elector))

    for number in range(3):
        enter(number, 0)
    for life, (number, fault, half_seconds) in enumerate(steps, start=1):
        lines[number].fault = fault
        if tasks[number].done():
            enter(number, life)
        for _ in range(half_seconds):
            await clock.advance(0.5)
            assert sum(elector.may_write() for elector in electors) <= 1
    for line in lines:
        line.fault = "none"
    if tasks[0].done():
        enter(0, 99)
    await clock.advance(60)
    assert sum(elector.may_write() for elector in electors) == 1
    for task in tasks.values():
        task.cancel()
    await asyncio.gather(*tasks.values(), *ended, return_exceptions=True)


async def _process(elector: Elector) -> None:
    async def work() -> None:
        await asyncio.Event().wait()

    with suppress(LeadershipLost):
        await elector.run(work, lambda _: None)
