"""Customers: a constant, modest stream of requests, whatever the shop answers.

RATE is in requests per second. A request that finds CONCURRENCY others under way is left out and
counted, so a slow shop is never buried under its own customers.
"""

import asyncio
import logging
import os
import signal
from collections import Counter
from collections.abc import Awaitable, Callable
from itertools import cycle

import aiohttp

from bookshop import settings

log = logging.getLogger(__name__)

SECONDS_PER_REPORT = 10
PATIENCE = aiohttp.ClientTimeout(total=5)

Visit = Callable[[aiohttp.ClientSession], Awaitable[int]]


def main(_: list[str]) -> int:
    """Send requests until told to stop."""
    rate = float(os.environ.get("RATE", "10"))
    concurrency = int(os.environ.get("CONCURRENCY", "8"))
    try:
        asyncio.run(_run(rate, concurrency))
    except asyncio.CancelledError:
        log.info("stopped")
    return 0


async def _run(rate: float, concurrency: int) -> None:
    task = asyncio.current_task()
    if task:
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, task.cancel)
    # A connection per request: the Service then spreads them over old and new pods alike.
    connector = aiohttp.TCPConnector(force_close=True)
    async with (
        aiohttp.ClientSession(timeout=PATIENCE, connector=connector) as session,
        asyncio.TaskGroup() as group,
    ):
        crowd = Crowd(session, concurrency)
        group.create_task(crowd.report())
        await crowd.arrive(rate, group)


async def look_at_books(session: aiohttp.ClientSession) -> int:
    """List the books."""
    async with session.get(f"{settings.backend_url()}/api/books") as answer:
        await answer.read()
        return answer.status


async def open_page(session: aiohttp.ClientSession) -> int:
    """Open the shop's page."""
    async with session.get(settings.frontend_url()) as answer:
        await answer.read()
        return answer.status


async def order_book(session: aiohttp.ClientSession) -> int:
    """Order two copies of a book."""
    wish = {"book_id": 1, "quantity": 2}
    async with session.post(f"{settings.backend_url()}/api/orders", json=wish) as answer:
        await answer.read()
        return answer.status


DAY = (*[look_at_books] * 7, *[open_page] * 2, order_book)


class Crowd:
    """The customers in the shop and how they fared."""

    def __init__(self, session: aiohttp.ClientSession, concurrency: int) -> None:
        self._session = session
        self._places = asyncio.Semaphore(concurrency)
        self._fared: Counter[str] = Counter()

    async def arrive(self, rate: float, group: asyncio.TaskGroup) -> None:
        """Let customers in at a constant rate."""
        now = asyncio.get_running_loop().time
        due = now()
        for visit in cycle(DAY):
            if self._places.locked():
                self._fared["left out"] += 1
            else:
                await self._places.acquire()
                group.create_task(self._serve(visit))
            due = max(due + 1 / rate, now() - 1)  # after a pause, no more than a second to catch up
            await asyncio.sleep(max(0.0, due - now()))

    async def _serve(self, visit: Visit) -> None:
        try:
            self._fared[str(await visit(self._session))] += 1
        except (aiohttp.ClientError, TimeoutError) as trouble:
            self._fared[type(trouble).__name__] += 1
        finally:
            self._places.release()

    async def report(self) -> None:
        """Tell now and then how customers fared."""
        while True:
            await asyncio.sleep(SECONDS_PER_REPORT)
            log.info("%s", ", ".join(f"{n} x {how}" for how, n in sorted(self._fared.items())))
            self._fared.clear()
