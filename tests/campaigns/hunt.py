"""Runs plans in this process and prints what they breach: `python -m tests.campaigns.hunt PLAN…`.

Compared with the written expectations only, never with a run of the same, perhaps defective,
code. Stops at the first plan that shows a breach.
"""

import asyncio
import logging
import sys
from collections.abc import Sequence

from tests.campaigns.plans import parse
from tests.campaigns.runner import perform
from tests.campaigns.sharing import SHARING, share


async def hunt(recipes: list[str]) -> int:
    """Run the plans until one shows a breach."""
    for recipe in recipes:
        if recipe.startswith(SHARING):
            breaches: Sequence[str] = await share(int(recipe.removeprefix(SHARING)))
        else:
            breaches = (await perform(parse(recipe))).breaches
        if breaches:
            print(recipe, *breaches, sep="\n  ")  # noqa: T201
            return 1
    return 0


if __name__ == "__main__":
    logging.disable(logging.CRITICAL)
    sys.exit(asyncio.run(hunt(sys.argv[1:])))
