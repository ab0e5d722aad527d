"""The operator's process on a real API server, killed, doubted and misled at any of its writes.

Whatever happens once, the release ends as it would have ended, every program ran as often as it
would have run, and every object was created, changed and deleted as often. See docs/campaigns.md.
"""

from collections.abc import Mapping

import pytest
from tests.campaigns.plans import Fault
from tests.campaigns_api.choice import NEWS
from tests.campaigns_api.found import Found
from tests.campaigns_api.hunts import AIMS, Hunts
from tests.campaigns_api.runner import Run
from tests.campaigns_api.stories import STORIES

pytestmark = [pytest.mark.campaign, pytest.mark.api]
MOST = 0.8
"""Share of the plans that must hit something: a run may have a write less than its model."""


@pytest.mark.parametrize("story", STORIES)
def test_without_faults_a_story_ends_as_expected(story: str, references: Mapping[str, Run]) -> None:
    assert references[story].breaches == ()


@pytest.mark.parametrize("kind", [str(fault) for fault in Fault])
def test_a_fault_at_any_write_changes_nothing(kind: str, found: Found) -> None:
    assert found.of(kind) == []
    assert found.hits(kind) >= MOST


@pytest.mark.parametrize("kind", NEWS)
def test_old_late_and_lost_news_change_nothing(kind: str, found: Found) -> None:
    assert found.of(kind) == []
    assert found.hits(kind) >= MOST


@pytest.mark.parametrize("defect", AIMS)
async def test_a_defect_of_the_product_is_noticed(defect: str, hunts: Hunts) -> None:
    """That a product without it shows nothing is what the tests above say."""
    assert await hunts.unnoticed(defect) == []
