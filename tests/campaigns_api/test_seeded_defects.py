"""Tests of the tests: the oracles of the real campaign notice defects of the product."""

import asyncio
from pathlib import Path

import pytest
from tests.campaigns.defects import DEFECTS, Defect, copy_with
from tests.campaigns.plans import parse
from tests.campaigns_api.ground import ground
from tests.campaigns_api.runner import perform

pytestmark = [pytest.mark.campaign, pytest.mark.api]

PLANS = {
    "a rollback restores the images of the attempt itself": ("breach",),
    "a migration's Job is created ready to run": ("success",),
    "migrations are reverted oldest first": ("breach",),
    "migrations are reverted while the new code still runs": ("breach",),
    "a deleted Release is let go before it was rolled back": ("deleted",),
    "an object that exists already is not taken over": tuple(
        f"success:{number}:after-kill" for number in (3, 5, 7)
    ),
}
"""Defect -> recipes of which at least one must show a breach without looking at other runs."""


async def hunt(kubeconfig: Path, folder: Path, defect: Defect) -> list[str]:
    """Run the plans of a defect on a copy of the product with it."""
    root = folder / defect.name.replace(" ", "-")
    copy_with(defect, root)
    recipes = PLANS[defect.name]
    async with ground(kubeconfig, root, len(recipes), root) as made:
        runs = await asyncio.gather(*(perform(made, parse(recipe)) for recipe in recipes))
    return [breach for run in runs for breach in run.breaches]


async def test_defects_are_noticed(kubeconfig: Path, tmp_path: Path) -> None:
    """That a product without them shows nothing is what `test_crash_at_every_write` says."""
    defects = [defect for defect in DEFECTS if defect.name in PLANS]
    assert len(defects) == len(PLANS), "a defect has another name now"

    found = await asyncio.gather(*(hunt(kubeconfig, tmp_path, defect) for defect in defects))

    assert [d.name for d, breaches in zip(defects, found, strict=True) if not breaches] == []
