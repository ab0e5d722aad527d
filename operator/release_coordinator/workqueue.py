"""The work queue between events and passes: `handlers` and the resync loop add, workers reconcile.

The semantics are those of controller-runtime's queue, because operators' people know them:

- a key waits at most once, however often it is added;
- one key is never worked on twice at a time: added while it runs, it runs once more afterwards;
- a delayed key becomes ready at the earliest of its wished times;
- what is urgent goes first, also when it becomes so while it waits, and has a worker of its own;
- a key that fails waits exponentially longer, each time at random up to the limit (full jitter),
  so that a thousand releases which failed together do not come back together.

Keys that are ready but not started when the process stops are not lost: passes are level-based
and the next process lists everything.
"""

import asyncio
import heapq
import itertools
import logging
import random
from collections.abc import Awaitable, Callable, Hashable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from release_coordinator.clock import Clock, Handle, SystemClock
from release_coordinator.errors import ReleaseCoordinatorError, Transient, is_panic
from release_coordinator.observer import Outcome, QueueObserver

K = TypeVar("K", bound=Hashable)

Handler = Callable[[K], Awaitable[float | None]]
"""One pass over a key. Returns the seconds until the next look, or None: wait for an event.
An exception means: again, after a backoff."""

logger = logging.getLogger(__name__)


class Stopped(Exception):  # noqa: N818 - a fact about the queue, not a fault
    """The queue gives out no more work."""


@dataclass(frozen=True, slots=True)
class Backoff:
    """Exponential backoff with full jitter, in seconds."""

    base: float = 1.0
    limit: float = 300.0

    def delay(self, failures: int, draw: float) -> float:
        """Seconds to wait after so many earlier failures; `draw` is a random number in [0, 1)."""
        exponent = min(failures, 60)  # 2**60 s is beyond any limit; larger ones overflow
        return draw * min(self.limit, self.base * 2.0**exponent)


