"""Two operators at once, without any election: only preconditions keep them apart.

Every call of either waits at a gate; a seed says who goes next. Or the first one falls asleep at
one of its calls, before the server has heard of it, and a second one takes over; it wakes when the
second has nothing more to do, still believing what it knew.
"""

import asyncio
import random
from collections.abc import Awaitable, Callable
from typing import Any

from tests.campaigns.plans import Plan
from tests.campaigns.troubled import TroubledOperator, TroubledWorld
from tests.fakes.world import Operator

from release_coordinator.cluster.memory import Call
from release_coordinator.cluster.port import FIELD_MANAGER

TURNS = 40
"""Rounds of the event loop after which every task stands at a gate; no call needs more."""


class Duet(TroubledWorld):
    """A world with two operators."""

    def __init__(self, plan: Plan) -> None:
        super().__init__(plan)
        self._random = random.Random(plan.seed)  # noqa: S311 - no secret
        self._gates: list[asyncio.Future[None]] = []
        self._asleep: asyncio.Future[None] | None = None
        self._sleeper: Operator | None = None
        self._tasks: dict[Operator, asyncio.Task[None]] = {}
        self._first = 0
        self._twin = self.cluster.as_manager(FIELD_MANAGER)

    def arm(self) -> None:
        """From here on every call passes the gate; with a seed both operators are there."""
        self.cluster.before = self._one
        if self.plan.seed:
            self._join()

    def _join(self) -> None:
        self._twin.before = self._gate
        self.operators.append(TroubledOperator(self, self._twin))

    async def _one(self, call: Call) -> None:
        self._first += 1
        if self._first == self.plan.freeze:
            self.calls.append(call)
            self._asleep = asyncio.get_running_loop().create_future()
            await self._asleep
        else:
            await self._gate(call)

    async def _gate(self, call: Call) -> None:
        gate = asyncio.get_running_loop().create_future()
        self._gates.append(gate)
        await gate
        await self._before(call)

    async def _work(self) -> None:
        """Passes of both, call by call, until neither has anything to do."""
        while True:
            self._begin()
            if not self._tasks:
                return
            await self._calm()
            if self._gates:
                index = self._random.randrange(len(self._gates))
                self._gates.pop(index).set_result(None)
            elif self._sleeps() and self._sleeper is None:
                await self._take_over()
            elif len(self._tasks) == 1 and self._sleeps():
                return

    def _begin(self) -> None:
        for operator, task in list(self._tasks.items()):
            if task.done():
                task.result()
                del self._tasks[operator]
        for operator in self.operators:
            if operator.queued and operator not in self._tasks:
                key = operator.queued.pop()
                self._tasks[operator] = asyncio.create_task(operator.pass_over(key))

    async def _calm(self) -> None:
        for _ in range(TURNS):
            await asyncio.sleep(0)

    def _sleeps(self) -> bool:
        return self._asleep is not None and not self._asleep.done()

    async def _take_over(self) -> None:
        """A second one starts and lists everything; the sleeper hears nothing any more."""
        self._join()
        self._sleeper = self.operators.pop(0)
        self._sleeper.stop()
        if self.plan.ordered:
            await self.annotate("rollback", str(self.plan.ordered))
        await self._quietly(self.operator.resync.once)

    async def settle(self) -> None:
        """The sleeper wakes, goes on with what it believes, and then lists everything."""
        if self._asleep is not None and self._sleeper is not None:
            self.operators.insert(0, self._sleeper)
            self._asleep.set_result(None)
            await self._work()
        self.plan = Plan(self.plan.workload)
        await self.resync()

    async def _quietly(self, call: Callable[[], Awaitable[Any]]) -> None:
        before, self._twin.before = self._twin.before, None
        try:
            await super()._quietly(call)
        finally:
            self._twin.before = before
