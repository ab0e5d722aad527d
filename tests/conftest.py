"""What several suites share: the light cluster of tests marked `api`."""

from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def light_kubeconfig() -> Path:
    """Return the kubeconfig of a real API server; brought up on first use, kept for the next."""
    from tools.cluster import clusters  # noqa: PLC0415 - most runs need no cluster

    return clusters.up("test-light", mode="light").kubeconfig
