"""Runs plans: one world per plan, from an empty API server to three resyncs after the end."""

from dataclasses import dataclass

from tests.campaigns.duet import Duet
from tests.campaigns.monitor import Monitor
from tests.campaigns.oracles import Outcome, differences, outcome, unexpected
from tests.campaigns.plans import Plan
from tests.campaigns.troubled import Circle, TroubledWorld
from tests.campaigns.workloads import WORKLOADS

from release_coordinator.cluster.memory import Call

RESYNCS = 3
RESYNC_SECONDS = 300


@dataclass(frozen=True)
class Run:
    """What came of a plan."""

    calls: tuple[Call, ...]
    news: int
    outcome: Outcome
    breaches: tuple[str, ...]


async def perform(plan: Plan) -> Run:
    """Run a plan."""
    workload = WORKLOADS[plan.workload]
    world = Duet(plan) if plan.freeze or plan.seed else TroubledWorld(plan)
    monitor = Monitor(world)
    await world.setup()
    world.arm()
    breaches: list[str] = []
    try:
        await workload.play(world)
        calls = tuple(world.calls)
        breaches += await _silence(world)
    except (AssertionError, RuntimeError, LookupError, Circle) as error:
        calls = tuple(world.calls)
        breaches.append(f"I10: {type(error).__name__}: {error}")
    found = outcome(world, monitor)
    breaches += [*monitor.breaches, *unexpected(workload, world, found)]
    return Run(calls, world.news, found, tuple(breaches))


async def _silence(world: TroubledWorld) -> list[str]:
    """I9: once everything is over, resyncs lead to no call at all."""
    await world.settle()
    before = len(world.calls)
    for _ in range(RESYNCS):
        await world.advance(RESYNC_SECONDS)
        await world.resync()
    noise = [f"{call.verb} {call.ref.kind.kind}" for call in world.calls[before:]]
    return [f"I9: calls after the end: {noise}"] if noise else []


_references: dict[str, Run] = {}


async def reference(workload: str) -> Run:
    """The run without faults; learned once."""
    if workload not in _references:
        _references[workload] = await perform(Plan(workload))
    return _references[workload]


async def verify(plan: Plan) -> list[str]:
    """Run a plan; return every breach, compared with the run without faults too."""
    run = await perform(plan)
    wanted = await reference(plan.workload)
    return [*run.breaches, *differences(run.outcome, wanted.outcome)]
