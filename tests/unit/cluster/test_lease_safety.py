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
    st.tuples(st.sampled_from([0, 1, 2]), FAULTS, st.integers(min_value=1, max_value=30)),
    max_size=10,
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
@settings(max_examples=25, deadline=None, derandomize=True)
def test_never_two_leaders_and_always_one_in_the_end(
    steps: list[tuple[int, str, int]], seed: Random
) -> None:
    asyncio.run(_campaign(steps, seed))


async def _campaign(steps: list[tuple[int, str, int]], seed: Random) -> None:
    world = Processes(seed)
    try:
        for number in range(3):
            world.ensure(number)
        for number, fault, half_seconds in steps:
            world.lines[number].fault = fault
            world.ensure(number)
            for _ in range(half_seconds):
                await world.clock.advance(0.5)
                assert world.leaders() <= 1
        world.heal()
        world.ensure(0)
        await world.clock.advance(60)
        assert world.leaders() == 1
    finally:
        world.heal()
        await world.end()


class Processes:
    """Three lines to one API server, and the processes that came and went at their ends."""

    def __init__(self, seed: Random) -> None:
        self.clock = VirtualClock()
        self.seed = seed
        server = MemoryCluster()
        self.lines = [Line(server.as_manager(name)) for name in "abc"]
        self.electors: list[Elector] = []
        self.tasks: dict[int, asyncio.Task[None]] = {}

    def ensure(self, number: int) -> None:
        """Start a process, with an identity of its own, where there is none or it has ended."""
        if number in self.tasks and not self.tasks[number].done():
            return
        identity = f"{number}-{len(self.electors)}"
        cluster = self.lines[number].cluster
        elector = Elector(cluster, LOCK, identity, clock=self.clock, draw=self.seed.random)
        self.electors.append(elector)
        self.tasks[number] = asyncio.create_task(_process(elector))

    def leaders(self) -> int:
        """How many processes would write now."""
        return sum(elector.may_write() for elector in self.electors)

    def heal(self) -> None:
        """End all faults."""
        for line in self.lines:
            line.fault = "none"

    async def end(self) -> None:
        """Stop all processes."""
        for task in self.tasks.values():
            task.cancel()
        await self.clock.advance(5)
        await asyncio.gather(*self.tasks.values(), return_exceptions=True)


async def _process(elector: Elector) -> None:
    async def work() -> None:
        await asyncio.Event().wait()

    with suppress(LeadershipLost):
        await elector.run(work, lambda _: None)
