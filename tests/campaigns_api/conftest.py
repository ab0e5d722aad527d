"""The ground of the campaigns, the runs that all tests share, and the line that tells of them."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from tests.campaigns_api.choice import KINDS, plans
from tests.campaigns_api.found import Found
from tests.campaigns_api.ground import ground
from tests.campaigns_api.runner import Campaign
from tests.campaigns_api.stories import STORIES
from tools.bench.ground import install_definitions
from tools.bench.tuning import unthrottle_controllers
from tools.cluster.clusters import Cluster

SIDE_BY_SIDE = 12
"""Plans at once: most of a plan is waiting for controllers."""
_LINES = pytest.StashKey[list[str]]()


@pytest.fixture(scope="module")
def kubeconfig(own_light_cluster: Cluster) -> Path:
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
async def found(campaign: Campaign, request: pytest.FixtureRequest) -> Found:
    """Run all plans of the kinds that the selected tests ask for, side by side."""
    asked = {
        item.callspec.params.get("kind")
        for item in request.session.items
        if isinstance(item, pytest.Function) and hasattr(item, "callspec")
    }
    references = await campaign.references(STORIES)
    kinds = {kind: plans(kind, references) for kind in KINDS if kind in asked}
    breaches = await campaign.verify_all([plan for mine in kinds.values() for plan in mine])
    made = Found(kinds, breaches, campaign.runs)
    request.config.stash[_LINES] = made.summary()
    return made


def pytest_terminal_summary(
    terminalreporter: pytest.TerminalReporter, config: pytest.Config
) -> None:
    """Say how many plans there were."""
    for line in config.stash.get(_LINES, []):
        terminalreporter.write_line(line)
