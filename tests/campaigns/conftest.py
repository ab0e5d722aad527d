"""The processes that run the plans, and the line in the summary that says how many there were."""

from collections.abc import Iterator

import pytest
from tests import lanes
from tests.campaigns.pool import Pool


@pytest.fixture(scope="session")
def pool(pytestconfig: pytest.Config) -> Iterator[Pool]:
    """Return the processes; they end with the session."""
    pool = Pool()
    yield pool
    pool.close()
    counts = ", ".join(f"{name} {count}" for name, count in pool.ran.items())
    lanes.say(pytestconfig, [f"campaigns: {sum(pool.ran.values())} plans ({counts})"])
