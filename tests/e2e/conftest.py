"""A cluster with the operator installed from its chart, and the images of every bookshop."""

from collections.abc import Iterator

import pytest
from manifests.bookshop import build
from tools.cluster.clusters import Cluster
from tools.cluster.progress import Progress
from tools.lab.lab import Lab


@pytest.fixture(scope="package")
def lab(kind_cluster: Cluster) -> Iterator[Lab]:
    """The laboratory; the operator in it has exactly the rights that the chart ships."""
    progress = Progress()
    kind_cluster.load(build.build_images(build.VERSIONS, progress), progress)
    laboratory = Lab(kind_cluster)
    laboratory.install_operator(progress=progress)
    yield laboratory
    laboratory.remove_operator()
