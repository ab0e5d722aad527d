"""Runs many plans on all processors and says how each that failed can be run again."""

import asyncio
import logging
import os
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context

from tests.campaigns.plans import Plan
from tests.campaigns.runner import verify

PLAN_SECONDS = 60
"""A plan takes a tenth of a second; beyond this it runs in a circle."""


class Pool:
    """Processes that run plans, and the count of what they ran."""

    def __init__(self) -> None:
        self._workers = os.cpu_count() or 1
        self._pool = ProcessPoolExecutor(self._workers, get_context("spawn"))
        self.ran: dict[str, int] = {}

    def close(self) -> None:
        """End the processes."""
        self._pool.shutdown(cancel_futures=True)

    def run(self, campaign: str, plans: Sequence[Plan]) -> list[str]:
        """Run the plans; return what they breached, each with its recipe."""
        self.ran[campaign] = self.ran.get(campaign, 0) + len(plans)
        shares = [plans[first :: self._workers] for first in range(self._workers)]
        return sorted(line for lines in self._pool.map(run_all, shares) for line in lines)


def run_all(plans: Sequence[Plan]) -> list[str]:
    """Run plans one after the other."""
    logging.disable(logging.CRITICAL)
    return asyncio.run(_run_all(plans))


async def _run_all(plans: Sequence[Plan]) -> list[str]:
    found = []
    for plan in plans:
        try:
            breaches = await asyncio.wait_for(verify(plan), PLAN_SECONDS)
        except TimeoutError:
            breaches = [f"I10: no end within {PLAN_SECONDS} s"]
        if breaches:
            found.append(f"{plan} (python -m tests.campaigns.replay {plan}): {'; '.join(breaches)}")
    return found
