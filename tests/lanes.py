"""Which tests run side by side: three lanes, as most of them wait most of the time.

    pytest -n 3 --no-loadscope-reorder -> conftest -> here

Tests that share a cluster are one lane each, as they would be in each other's way, and so begin
first: the real containers take longest. All others go file by file to whoever is free. They need
the processor and no clock, so they give way to the lanes with clusters, where things time out.
"""

import contextlib
import os
from collections.abc import Iterable

import pytest
from xdist.scheduler import LoadScopeScheduling

_FOLDERS = {
    "tests/e2e": "kind",
    "tests/api": "light",
    "tests/campaigns_api": "light",
    "tests/contract": "light",
    "tests/gitops": "gitops",
}
_ORDER = ["kind", "light", "gitops"]
_PATIENT = 10
"""Niceness of tests that have no clock."""


def lane_of(nodeid: str) -> str:
    """Return the lane of a test; every file without a cluster is one of its own."""
    path = nodeid.partition("::")[0]
    folder = "/".join(path.split("/")[:2])
    return _FOLDERS.get(folder, path)


class Lanes(LoadScopeScheduling):  # type: ignore[misc]  # the library has no types for it
    """Gives each worker a lane at a time."""

    def _split_scope(self, nodeid: str) -> str:
        return lane_of(nodeid)


def sort(items: list[pytest.Item]) -> None:
    """Put tests with clusters to the front."""
    items.sort(key=lambda item: _rank(lane_of(item.nodeid)))


def give_way(item: pytest.Item) -> None:
    """Before a test: let it wait for those that have a clock, if there are others beside it."""
    if hasattr(item.config, "workerinput"):
        hurried = lane_of(item.nodeid) in _ORDER
        # Lowering it again is for the superuser.
        with contextlib.suppress(PermissionError):
            os.setpriority(os.PRIO_PROCESS, 0, 0 if hurried else _PATIENT)


def _rank(lane: str) -> int:
    return _ORDER.index(lane) if lane in _ORDER else len(_ORDER)


def failure(report: pytest.TestReport) -> str:
    """Return what failed, in one line."""
    lines = report.longreprtext.strip().splitlines()
    why = next((line for line in reversed(lines) if line.startswith("E ")), lines[-1:])
    return f"FAILED {report.nodeid} ({report.when}): {str(why)[:200]}"


_LINES = pytest.StashKey[list[str]]()
_KEY = "closing_lines"


def say(config: pytest.Config, lines: Iterable[str]) -> None:
    """Say something after all tests, from whatever process."""
    config.stash.setdefault(_LINES, []).extend(lines)


def hand_over(config: pytest.Config) -> None:
    """At the end of a worker: tell its lines to the process that prints."""
    output = getattr(config, "workeroutput", None)
    if output is not None:
        output[_KEY] = config.stash.get(_LINES, [])


def take_over(config: pytest.Config, output: dict[str, object]) -> None:
    """At the end of a worker, in the process that prints."""
    lines = output.get(_KEY)
    if isinstance(lines, list):
        say(config, map(str, lines))


def said(config: pytest.Config) -> list[str]:
    """Return all that is to be said."""
    return config.stash.get(_LINES, [])
