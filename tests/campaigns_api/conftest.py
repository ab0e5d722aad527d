"""The ground of the campaigns, the runs that all tests share, and the line that tells of them."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from tests.campaigns.plans import Plan
from tests.campaigns_api.choice import KINDS, SEED, plans
from tests.campaigns_api.ground import ground
from tests.campaigns_api.runner import Campaign, told
from tests.campaigns_api.stories import STORIES
from tools.bench.ground import install_definitions
from tools.bench.tuning import unthrottle_controllers
from tools.cluster.clusters import Cluster

SIDE_BY_SIDE = 12
"""Plans at once: most of a plan is waiting for controllers."""
_LINES = pytest.StashKey[list[str]]()


@dataclass(frozen=True)
class Found:
    """What the plans of a run breached, by kind of fault."""

    kinds: dict[str, list[Plan]]
    breaches: dict[Plan, list[str]]
    missed: frozenset[Plan]
    """Plans whose fault found nothing to hit."""

    def of(self, kind: str) -> list[str]:
        """What the plans of a kind breached, each with its recipe."""
        return told({plan: self.breaches[plan] for plan in self.kinds[kind]})

    def hits(self, kind: str) -> float:
        """Share of the plans of a kind whose fault took place."""
        mine = self.kinds[kind]
        return sum(plan not in self.missed for plan in mine) / max(1, len(mine))


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
        item.callspec.params["kind"]
        for item in request.session.items
        if isinstance(item, pytest.Function) and "kind" in getattr(item, "callspec", _None).params
    }
    references = await campaign.references(STORIES)
    kinds = {kind: plans(kind, references) for kind in KINDS if kind in asked}
    breaches = await campaign.verify_all([plan for mine in kinds.values() for plan in mine])
    missed = frozenset(run.plan for run in campaign.runs if not run.hit)
    made = Found(kinds, breaches, missed)
    request.config.stash[_LINES] = _lines(made, campaign)
    return made


class _None:
    """Stands for the parameters of a test that has none."""

    params: dict[str, object] = {}  # noqa: RUF012 - never changed


def _lines(found: Found, campaign: Campaign) -> list[str]:
    seconds = sorted(run.seconds for run in campaign.runs)
    writes = sum(len(run.writes) for run in campaign.runs)
    middle = seconds[len(seconds) // 2] if seconds else 0.0
    counts = ", ".join(f"{kind} {len(mine)}" for kind, mine in found.kinds.items())
    breached = sum(bool(one) for one in found.breaches.values())
    return [
        f"campaign on the API server: {len(campaign.runs)} plans ({counts}), seed {SEED};",
        f"{writes} writes, {len(found.missed)} plans hit nothing, {breached} with breaches,",
        f"half of the plans took at most {middle:.1f} s",
    ]


def pytest_terminal_summary(
    terminalreporter: pytest.TerminalReporter, config: pytest.Config
) -> None:
    """Say how many plans there were."""
    for line in config.stash.get(_LINES, []):
        terminalreporter.write_line(line)
