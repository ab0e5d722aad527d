"""Two operators at once: a Lease makes that rare, preconditions make it harmless."""

import pytest
from tests.campaigns.choice import THOROUGH, sample
from tests.campaigns.plans import Fault, Plan
from tests.campaigns.pool import Pool
from tests.campaigns.runner import perform, reference
from tests.campaigns.workloads import DOWN, UP

pytestmark = pytest.mark.campaign
SEEDS = range(1, 201)
SEEDED, FROZEN = 15, 25


@pytest.mark.parametrize("workload", THOROUGH)
def test_two_operators_in_any_order_end_like_one(workload: str, pool: Pool) -> None:
    plans = [Plan(workload, seed=seed) for seed in SEEDS]

    breaches = pool.run("two operators", sample(plans, SEEDED))

    assert breaches == []


@pytest.mark.parametrize("workload", THOROUGH)
async def test_an_operator_that_wakes_after_another_took_over_does_no_harm(
    workload: str, pool: Pool
) -> None:
    calls = (await reference(workload)).calls
    plans = [Plan(workload, freeze=number) for number in range(1, len(calls) + 1)]

    breaches = pool.run("frozen operator", sample(plans, FROZEN))

    assert breaches == []


async def test_an_operator_that_falls_asleep_while_it_tries_again_does_no_harm(
    pool: Pool,
) -> None:
    """What it looks at when it wakes is new, what it remembers is not."""
    calls = (await reference("breach")).calls
    plans = [
        Plan("breach", ((number, Fault.REFUSED),), freeze=number + later)
        for number, call in enumerate(calls, 1)
        if call.verb in {"create", "patch"} and call.ref.kind.kind != "Event"
        for later in (1, 2)
    ]

    breaches = pool.run("frozen operator", sample(plans, FROZEN))

    assert breaches == []


async def test_a_migration_that_was_called_off_is_not_let_run_by_an_operator_that_wakes() -> None:
    calls = (await reference("success")).calls
    resume = next(
        n for n, c in enumerate(calls, 1) if (c.verb, c.ref.kind.kind) == ("patch", "Job")
    )

    run = await perform(Plan("success", freeze=resume, ordered=1))

    assert run.outcome.programs.count(UP) == run.outcome.programs.count(DOWN)
