"""Which tests run side by side: three lanes, as most of them wait most of the time.

    pytest -n 3 --dist loadgroup --no-loadscope-reorder -> conftest -> here

Tests that share a cluster are one lane each, as they would be in each other's way, and so begin
first: the real containers take longest. All others go file by file to whoever is free. They need
the processor and no clock, so they give way to the lanes with clusters, where things time out.
"""

import contextlib
import os
from collections.abc import Iterable

import pytest

KIND = "kind"
LIGHT = "light"
_ORDER = {KIND: 0, LIGHT: 1}
_PATIENT = 10
"""Niceness of tests that have no clock."""


def lane_of(item: pytest.Item) -> str:
    """Return the lane of a test; every file without a cluster is one of its own."""
    if item.get_closest_marker("e2e"):
        return KIND
    return LIGHT if item.get_closest_marker("api") else item.path.as_posix()


def assign(items: list[pytest.Item]) -> None:
    """Give each test its lane, and sort those with clusters to the front."""
    for item in items:
        item.add_marker(pytest.mark.xdist_group(lane_of(item)))
    items.sort(key=lambda item: _ORDER.get(lane_of(item), len(_ORDER)))


def give_way(item: pytest.Item) -> None:
    """Before a test: let it wait for those that have a clock, if there are others beside it."""
    if hasattr(item.config, "workerinput"):
        # Lowering it again is for the superuser.
        with contextlib.suppress(PermissionError):
            os.setpriority(os.PRIO_PROCESS, 0, 0 if lane_of(item) in _ORDER else _PATIENT)


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
