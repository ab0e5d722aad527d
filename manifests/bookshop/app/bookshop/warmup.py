"""Warm the service up: fetch the hot pages a few times, so that customers find it quick."""

import asyncio
import os
import time

import aiohttp

from bookshop import settings

PATIENCE = aiohttp.ClientTimeout(total=5)


def main(_: list[str]) -> int:
    """Fetch each hot page ROUNDS times; fail when a page never answered well."""
    return asyncio.run(_run(int(os.environ.get("ROUNDS", "10"))))


async def _run(rounds: int) -> int:
    pages = (f"{settings.frontend_url()}/", f"{settings.backend_url()}/api/books")
    cold = []
    async with aiohttp.ClientSession(
        timeout=PATIENCE, connector=aiohttp.TCPConnector(force_close=True)
    ) as session:
        for page in pages:
            begun = time.perf_counter()
            well = sum([await _fetch(session, page) for _ in range(rounds)])
            took = (time.perf_counter() - begun) / rounds
            print(f"{page}: {well} of {rounds} well, {took * 1000:.0f} ms each", flush=True)
            cold += [] if well else [page]
    settings.leave_message(f"never answered: {', '.join(cold)}" if cold else "warm")
    return 1 if cold else 0


async def _fetch(session: aiohttp.ClientSession, page: str) -> bool:
    try:
        async with session.get(page) as answer:
            await answer.read()
            return answer.ok
    except (aiohttp.ClientError, TimeoutError) as trouble:
        print(f"{page}: {trouble!r}", flush=True)
        return False
