"""The operator is killed, refused, doubted and disturbed at each of its calls.

Whatever happens at one call, the release ends as it would have ended, and every program ran as
often as it would have run.
"""

import pytest
from tests.campaigns.choice import sample, single_faults
from tests.campaigns.plans import Fault, Plan, parse
from tests.campaigns.pool import Pool
from tests.campaigns.runner import reference
from tests.campaigns.workloads import WORKLOADS

pytestmark = pytest.mark.campaign
PAIRS = 40


@pytest.mark.parametrize("workload", WORKLOADS)
async def test_without_faults_a_workload_ends_as_expected(workload: str) -> None:
    run = await reference(workload)

    assert run.breaches == ()


@pytest.mark.parametrize("fault", Fault)
@pytest.mark.parametrize("workload", WORKLOADS)
async def test_a_fault_at_any_call_changes_nothing(workload: str, fault: Fault, pool: Pool) -> None:
    calls = (await reference(workload)).calls

    breaches = pool.run(fault, single_faults(workload, fault, calls))

    assert breaches == []


async def test_two_crashes_in_a_row_change_nothing(pool: Pool) -> None:
    length = len((await reference("breach")).calls)
    kills = (Fault.BEFORE_KILL, Fault.AFTER_KILL)
    pairs = [
        Plan("breach", ((first, one), (second, other)))
        for first in range(1, length + 1)
        for second in range(1, length - first + 1)
        for one in kills
        for other in kills
    ]

    breaches = pool.run("pairs of crashes", sample(pairs, PAIRS))

    assert breaches == []


@pytest.mark.parametrize(
    "recipe",
    [
        "breach",
        "breach:17:after-kill:3:rival",
        "success:late=3:drop=5",
        "success:freeze=9",
        "deleted:stale=3:merge=5:of=jobs",
    ],
)
def test_a_recipe_is_the_plan_it_was_made_from(recipe: str) -> None:
    assert str(parse(recipe)) == recipe
