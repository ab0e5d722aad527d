"""Runs plans on a real API server, shows every write: `python -m tests.campaigns_api.replay PLAN…`.

The API server is the light cluster `campaign`: brought up if it is not, and then taken down again.
`--kubeconfig FILE` names another one; it has to know our definitions.
"""

import argparse
import asyncio
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.campaigns.plans import Plan, parse
from tests.campaigns_api.ground import ground
from tests.campaigns_api.runner import Campaign, Run
from tools.bench.ground import install_definitions
from tools.cluster import clusters
from tools.cluster.progress import Progress

NAME = "campaign"


async def replay(kubeconfig: Path, plans: list[Plan]) -> int:
    """Run plans one after the other; return how many breached something."""
    folder = Path(tempfile.mkdtemp(prefix="campaign-"))
    async with ground(kubeconfig, folder, sites=1) as made:
        campaign = Campaign(made)
        failures = 0
        for plan in plans:
            run, breaches = await campaign.verify(plan)
            show(run, breaches)
            failures += bool(breaches)
    print(f"logs: {folder}")  # noqa: T201
    return failures


def show(run: Run, breaches: list[str]) -> None:
    """Print the writes of a run and what it breached."""
    print(f"{run.plan}: {run.seconds:.1f} s, {run.news} pieces of news")  # noqa: T201
    for number, write in enumerate(run.writes, 1):
        print(f"{number:4} {write.status:3} {write.asked} {write.fault or ''}")  # noqa: T201
    print("\n".join(breaches) or "no breach")  # noqa: T201


@contextmanager
def _api_server(given: Path | None) -> Iterator[Path]:
    if given is not None:
        yield given
        return
    before = {one.name for one in clusters.status() if one.healthy}
    yield clusters.up(NAME, "light", Progress()).kubeconfig
    if NAME not in before:
        clusters.down(NAME, Progress())


def main() -> int:
    """Read the command line and run."""
    parser = argparse.ArgumentParser(prog="tests.campaigns_api.replay")
    parser.add_argument("plans", nargs="+", type=parse)
    parser.add_argument("--kubeconfig", type=Path)
    arguments = parser.parse_args()
    with _api_server(arguments.kubeconfig) as kubeconfig:
        install_definitions(kubeconfig)
        return asyncio.run(replay(kubeconfig, arguments.plans))


if __name__ == "__main__":
    sys.exit(main())
