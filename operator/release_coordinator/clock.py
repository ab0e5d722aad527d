"""Monotonic time as a dependency, so that queues, leases and health run on virtual time in tests.

`SystemClock` is passed in by the composition root, `VirtualClock` by tests. Nothing here tells
the time of day: durations survive a clock that is set back, dates do not.
"""

import asyncio
import heapq
import itertools
import time
from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable
from typing import Protocol, TypeVar

T = TypeVar("T")

_SETTLE_TURNS = 20
"""Loop turns that let a chain of woken tasks come to rest; more than any chain is long."""


class Handle(Protocol):
    """A scheduled callback."""

    def cancel(self) -> None:
        """Do not call it any more; harmless when it already ran."""


class Clock(ABC):
    """Seconds that only go forward, from an arbitrary start."""

    @abstractmethod
    def now(self) -> float:
        """Seconds since an arbitrary, fixed moment."""

    @abstractmethod
    def call_later(self, seconds: float, callback: Callable[[], None]) -> Handle:
        """Call back once on the running event loop after at least so many seconds."""

    async def sleep(self, seconds: float) -> None:
        """Return after at least so many seconds; zero or less gives others one turn."""
        if seconds <= 0:
            await asyncio.sleep(0)
            return
        over = asyncio.Event()
        handle = self.call_later(seconds, over.set)
        try:
            await over.wait()
        finally:
            handle.cancel()

    async def within(self, seconds: float, work: Awaitable[T]) -> T:
        """The result of `work`; after so many seconds cancel it and raise TimeoutError."""
        task = asyncio.ensure_future(work)
        expired = False

        def expire() -> None:
            nonlocal expired
            expired = True
            task.cancel()

        handle = self.call_later(seconds, expire)
        try:
            return await task
        except asyncio.CancelledError:
            # Only our own cancellation is a timeout; a caller that is being cancelled stays so.
            caller = asyncio.current_task()
            if expired and not (caller and caller.cancelling()):
                raise TimeoutError(f"not done within {seconds:g} s") from None
            raise
        finally:
            handle.cancel()


class SystemClock(Clock):
    """The host's monotonic clock and the running event loop's timers."""

    def now(self) -> float:
        """Seconds of the host's monotonic clock."""
        return time.monotonic()

    def call_later(self, seconds: float, callback: Callable[[], None]) -> Handle:
        """Schedule on the running event loop."""
        return asyncio.get_running_loop().call_later(seconds, callback)


class _Timer:
    def __init__(self, callback: Callable[[], None]) -> None:
        self.callback = callback
        self.cancelled = False

    def cancel(self) -> None:
        self.cancelled = True


class VirtualClock(Clock):
    """The double: time stands still until a test moves it."""

    def __init__(self, start: float = 1_000.0) -> None:
        self._now = start
        self._order = itertools.count()
        self._timers: list[tuple[float, int, _Timer]] = []

    def now(self) -> float:
        """The virtual time in seconds."""
        return self._now

    def call_later(self, seconds: float, callback: Callable[[], None]) -> Handle:
        """Schedule for a later `tick` or `advance`."""
        timer = _Timer(callback)
        heapq.heappush(self._timers, (self._now + seconds, next(self._order), timer))
        return timer

    def tick(self, seconds: float) -> None:
        """Move time and run what falls due, in order, without letting tasks run in between."""
        target = self._now + seconds
        while self._step(target):
            pass
        self._now = target

    async def advance(self, seconds: float) -> None:
        """Move time; after each timer that falls due, let all woken tasks come to rest."""
        target = self._now + seconds
        await self.settle()
        while self._step(target):
            await self.settle()
        self._now = target
        await self.settle()

    async def settle(self) -> None:
        """Let every task that can run without time passing do so."""
        for _ in range(_SETTLE_TURNS):
            await asyncio.sleep(0)

    def _step(self, target: float) -> bool:
        """Run the next timer due until `target`; False when there is none."""
        if not self._timers or self._timers[0][0] > target:
            return False
        due, _, timer = heapq.heappop(self._timers)
        self._now = max(self._now, due)
        if not timer.cancelled:
            timer.callback()
        return True
