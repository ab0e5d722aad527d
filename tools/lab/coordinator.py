"""The operator in the laboratory: installed with the rights its chart ships, watched and killed.

Used by `lab.Lab`. On a cluster of ours the image is built from this checkout; on an existing one
it has to be there.
"""

import time
from collections.abc import Mapping

from tools import helm, image
from tools import install as installation
from tools.cluster import engine
from tools.cluster.clusters import Cluster
from tools.cluster.progress import Progress
from tools.lab.kubectl import Body, Kubectl

NAMESPACE = helm.NAME
SELECTOR = installation.SELECTOR
DEPLOYMENT = f"deployment/{helm.NAME}"
_KILL_SECONDS = 60.0

# The pod's name is in the environment of its processes; that works with every runtime.
_FIND = (
    "for p in /proc/[0-9]*; do "
    'tr "\\0" "\\n" < $p/environ 2>/dev/null | grep -qx "RELEASE_COORDINATOR_POD_NAME={pod}" '
    "&& echo ${{p#/proc/}}; done; true"
)


def install(cluster: Cluster, values: Mapping[str, str], progress: Progress) -> None:
    """Install or upgrade the operator, and return when it is ready."""
    if cluster.existing:
        repository, _, tag = image.TAG.rpartition(":")
        ours = {"image.repository": repository, "image.tag": tag}
        installation.chart(cluster.kubeconfig, ours | dict(values))
    else:
        installation.install(cluster, values, progress)


def wait_ready(kubectl: Kubectl, seconds: int = 180) -> None:
    """Return when every replica is ready."""
    patience = f"--timeout={seconds}s"
    kubectl.run("rollout", "status", f"--namespace={NAMESPACE}", patience, DEPLOYMENT)


def pods(kubectl: Kubectl) -> list[Body]:
    """Return the operator's pods that are not going."""
    found = kubectl.items("pods", f"--namespace={NAMESPACE}", f"--selector={SELECTOR}")
    return [pod for pod in found if "deletionTimestamp" not in pod["metadata"]]


def logs(kubectl: Kubectl, *, previous: bool = False) -> str:
    """Return what the operator logged, or its predecessor in the same pod."""
    arguments = ["logs", f"--namespace={NAMESPACE}", f"--selector={SELECTOR}", "--tail=-1"]
    return kubectl.run(*arguments, *(("--previous",) if previous else ()))


def kill(kubectl: Kubectl) -> int:
    """Kill the operator's processes with SIGKILL, in their containers; return how many.

    The kubelet starts the container again. Works on nodes that are containers of our engine.
    """
    before = {_uid(pod): _restarts(pod) for pod in pods(kubectl)}
    killed = sum(_kill_in(pod) for pod in pods(kubectl))
    until = time.monotonic() + _KILL_SECONDS
    while any(_restarts(pod) <= before.get(_uid(pod), -1) for pod in pods(kubectl)):
        if time.monotonic() > until:
            raise TimeoutError("the kubelet did not start the killed operator again")
        time.sleep(0.5)
    return killed


def crash(kubectl: Kubectl) -> int:
    """Kill the operator's processes with SIGKILL and let another pod take over at once.

    The kubelet would start the same pod again too, but later and later after each crash.
    """
    killed = sum(_kill_in(pod) for pod in pods(kubectl))
    replace_pods(kubectl)
    return killed


def replace_pods(kubectl: Kubectl) -> None:
    """Delete the pods at once and without their consent, as a lost node would."""
    force = ("--grace-period=0", "--force")
    kubectl.run("delete", "pods", f"--namespace={NAMESPACE}", f"--selector={SELECTOR}", *force)


def _kill_in(pod: Body) -> int:
    node = pod["spec"]["nodeName"]
    running = engine.ensure(Progress())
    script = _FIND.format(pod=pod["metadata"]["name"])
    found = running.run("exec", node, "sh", "-c", script).split()
    if found:
        running.run("exec", node, "kill", "-KILL", *found)
    return len(found)


def _uid(pod: Body) -> str:
    return str(pod["metadata"]["uid"])


def _restarts(pod: Body) -> int:
    statuses = pod["status"].get("containerStatuses", [])
    return sum(status["restartCount"] for status in statuses)
