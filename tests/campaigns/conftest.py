"""The processes that run the plans, and the line in the summary that says how many there were."""

from collections.abc import Iterator

import pytest
from tests.campaigns.pool import Pool

_pools: list[Pool] = []


@pytest.fixture(scope="session")
def pool() -> Iterator[Pool]:
    """Return the processes; they end with the session."""
    pool = Pool()
    _pools.append(pool)
    yield pool
    pool.close()


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say how many plans each campaign ran."""
    for pool in _pools:
        counts = ", ".join(f"{name} {count}" for name, count in pool.ran.items())
        total = sum(pool.ran.values())
        terminalreporter.write_line(f"campaigns: {total} plans ({counts})")
