"""What several suites share: the clusters, which come up on first use and go down at the end."""

import os
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings
from tests import lanes
from tests.gitops import choice
from tools.cluster.clusters import Cluster

pytest_plugins = ("tools.cluster.pytest_plugin",)

_PRINTER: list[Any] = []
"""The terminal, in the process that prints."""

# readline, which pytest loads, tells child processes of a terminal of 80 by 24: workers would print
# narrower pages than a run without workers, and the plugin that a test starts as well.
for name in ("COLUMNS", "LINES"):
    os.environ.pop(name, None)
    os.unsetenv(name)

# `--hypothesis-profile=nightly` searches longer.
settings.register_profile("moderate", deadline=None)
settings.register_profile("nightly", deadline=None, max_examples=3000)
settings.load_profile("moderate")


@pytest.fixture(scope="session")
def light_kubeconfig(light_cluster: Cluster) -> Path:
    """Return the kubeconfig of a real API server, for suites marked `api`."""
    return light_cluster.kubeconfig


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """Let what shares a cluster run one after the other."""
    return lanes.Lanes(config, log)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Take samples, and let what takes longest begin first."""
    choice.take_sample(config, items)
    lanes.sort(items)


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    """Let tests without a clock wait for the others."""
    lanes.give_way(item)


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    """Tell what is to be printed to the process that prints."""
    lanes.hand_over(session.config)


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any) -> None:
    """Take what a worker has to say."""
    lanes.take_over(node.config, getattr(node, "workeroutput", {}))


@pytest.hookimpl(trylast=True)
def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    """Say at once what failed: the end of a whole run is far away."""
    if report.failed and _PRINTER:
        _PRINTER[0].write_line("")
        _PRINTER[0].write_line(lanes.failure(report), red=True)


def pytest_sessionstart(session: pytest.Session) -> None:
    """Find who prints; a worker has nobody."""
    printer = session.config.pluginmanager.get_plugin("terminalreporter")
    if printer is not None and not hasattr(session.config, "workerinput"):
        _PRINTER.append(printer)


def pytest_terminal_summary(
    terminalreporter: pytest.TerminalReporter, config: pytest.Config
) -> None:
    """Print what the suites have to say."""
    for line in lanes.said(config):
        terminalreporter.write_line(line)
