"""Where defects of the product must show on a real API server, and the runs that look for them.

A plan is aimed at a write by what it writes: numbers move with every write that the product makes
before, and on a busy machine there is one more or less.
"""

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from tests.campaigns.defects import DEFECTS, copy_with
from tests.campaigns.plans import Fault, Plan
from tests.campaigns_api.ground import with_product
from tests.campaigns_api.runner import Campaign, perform


@dataclass(frozen=True)
class Aim:
    """A plan that must show a breach, without looking at other runs."""

    story: str
    fault: Fault | None = None
    write: str = ""
    """How the write begins at which the fault happens, the first time."""

    def plan(self) -> Plan:
        """Return the plan."""
        if self.fault is None:
            return Plan(self.story)
        return Plan(self.story, ((1, self.fault),), at=self.write)


AIMS: dict[str, tuple[Aim, ...]] = {
    "a rollback restores the images of the attempt itself": (Aim("breach"),),
    "a migration's Job is created ready to run": (Aim("success"),),
    "migrations are reverted oldest first": (Aim("breach"),),
    "migrations are reverted while the new code still runs": (Aim("breach"),),
    "a deleted Release is let go before it was rolled back": (Aim("deleted"),),
    # Of the plan a new process does not know that it is there until it creates it again; all other
    # objects it meets by looking first.
    "an object that exists already is not taken over": (
        Aim("success", Fault.AFTER_KILL, "create controllerrevisions bookshop-1-"),
    ),
}
"""Defect -> plans each of which must show a breach."""


class Hunts:
    """The hunts for all defects, side by side with whatever else runs on the ground."""

    def __init__(self, campaign: Campaign, folder: Path) -> None:
        self._campaign = campaign
        self._folder = folder
        self._hunts: dict[str, asyncio.Task[list[str]]] = {}

    def begin(self, names: Iterable[str]) -> None:
        """Start hunts early: one for a defect that shows by standing still takes a minute."""
        for name in names:
            if name not in self._hunts:
                self._hunts[name] = asyncio.create_task(self._hunt(name))

    async def unnoticed(self, name: str) -> list[str]:
        """Return in which of its plans a defect did not show."""
        self.begin([name])
        return await self._hunts[name]

    async def end(self) -> None:
        """Stop what still runs."""
        for task in self._hunts.values():
            task.cancel()
        await asyncio.gather(*self._hunts.values(), return_exceptions=True)

    async def _hunt(self, name: str) -> list[str]:
        defect = next((one for one in DEFECTS if one.name == name), None)
        assert defect is not None, f"the defect {name!r} has another name now"
        plans = [aim.plan() for aim in AIMS[name]]
        root = self._folder / name.replace(" ", "-")
        copy_with(defect, root)
        async with with_product(self._campaign.ground, root) as made:
            runs = await asyncio.gather(*(perform(made, plan) for plan in plans))
        missed = [str(run.plan) for run in runs if not run.hit]
        assert not missed, f"these plans have nothing to hit now: {missed}"
        return [str(run.plan) for run in runs if not run.breaches]
