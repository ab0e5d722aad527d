"""Releases that share workloads; `python -m tests.campaigns.hunt sharing=SEED` replays a run."""

import pytest
from tests.campaigns.choice import EVERYTHING
from tests.campaigns.sharing import SHARING, share

pytestmark = pytest.mark.campaign
SEEDS = range(1, 401 if EVERYTHING else 21)


@pytest.mark.parametrize("seed", SEEDS)
async def test_at_most_one_attempt_changes_a_workload_and_nobody_is_forgotten(seed: int) -> None:
    assert await share(seed) == [], f"{SHARING}{seed}"
