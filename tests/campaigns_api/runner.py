"""Runs plans on the real API server: one world per plan, many worlds side by side."""

import asyncio
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from tests.campaigns.plans import Plan
from tests.campaigns.workloads import WORKLOADS
from tests.campaigns_api.chronicle import KINDS
from tests.campaigns_api.ground import Ground
from tests.campaigns_api.stories import RACES, play_of
from tests.campaigns_api.verdict import (
    Verdict,
    Words,
    count_differences,
    end_differences,
    judge,
)
from tests.campaigns_api.world import ApiWorld, api_world
from tests.proxy.proxy import Write

from release_coordinator.errors import ReleaseCoordinatorError

PLAN_SECONDS = 600.0
"""Twenty times what a plan takes on a machine that has other work too."""
REPLAY = "python -m tests.campaigns_api.replay"


@dataclass(frozen=True)
class Run:
    """What came of a plan."""

    plan: Plan
    writes: tuple[Write, ...]
    """Until the end of the story."""
    news: int
    outdated: int
    """Listings that brought news."""
    verdict: Verdict | None
    breaches: tuple[str, ...]
    seconds: float

    @property
    def hit(self) -> bool:
        """Whether every fault of the plan took place."""
        plan = self.plan
        met = [write.fault for write in self.writes if write.fault]
        return (
            len(met) == len(plan.shots)
            and self.outdated >= plan.stale
            and self.news >= max(plan.drop, plan.gone)
        )


async def perform(ground: Ground, plan: Plan) -> Run:
    """Run a plan, as soon as there is a free site for it."""
    site = await ground.sites.get()
    start = asyncio.get_running_loop().time()
    try:
        async with api_world(ground, site, plan, WORKLOADS[plan.workload].script()) as world:
            try:
                return await asyncio.wait_for(_perform(world, plan, start), PLAN_SECONDS)
            except (AssertionError, TimeoutError, ReleaseCoordinatorError) as error:
                text = f"I10: {error or f'no end within {PLAN_SECONDS:.0f} s'}; log: {world.log}"
                return _run(world, plan, None, [text], start)
    finally:
        ground.sites.put_nowait(site)


async def _perform(world: ApiWorld, plan: Plan, start: float) -> Run:
    await play_of(plan.workload)(world)
    breaches = await world.silence()
    if world.exits:
        breaches.append(f"the operator ended by itself {world.exits} times; log: {world.log}")
    await world.caught_up_with(KINDS)
    words = Words(*world.names)
    log = world.log.read_text(encoding="utf-8", errors="replace")
    workload = WORKLOADS[plan.workload]
    verdict = judge(workload, world.story.in_order(), world.kubelet, words, log)
    return _run(world, plan, verdict, [*breaches, *verdict.breaches], start)


def _run(
    world: ApiWorld, plan: Plan, verdict: Verdict | None, breaches: list[str], start: float
) -> Run:
    return Run(
        plan,
        tuple(world.proxy.writes),
        world.proxy.news.told,
        world.proxy.news.outdated,
        verdict,
        tuple(breaches),
        asyncio.get_running_loop().time() - start,
    )


@dataclass
class Campaign:
    """Runs without faults, learned once, and the runs that are compared with them."""

    ground: Ground
    runs: list[Run] = field(default_factory=list)
    _references: dict[str, "asyncio.Task[Run]"] = field(default_factory=dict)

    async def reference(self, story: str) -> Run:
        """The run without faults."""
        if story not in self._references:
            self._references[story] = asyncio.create_task(perform(self.ground, Plan(story)))
        return await self._references[story]

    async def references(self, stories: Iterable[str]) -> dict[str, Run]:
        """The runs without faults."""
        names = tuple(stories)
        runs = await asyncio.gather(*(self.reference(name) for name in names))
        return dict(zip(names, runs, strict=True))

    async def verify(self, plan: Plan) -> tuple[Run, list[str]]:
        """Run a plan; return every breach too, compared with the run without faults."""
        wanted = await self.reference(plan.workload)
        run = await perform(self.ground, plan)
        self.runs.append(run)
        breaches = list(run.breaches)
        if run.verdict and wanted.verdict:
            races = RACES.get(plan.workload, frozenset())
            breaches += end_differences(run.verdict.outcome, wanted.verdict.outcome, races)
            breaches += count_differences(run.verdict.counts, wanted.verdict.counts)
        return run, breaches

    async def verify_all(self, plans: Iterable[Plan]) -> dict[Plan, list[str]]:
        """Run plans side by side; return what each breached."""
        tasks = {plan: asyncio.create_task(self.verify(plan)) for plan in plans}
        await asyncio.gather(*tasks.values())
        return {plan: task.result()[1] for plan, task in tasks.items()}


def told(found: Mapping[Plan, list[str]]) -> list[str]:
    """What was breached, each with its recipe and how to run it again."""
    return [
        f"{plan} (again: {REPLAY} {plan}): {'; '.join(breaches)}"
        for plan, breaches in found.items()
        if breaches
    ]
