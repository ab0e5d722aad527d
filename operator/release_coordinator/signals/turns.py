"""Turns at one metric source: so many questions under way, of one namespace half as many.

Used by `signals.exchange`. Who waits gets a turn in the order of coming. A namespace whose
questions are many or slow waits for itself, and leaves the other half of the turns to others.
"""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager, nullcontext

from release_coordinator.signals.port import Endpoint


class Turns:
    """The turns of one source. For one event loop."""

    def __init__(self, concurrency: int) -> None:
        """`concurrency` is the number of questions under way at the same time."""
        self.concurrency = concurrency
        self._share = max(1, concurrency // 2)
        self._all = asyncio.Semaphore(concurrency)
        self._shares: dict[str, asyncio.Semaphore] = {}
        self._askers: Counter[str] = Counter()
        """Questions of each namespace, among them those that wait."""

    @asynccontextmanager
    async def turn(self, endpoint: Endpoint) -> AsyncIterator[str]:
        """Wait for a turn, as long as an answer may take; yields why there is none, or nothing."""
        async with self._share_of(endpoint.asker) as share, AsyncExitStack() as taken:
            before = f"{self._share} other questions of namespace {endpoint.asker}"
            problem = ""
            try:
                async with asyncio.timeout(endpoint.timeout):
                    await taken.enter_async_context(share)
                    before = f"{self.concurrency} other questions"
                    await taken.enter_async_context(self._all)
            except TimeoutError:
                problem = (
                    f"was not asked in time: {before} were under way for {endpoint.timeout:g} s; "
                    "check its load, or raise spec.concurrency of the MetricSource"
                )
            yield problem

    @asynccontextmanager
    async def _share_of(self, asker: str) -> AsyncIterator[AbstractAsyncContextManager[None]]:
        """The turns of a namespace, for as long as it asks; what is asked for all has no limit."""
        if not asker:
            yield nullcontext()
            return
        self._askers[asker] += 1
        try:
            yield self._shares.setdefault(asker, asyncio.Semaphore(self._share))
        finally:
            self._askers[asker] -= 1
            if not self._askers[asker]:
                del self._askers[asker], self._shares[asker]
