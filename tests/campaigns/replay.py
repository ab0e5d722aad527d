"""Runs one plan and shows every call of the operator: `python -m tests.campaigns.replay PLAN`."""

import asyncio
import sys

from tests.campaigns.plans import parse
from tests.campaigns.runner import perform, verify


async def replay(recipe: str) -> int:
    """Show the calls of a plan and what it breaches."""
    plan = parse(recipe)
    run = await perform(plan)
    for number, call in enumerate(run.calls, 1):
        print(f"{number:4} {call.verb:15} {call.ref.kind.kind} {call.ref.name}")  # noqa: T201
    breaches = await verify(plan)
    print("\n".join(breaches) or "no breach")  # noqa: T201
    return 1 if breaches else 0


if __name__ == "__main__":
    sys.exit(asyncio.run(replay(sys.argv[1])))
