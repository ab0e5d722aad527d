"""What several suites share: the clusters, which come up on first use and go down at the end."""

from pathlib import Path

import pytest
from hypothesis import settings
from tools.cluster.clusters import Cluster

pytest_plugins = ("tools.cluster.pytest_plugin",)

# `--hypothesis-profile=nightly` searches longer.
settings.register_profile("moderate", deadline=None)
settings.register_profile("nightly", deadline=None, max_examples=3000)
settings.load_profile("moderate")


@pytest.fixture(scope="session")
def light_kubeconfig(light_cluster: Cluster) -> Path:
    """Return the kubeconfig of a real API server, for suites marked `api`."""
    return light_cluster.kubeconfig
