"""Which plans a run on the real API server takes: a sample, or with CAMPAIGNS=all every write.

CAMPAIGN_SEED draws another sample; the same seed draws the same numbers from the same product.
"""

import os
import random
from collections.abc import Mapping

from tests.campaigns.choice import EVERYTHING
from tests.campaigns.plans import Fault, Plan
from tests.campaigns_api.runner import Run

SEED = os.environ.get("CAMPAIGN_SEED", "1")
NEWS = ("drop", "gone", "stale", "late", "merge")
"""What can be wrong with what the operator hears."""
KINDS: tuple[str, ...] = (*(str(fault) for fault in Fault), *NEWS)
SAMPLE = 18
"""Plans per fault at a write; every story is among them."""
SAMPLES = {"drop": 12, "gone": 6, "stale": 10, "late": 8, "merge": 6}
THOROUGH = ("success", "breach", "deleted", "two-in-a-row")
"""Stories of which CAMPAIGNS=all takes every piece of news and listing too."""
MANY = 25
"""Pieces of news and listings that it takes of each of the others."""
WATCHED = ("releases", "jobs", "deployments", "pods")
# A run on a less busy machine is shorter, and so tells less: a quarter at the end is left out.
DELAYS = {"late": (1, 3, 10, 1000), "merge": (2, 10)}


def plans(kind: str, references: Mapping[str, Run]) -> list[Plan]:
    """Plans of one kind, over all stories of which the run without faults is known."""
    stories = [_of(kind, story, run) for story, run in references.items()]
    if EVERYTHING:
        return [plan for story in stories for plan in story]
    dice = random.Random(f"{SEED} {kind}")  # noqa: S311 - no secret
    for story in stories:
        dice.shuffle(story)
    dice.shuffle(stories)
    return _in_turn(stories)[: SAMPLES.get(kind, SAMPLE)]


def _in_turn(stories: list[list[Plan]]) -> list[Plan]:
    """One of each, then the second of each, and so on."""
    longest = max((len(story) for story in stories), default=0)
    return [story[turn] for turn in range(longest) for story in stories if turn < len(story)]


def _of(kind: str, story: str, run: Run) -> list[Plan]:
    if kind in DELAYS:
        return [
            Plan(story, of=of, **{kind: number})  # type: ignore[arg-type]
            for number in DELAYS[kind]
            for of in ("", *WATCHED)
        ]
    if kind in NEWS:
        told = run.outdated if kind == "stale" else run.news
        return _numbered(kind, story, told - told // 4)
    return [Plan(story, ((number, Fault(kind)),)) for number in range(1, len(run.writes) + 1)]


def _numbered(kind: str, story: str, count: int) -> list[Plan]:
    numbers = list(range(1, count + 1))
    if story not in THOROUGH and len(numbers) > MANY:
        dice = random.Random(f"{SEED} {kind} {story}")  # noqa: S311 - no secret
        numbers = sorted(dice.sample(numbers, MANY))
    return [Plan(story, **{kind: number}) for number in numbers]  # type: ignore[arg-type]
