"""Whether the operator gets on with its work; asked by `telemetry.health`.

The queue, the elector and the resync loop report here. The point is to tell *stuck* from
*idle*: an operator without work answers exactly like a healthy busy one, and a restart helps
only the stuck one.
"""

import asyncio
from dataclasses import dataclass
from typing import Any, Generic, Literal

from release_coordinator.clock import Clock, SystemClock
from release_coordinator.observer import K, QueueObserver

Role = Literal["starting", "standby", "leader"]

_SHOWN = 10
"""Running keys in a report: enough to see what is stuck."""


@dataclass(frozen=True, slots=True)
class Limits:
    """When to call the operator stuck, in seconds."""

    one_pass: float = 300.0
    """A pass makes a few calls with timeouts of seconds; minutes mean that it hangs."""
    waiting: float = 60.0
    """A ready key while a worker is free is taken at once."""
    resync: float = 900.0
    """Three times the usual interval."""


class Progress(QueueObserver[K], Generic[K]):
    """What is being done, since when, and what is wrong with that."""

    def __init__(
        self, workers: int, *, clock: Clock | None = None, limits: Limits | None = None
    ) -> None:
        """`workers` is how many passes the queue runs at a time."""
        self._workers = workers
        self._clock = clock or SystemClock()
        self._limits = limits or Limits()
        self._role: Role = "starting"
        self._synced = False
        self._resynced = self._clock.now()
        self._running: dict[K, float] = {}
        self._depth = 0
        self._waiting_since = self._clock.now()
        self._tasks: dict[str, asyncio.Future[Any]] = {}

    def role(self, role: Role) -> None:
        """The elector says what this process is. A new leader has yet to list everything."""
        if role != self._role:
            self._role = role
            self._synced = False
            self._resynced = self._clock.now()

    def resynced(self) -> None:
        """All releases were listed and queued."""
        self._synced = True
        self._resynced = self._clock.now()

    def depends_on(self, name: str, task: asyncio.Future[Any]) -> None:
        """From now on, the end of this task is a problem."""
        self._tasks[name] = task

    def resync_age(self) -> float:
        """Seconds since the last complete listing, or since there was anything to list for."""
        return self._clock.now() - self._resynced

    def added(self, depth: int) -> None:
        """The queue has this many ready keys."""
        self._ready(depth)

    def started(self, key: K, waited: float, depth: int) -> None:  # noqa: ARG002
        """A worker works on the key."""
        self._running[key] = self._clock.now()
        self._ready(depth, moved=True)

    def done(self, key: K, worked: float, depth: int) -> None:  # noqa: ARG002
        """The worker is free again."""
        self._running.pop(key, None)
        self._ready(depth, moved=True)

    def problems(self) -> list[str]:
        """Why a restart would help; empty when it would not."""
        return [*self._dead_tasks(), *self._long_passes(), *self._ignored_work(), *self._old_sync()]

    def obstacles(self) -> list[str]:
        """Why this replica does not do its part yet; empty when it is leader or standby."""
        if self._role == "starting":
            return ["The lease was not read yet"]
        if self._role == "leader" and not self._synced:
            return ["The releases were not listed yet"]
        return []

    def report(self) -> dict[str, Any]:
        """The state in plain data, for people who look at the endpoint."""
        now = self._clock.now()
        longest = sorted(self._running.items(), key=lambda item: item[1])[:_SHOWN]
        return {
            "role": self._role,
            "activity": "working" if self._running or self._depth else "idle",
            "ready": self._depth,
            "running": [
                {"key": str(key), "seconds": round(now - since, 1)} for key, since in longest
            ],
            "resyncAgeSeconds": round(self.resync_age(), 1),
        }

    def _ready(self, depth: int, *, moved: bool = False) -> None:
        """Remember since when ready keys have waited without any worker moving."""
        if moved or not self._depth:
            self._waiting_since = self._clock.now()
        self._depth = depth

    def _dead_tasks(self) -> list[str]:
        return [f"The task '{name}' has ended" for name, task in self._tasks.items() if task.done()]

    def _long_passes(self) -> list[str]:
        limit, now = self._limits.one_pass, self._clock.now()
        return [
            f"The pass over {key} has run for {now - since:.0f} s (limit {limit:.0f} s)"
            for key, since in self._running.items()
            if now - since > limit
        ][:_SHOWN]

    def _ignored_work(self) -> list[str]:
        limit, waited = self._limits.waiting, self._clock.now() - self._waiting_since
        if not self._depth or len(self._running) >= self._workers or waited <= limit:
            return []
        told = f"{self._depth} keys are ready and a worker is free, but none was taken"
        return [f"{told} for {waited:.0f} s (limit {limit:.0f} s)"]

    def _old_sync(self) -> list[str]:
        limit, age = self._limits.resync, self.resync_age()
        if self._role != "leader" or age <= limit:
            return []
        return [f"The releases were last listed {age:.0f} s ago (limit {limit:.0f} s)"]
