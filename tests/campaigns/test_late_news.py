"""Watches lag behind, or lose something that only the next resync brings."""

import pytest
from tests.campaigns.choice import THOROUGH, sample
from tests.campaigns.plans import Plan
from tests.campaigns.pool import Pool
from tests.campaigns.runner import reference
from tests.campaigns.workloads import WORKLOADS

pytestmark = pytest.mark.campaign
LAGS = (1, 2, 5, 1000)
DROPS = 8


@pytest.mark.parametrize("workload", WORKLOADS)
def test_late_news_change_nothing(workload: str, pool: Pool) -> None:
    breaches = pool.run("late news", [Plan(workload, late=lag) for lag in LAGS])

    assert breaches == []


@pytest.mark.parametrize("workload", THOROUGH)
async def test_lost_news_are_made_good_by_the_resync(workload: str, pool: Pool) -> None:
    news = (await reference(workload)).news
    plans = [Plan(workload, drop=number) for number in range(1, news + 1)]

    breaches = pool.run("lost news", sample(plans, DROPS))

    assert breaches == []
