"""An operator that wakes when another has turned the release back brings no version up."""

import pytest
from tests.campaigns.choice import sample
from tests.campaigns.plans import Plan
from tests.campaigns.runner import perform, reference

pytestmark = pytest.mark.campaign
WRITES = {"Service", "Deployment"}
SAMPLE = 4


@pytest.mark.parametrize("workload", ["blue-green", "blue-green-breach"])
async def test_a_write_that_comes_late_gives_no_traffic_to_what_was_taken_back(
    workload: str,
) -> None:
    calls = (await reference(workload)).calls
    plans = [
        Plan(workload, freeze=number, ordered=1)
        for number, call in enumerate(calls, 1)
        if call.writes and call.ref.kind.kind in WRITES
    ]

    for plan in sample(plans, SAMPLE):
        run = await perform(plan)

        # A person's order ends it otherwise than planned: what counts is who serves.
        wrong = [text for text in run.breaches if text.startswith(("serving", "I12", "I6"))]
        if run.outcome.release["phase"] == "RolledBack":
            wrong = [text for text in wrong if "not 1.3.0" not in text]
        assert wrong == [], plan
