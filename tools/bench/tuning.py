"""Makes the rest of Kubernetes fast enough not to be what is measured, as it was for peers."""

from collections.abc import Sequence

from tools.cluster import daemons, light
from tools.cluster.clusters import Cluster

_RATE = ["--kube-api-qps=2000", "--kube-api-burst=4000"]
_SYNCS = [f"--concurrent-{kind}-syncs=20" for kind in ("deployment", "replicaset", "job")]


def unthrottle(cluster: Cluster) -> None:
    """Lift the request limits of the controllers and the scheduler, and give them workers."""
    unthrottle_controllers(cluster)
    restart_with(cluster, "kube-scheduler", _RATE)


def unthrottle_controllers(cluster: Cluster) -> None:
    """Lift the request limits of the controllers, and give them workers."""
    restart_with(cluster, "kube-controller-manager", [*_RATE, *_SYNCS])


def restart_with(cluster: Cluster, name: str, flags: Sequence[str]) -> None:
    """Restart a part of a light cluster with more flags, unless it has them."""
    processes = cluster.folder / "processes"
    part = daemons.find(processes, name)
    if part is None:
        raise light.LightClusterError(f"no {name} recorded in {processes}")
    if set(flags) <= set(part.command):
        return
    daemons.stop(part)
    daemons.start(processes, name, [*part.command, *flags], part.env)
    light.wait_ready(cluster.folder)
