"""Sets the stage: a cluster, the images, the operator from its chart, a fresh bookshop 1.2.0.

First part of the demo. Whatever is there already is used again: the second run takes a minute.
"""

import os
from pathlib import Path

from manifests.bookshop import build
from tools import image
from tools.cluster import clusters, images
from tools.cluster.clusters import Cluster
from tools.cluster.progress import Progress
from tools.demo.acts import VERSIONS
from tools.lab import bookshop
from tools.lab.lab import Lab

CLUSTER = "release-coordinator-demo"
NAMESPACE = "bookshop"


def prepare(kubeconfig: Path | None, progress: Progress) -> Lab:
    """Return a laboratory in which the bookshop runs and is measured."""
    if kubeconfig is None:
        cluster = clusters.up(CLUSTER, "kind", progress)
        _load(cluster, progress)
    else:
        cluster = Cluster("existing", "kind", kubeconfig)
    lab = Lab(cluster)
    lab.install_operator(progress=progress)
    with progress.step(f"remove what an earlier demo left in namespace {NAMESPACE}"):
        lab.remove_bookshop(NAMESPACE)
    with progress.step("install the bookshop 1.2.0: database, cache, monitoring, customers"):
        lab.install_bookshop(NAMESPACE)
    with progress.step("wait until its response time is measured"):
        lab.wait_measured(NAMESPACE)
    return lab


def measure_by_default(lab: Lab) -> None:
    """Make the bookshop's Prometheus the one that is asked where a Release names none."""
    body = bookshop.metric_source(NAMESPACE)
    body["metadata"]["name"] = "default"
    lab.kubectl.apply(body)


def tags() -> list[str]:
    """Return the images that an existing cluster must be able to start."""
    return [*build.tags(VERSIONS), image.TAG]


def _load(cluster: Cluster, progress: Progress) -> None:
    """Build all images and bring them in together, because they share most of their layers."""
    images.base(progress)
    with Path(os.devnull).open("w") as nowhere:
        quiet = Progress(nowhere)  # two lines for each of many images tell a person nothing
        with progress.step(f"build {len(tags())} images"):
            build.build_images(VERSIONS, quiet)
            image.build_operator_image(progress=quiet)
        with progress.step("bring them into the cluster"):
            cluster.load(tags(), quiet)
