"""One question for all who ask the same at about the same time.

Used by `signals.prometheus`: hundreds of Releases may watch the same number of one source.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable, Hashable
from typing import Any, TypeVar

T = TypeVar("T")

SHARED_SECONDS = 1.0
"""From when a question was asked until the same one is asked anew."""


class Sharing:
    """Answers by question. For one event loop."""

    def __init__(
        self, seconds: float = SHARED_SECONDS, now: Callable[[], float] = time.monotonic
    ) -> None:
        self._seconds = seconds
        self._now = now
        self._tasks: dict[Hashable, asyncio.Task[Any]] = {}

    async def get(self, question: Hashable, ask: Callable[[], Awaitable[T]]) -> T:
        """The answer, of a question that is under way or was asked just now, if there is one."""
        task = self._tasks.get(question)
        if task is None:
            task = self._tasks[question] = asyncio.ensure_future(ask())
            until = self._now() + self._seconds
            task.add_done_callback(lambda _: self._keep(question, until - self._now()))
        # Who gives up does not take the answer away from the others.
        answer: T = await asyncio.shield(task)
        return answer

    async def close(self) -> None:
        """End what is under way."""
        tasks = list(self._tasks.values())
        self._tasks.clear()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _keep(self, question: Hashable, seconds: float) -> None:
        if seconds > 0:
            asyncio.get_running_loop().call_later(seconds, self._tasks.pop, question, None)
        else:
            self._tasks.pop(question, None)
