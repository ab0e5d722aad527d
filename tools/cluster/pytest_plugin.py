"""Session fixtures for the test tiers that need a cluster; load it by `pytest_plugins`.

A cluster that was up before the run stays up, so a developer waits once; one that the run made is
taken down, unless RC_KEEP_CLUSTERS=1.
"""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import TextIO

import pytest
from tools.cluster import clusters
from tools.cluster.clusters import Cluster, Mode
from tools.cluster.progress import Progress

_TERMINAL = pytest.StashKey[TextIO]()


def pytest_addoption(parser: pytest.Parser) -> None:
    """Let a person name a cluster of their own instead."""
    parser.addoption("--kubeconfig", type=Path, help="use this cluster instead of bringing one up")


def pytest_configure(config: pytest.Config) -> None:
    """Keep the terminal: once tests run, what is printed shows only after a failure."""
    config.stash[_TERMINAL] = os.fdopen(os.dup(2), "w")


def pytest_unconfigure(config: pytest.Config) -> None:
    """Give the terminal back."""
    config.stash[_TERMINAL].close()


@pytest.fixture(scope="session")
def light_cluster(pytestconfig: pytest.Config) -> Iterator[Cluster]:
    """An API server with controllers and without nodes."""
    yield from _provided(pytestconfig, "test-light", "light")


@pytest.fixture(scope="module")
def own_light_cluster(pytestconfig: pytest.Config) -> Iterator[Cluster]:
    """Another one, for a module that looks at all namespaces or restarts the API server."""
    yield from _provided(pytestconfig, "test-own", "light")


@pytest.fixture(scope="session")
def gitops_cluster(pytestconfig: pytest.Config) -> Iterator[Cluster]:
    """Another one, for tools that look at all namespaces from the first test to the last."""
    yield from _provided(pytestconfig, "test-gitops", "light")


@pytest.fixture(scope="session")
def kind_cluster(pytestconfig: pytest.Config) -> Iterator[Cluster]:
    """A real cluster with one node that runs containers."""
    yield from _provided(pytestconfig, "test", "kind")


def _provided(config: pytest.Config, name: str, mode: Mode) -> Iterator[Cluster]:
    given: Path | None = config.getoption("--kubeconfig")
    if given is not None:
        yield Cluster("existing", mode, given)
        return
    progress = Progress(config.stash[_TERMINAL])
    before = {one.name for one in clusters.status() if one.healthy}
    yield clusters.up(name, mode, progress)
    if name not in before and os.environ.get("RC_KEEP_CLUSTERS") != "1":
        clusters.down(name, progress)
