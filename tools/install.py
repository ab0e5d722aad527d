"""Installs the operator of this checkout into a cluster with its chart; for demo, tests and bench.

python -m tools.install NAME        # a cluster that `make cluster-up NAME=...` brought up
"""

import argparse
import sys
from collections.abc import Mapping
from pathlib import Path

from tools import admission, generate, helm, image
from tools.cluster import binaries, clusters, engine, shell
from tools.cluster.clusters import Cluster
from tools.cluster.progress import Progress

CRDS = helm.CHART / "crds"
PATIENCE = "180s"
SELECTOR = "app.kubernetes.io/name=release-coordinator"


def install(
    cluster: Cluster, values: Mapping[str, str] | None = None, progress: Progress | None = None
) -> None:
    """Build the image, bring it to the nodes, install the chart and wait until it is ready."""
    progress = progress or Progress()
    delivered = deliver(cluster, progress)
    with progress.step("install the operator"):
        chart(cluster.kubeconfig, delivered | dict(values or {}))


def deliver(cluster: Cluster, progress: Progress, tag: str = image.TAG) -> dict[str, str]:
    """Build the image, bring it to the nodes and return the values that select it."""
    image.build_operator_image(tag, progress)
    cluster.load([tag], progress)
    content = engine.ensure(progress).run("image", "inspect", "--format={{.Id}}", tag).strip()
    repository, _, version = tag.rpartition(":")
    return {
        "image.repository": repository,
        "image.tag": version,
        "image.pullPolicy": "Never",
        # Else a new image under an old tag would leave the old pod running.
        "podAnnotations.image": content,
    }


def chart(kubeconfig: Path, values: Mapping[str, str], name: str = helm.NAME) -> None:
    """Install or upgrade the definitions and the chart, and wait until it is ready.

    The namespace is called like the installation, so that several can live side by side.
    """
    apply = ("apply", "--server-side", "--force-conflicts", "-f")
    kubectl(kubeconfig, *apply, "-", stdin=generate.NAMESPACE.format(name=name))
    # By kubectl, because Helm would leave older definitions as they are.
    kubectl(kubeconfig, *apply, str(CRDS))
    admission.install(kubeconfig)
    own = {"admission.enabled": "false", **values}
    settings = [f"--set={key}={value}" for key, value in own.items()]
    where = (f"--kubeconfig={kubeconfig}", f"--namespace={name}")
    how = ("--install", "--skip-crds", "--wait", f"--timeout={PATIENCE}")
    try:
        helm.run("upgrade", name, helm.CHART, *where, *how, *settings)
    except shell.CommandError as error:
        raise shell.CommandError(f"{error}\n{account(kubeconfig, name)}") from None


def account(kubeconfig: Path, name: str = helm.NAME) -> str:
    """Return what a person would look at when the operator does not get ready."""
    here = ("--namespace", name)
    pods = kubectl(kubeconfig, "get", "pods", *here, "--output=wide")
    logs = kubectl(kubeconfig, "logs", *here, "--selector", SELECTOR, "--tail=20", "--prefix")
    return f"{pods}\n{logs}"


def remove(kubeconfig: Path, name: str = helm.NAME) -> None:
    """Remove the operator; releases and their definitions stay, as with any user of the chart."""
    where = (f"--kubeconfig={kubeconfig}", f"--namespace={name}")
    helm.run("uninstall", name, *where, "--ignore-not-found", "--wait")
    kubectl(kubeconfig, "delete", "namespace", name, "--ignore-not-found")


def kubectl(kubeconfig: Path, *arguments: str, stdin: str | None = None) -> str:
    """Return what kubectl prints."""
    command = [str(binaries.path("kubectl")), f"--kubeconfig={kubeconfig}", *arguments]
    return shell.output(command, stdin=stdin)


def main() -> int:
    """Install into a cluster by its name."""
    parser = argparse.ArgumentParser(prog="tools.install", description=__doc__)
    parser.add_argument("name")
    parser.add_argument("--set", action="append", default=[], metavar="KEY=VALUE", dest="values")
    parser.add_argument("--remove", action="store_true", help="uninstall instead")
    options = parser.parse_args()
    cluster = clusters.get(options.name)
    if options.remove:
        remove(cluster.kubeconfig)
    else:
        install(cluster, dict(pair.partition("=")[::2] for pair in options.values))
    return 0


if __name__ == "__main__":
    sys.exit(main())
