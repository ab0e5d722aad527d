"""A light cluster with Argo CD on it, for the suites marked `gitops`."""

from collections.abc import AsyncIterator
from functools import partial
from pathlib import Path

import pytest
from tests.fakes.stage import staged
from tests.gitops.layouts import INLINE
from tests.gitops.settings import settings
from tests.gitops.shop import ArgoShop
from tools.bench.ground import install_definitions
from tools.cluster.clusters import Cluster
from tools.gitops.argocd import ArgoCD, argocd


@pytest.fixture(scope="session")
def gitops_kubeconfig(gitops_cluster: Cluster) -> Path:
    """Return the kubeconfig of a cluster that knows our definitions."""
    install_definitions(gitops_cluster.kubeconfig)
    return gitops_cluster.kubeconfig


@pytest.fixture(scope="session")
async def argo(
    gitops_kubeconfig: Path, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[ArgoCD]:
    """Argo CD with what we ship for it."""
    folder = tmp_path_factory.mktemp("argocd")
    async with argocd(gitops_kubeconfig, folder, settings(), server=True) as made:
        yield made


@pytest.fixture
async def shop(argo: ArgoCD, gitops_kubeconfig: Path, tmp_path: Path) -> AsyncIterator[ArgoShop]:
    """The bookshop of which Git holds the Release alone; its operator runs."""
    make = partial(ArgoShop, argo, INLINE)
    async with staged(make, gitops_kubeconfig, tmp_path) as made:
        await made.start()
        yield made