class WorkQueue(Generic[K]):
    """A keyed queue for one event loop. Not thread-safe."""

    def __init__(
        self,
        *,
        clock: Clock | None = None,
        draw: Callable[[], float] = random.random,
        backoff: Backoff | None = None,
        urgent: Callable[[K], bool] | None = None,
        observers: Sequence[QueueObserver[K]] = (),
    ) -> None:
        """`draw` gives numbers in [0, 1); `urgent` is asked whenever a key is added."""
        self._clock = clock or SystemClock()
        self._draw = draw
        self._backoff = backoff or Backoff()
        self._urgent = urgent
        self._observers = tuple(observers)
        self._order = itertools.count()
        self._ready: list[tuple[int, int, K]] = []
        """Rank, order and key; entries that are not in `_places` any more are passed over."""
        self._places: dict[K, tuple[int, int]] = {}
        self._due_since: dict[K, float] = {}  # ready, or running and to run once more
        self._running: dict[K, float] = {}  # with the time of the start
        self._delayed: dict[K, tuple[float, Handle]] = {}
        self._failures: dict[K, int] = {}
        self._wake = asyncio.Event()
        self._idle = asyncio.Event()
        self._idle.set()
        self._stopped = False
        self._workers: list[asyncio.Task[None]] = []

    def __len__(self) -> int:
        """How many keys are ready: neither running nor delayed."""
        return len(self._places)

    def add(self, key: K) -> None:
        """Make the key ready now. Ignored after `stop`.

        One that waits already stays where it is, unless it has become urgent.
        """
        if self._stopped:
            return
        if key in self._due_since:
            if key in self._places and self._rank(key) < self._places[key][0]:
                self._push(key)
            return
        self._due_since[key] = self._clock.now()
        if key not in self._running:
            self._push(key)
        for observer in self._observers:
            observer.added(len(self))

    def add_after(self, key: K, seconds: float) -> None:
        """Make the key ready in so many seconds, unless an earlier wish stands."""
        if seconds <= 0:
            self.add(key)
            return
        when = self._clock.now() + seconds
        if self._stopped or (key in self._delayed and self._delayed[key][0] <= when):
            return
        self._cancel_delay(key)
        self._delayed[key] = (when, self._clock.call_later(seconds, lambda: self._elapsed(key)))

    def add_rate_limited(self, key: K, at_least: float = 0.0) -> None:
        """Make the key ready after its backoff, and not before `at_least` seconds."""
        failures = self._failures.get(key, 0)
        self._failures[key] = failures + 1
        for observer in self._observers:
            observer.retried(key)
        self.add_after(key, max(at_least, self._backoff.delay(failures, self._draw())))

    def forget(self, key: K) -> None:
        """The key did well: its next backoff starts from the base."""
        self._failures.pop(key, None)

    def failures(self, key: K) -> int:
        """How often the key was rate limited since it was last forgotten."""
        return self._failures.get(key, 0)

    async def get(self, *, urgent: bool = False) -> K:
        """Take a ready key, or an `urgent` one; give it back with `done`. Raises Stopped."""
        while not self._stopped and not self._has(urgent=urgent):
            self._wake.clear()
            await self._wake.wait()
        if self._stopped:
            raise Stopped
        _, _, key = heapq.heappop(self._ready)
        del self._places[key]
        now = self._clock.now()
        waited = now - self._due_since.pop(key)
        self._running[key] = now
        self._idle.clear()
        for observer in self._observers:
            observer.started(key, waited, len(self))
        return key

    def done(self, key: K) -> None:
        """The work on the key ended. Raises KeyError when nobody works on it."""
        worked = self._clock.now() - self._running.pop(key)
        if key in self._due_since:
            self._push(key)
        if not self._running:
            self._idle.set()
        for observer in self._observers:
            observer.done(key, worked, len(self))

    async def run(self, workers: int, handler: Handler[K]) -> None:
        """Work until `stop`; at most `workers` passes at a time, one per key.

        One more works on urgent keys alone, so that they wait for nobody else.

        A failing handler costs its key a backoff. A failing worker is our own fault: it ends
        all others and is raised, because a process that looks alive and works on nothing is
        worse than a restart.
        """
        async with asyncio.TaskGroup() as group:
            reserved = [False] * workers + ([True] if self._urgent else [])
            self._workers = [
                group.create_task(self._work(handler, urgent=urgent)) for urgent in reserved
            ]

    async def stop(self, deadline: float) -> frozenset[K]:
        """Start nothing more and wait so many seconds for what runs.

        Returns the keys whose work had to be cancelled: empty after a clean stop.
        """
        self._stopped = True
        self._wake.set()
        for key in list(self._delayed):
            self._cancel_delay(key)
        try:
            await self._clock.within(deadline, self._idle.wait())
        except TimeoutError:
            abandoned = frozenset(self._running)
            for worker in self._workers:
                worker.cancel()
            return abandoned
        return frozenset()

    async def _work(self, handler: Handler[K], *, urgent: bool) -> None:
        while True:
            try:
                key = await self.get(urgent=urgent)
            except Stopped:
                return
            try:
                await self._pass(key, handler)
            finally:
                self.done(key)

    async def _pass(self, key: K, handler: Handler[K]) -> None:
        """One call of the handler, and what follows from how it ended."""
        started = self._clock.now()
        try:
            next_look = await handler(key)
        except BaseException as error:
            # Whatever fails in one pass stays in its key; only an end of the process goes on.
            if not (isinstance(error, Exception) or is_panic(error)):
                raise
            _log_failure(key, error)
            wished = error.retry_after if isinstance(error, Transient) else None
            self.add_rate_limited(key, at_least=wished or 0.0)
            self._report(key, "error", started)
            return
        self.forget(key)
        if next_look is None:
            self._report(key, "success", started)
            return
        self.add_after(key, next_look)
        self._report(key, "requeue_after", started)

    def _report(self, key: K, outcome: Outcome, started: float) -> None:
        for observer in self._observers:
            observer.reconciled(key, outcome, self._clock.now() - started)

    def _push(self, key: K) -> None:
        place = (self._rank(key), next(self._order))
        self._places[key] = place
        heapq.heappush(self._ready, (*place, key))
        self._wake.set()

    def _rank(self, key: K) -> int:
        return 0 if self._urgent is not None and self._urgent(key) else 1

    def _has(self, *, urgent: bool) -> bool:
        """Whether there is something to take; drops what has moved to another place."""
        while self._ready and self._places.get(self._ready[0][2]) != self._ready[0][:2]:
            heapq.heappop(self._ready)
        return bool(self._ready) and (not urgent or self._ready[0][0] == 0)

    def _elapsed(self, key: K) -> None:
        self._cancel_delay(key)
        self.add(key)

    def _cancel_delay(self, key: K) -> None:
        if key in self._delayed:
            self._delayed.pop(key)[1].cancel()


def _log_failure(key: object, error: BaseException) -> None:
    """Known errors are the world's state and get a line; the others are ours and get a trace."""
    known = isinstance(error, ReleaseCoordinatorError)
    trace = None if known else error
    logger.warning("The pass over %s failed and will be repeated: %s", key, error, exc_info=trace)
