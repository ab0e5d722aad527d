"""Which tests marked `gitops` run with all others: a sample, or with GITOPS=all every one.

The whole takes minutes, and containers; `make gitops` runs it.
"""

import os

import pytest
from tests import lanes

EVERYTHING = os.environ.get("GITOPS") == "all"
SAMPLE = {"test_life.py", "test_helm.py"}
"""The whole story under Argo CD, and what asks for Helm alone."""


def take_sample(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out what nobody has asked for, and say so."""
    ours = [item for item in items if item.get_closest_marker("gitops")]
    left_out = [item for item in ours if item.path.name not in SAMPLE]
    if EVERYTHING or not left_out:
        return
    config.hook.pytest_deselected(items=left_out)
    items[:] = [item for item in items if item not in left_out]
    if not hasattr(config, "workerinput"):
        taken = f"{len(ours) - len(left_out)} of {len(ours)}"
        lanes.say(config, [f"GitOps: a sample, {taken} tests; make gitops runs all of them"])
