"""The ground of the campaigns, the runs that all tests share, and the line that tells of them."""

from collections.abc import AsyncIterator, Iterator, Mapping
from pathlib import Path

import pytest
from tests import lanes
from tests.campaigns_api.choice import KINDS, plans
from tests.campaigns_api.found import Found
from tests.campaigns_api.ground import ground
from tests.campaigns_api.hunts import Hunts
from tests.campaigns_api.runner import Campaign, Run
from tests.campaigns_api.stories import STORIES
from tools.bench.ground import install_definitions
from tools.bench.tuning import unthrottle_controllers
from tools.cluster.clusters import Cluster

SIDE_BY_SIDE = 10
"""Plans at once, enough to keep two cores busy: most of a plan is waiting for controllers."""
GARBAGE_PERCENT = "200"
"""Memory for time: so much more than it needs the API server uses until it collects garbage."""


@pytest.fixture(scope="module")
def spendthrift() -> Iterator[None]:
    """Let what is started meanwhile collect garbage seldom."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("GOGC", GARBAGE_PERCENT)
        yield


@pytest.fixture(scope="module")
def kubeconfig(spendthrift: None, own_light_cluster: Cluster) -> Path:  # noqa: ARG001 - for its effect
    """Return the kubeconfig of a cluster with our definitions and hurried controllers."""
    if own_light_cluster.existing is None:
        unthrottle_controllers(own_light_cluster)
    install_definitions(own_light_cluster.kubeconfig)
    return own_light_cluster.kubeconfig


@pytest.fixture(scope="module")
async def campaign(
    kubeconfig: Path, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Campaign]:
    """Return what runs plans on the real API server."""
    folder = tmp_path_factory.mktemp("campaign")
    async with ground(kubeconfig, folder, SIDE_BY_SIDE) as made:
        yield Campaign(made)


@pytest.fixture(scope="module")
async def hunts(
    campaign: Campaign, tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest
) -> AsyncIterator[Hunts]:
    """Begin to look for the defects that the selected tests name."""
    made = Hunts(campaign, tmp_path_factory.mktemp("defects"))
    made.begin(_asked(request, "defect"))
    yield made
    await made.end()


@pytest.fixture(scope="module")
async def references(
    campaign: Campaign,
    hunts: Hunts,  # noqa: ARG001 - they begin early, and take their time meanwhile
    request: pytest.FixtureRequest,
) -> Mapping[str, Run]:
    """Run what the selected tests need without faults, side by side."""
    kinds, stories = _asked(request, "kind"), _asked(request, "story")
    return await campaign.references(STORIES if kinds else stories)


@pytest.fixture(scope="module")
async def found(
    campaign: Campaign, references: Mapping[str, Run], request: pytest.FixtureRequest
) -> Found:
    """Run all plans of the kinds that the selected tests ask for, side by side."""
    asked = _asked(request, "kind")
    kinds = {kind: plans(kind, references) for kind in KINDS if kind in asked}
    longest_first = sorted(
        (plan for mine in kinds.values() for plan in mine),
        key=lambda plan: -references[plan.workload].seconds,
    )
    breaches = await campaign.verify_all(longest_first)
    made = Found(kinds, breaches, campaign.runs)
    lanes.say(request.config, made.summary())
    return made


def _asked(request: pytest.FixtureRequest, parameter: str) -> list[str]:
    """Values of a parameter of the selected tests of this module, each once."""
    items = [
        item
        for item in request.session.items
        if isinstance(item, pytest.Function) and item.path == request.path
    ]
    asked = [item.callspec.params.get(parameter) for item in items if hasattr(item, "callspec")]
    return [str(value) for value in dict.fromkeys(asked) if value is not None]
