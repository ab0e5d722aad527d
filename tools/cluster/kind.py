"""Kind mode: a real cluster in containers, made by unmodified kind on whichever engine there is."""

import json
from collections.abc import Sequence
from pathlib import Path

from tools.cluster import binaries, daemons, engine, nodeimage, shell
from tools.cluster.paths import digest
from tools.cluster.progress import Progress

_READY_SECONDS = 180.0
_INOTIFY = {"max_user_instances": 1024, "max_user_watches": 524288}
_PID = "pidof -s kube-apiserver"


def create(name: str, kubeconfig: Path, progress: Progress) -> None:
    """Create a cluster with one node."""
    running = engine.ensure(progress)
    _raise_limits(progress)
    command = _command("create", "cluster", name, progress)
    command += ["--kubeconfig", kubeconfig, "--wait", "300s", "--config", "-"]
    if running.offline:
        command += ["--image", nodeimage.ensure(running, progress)]
    with progress.step(f"kind cluster '{name}'"):
        shell.logged(command, f"kind-{name}", running.env, stdin=json.dumps(_config()))
        _wait_for_names(kubeconfig)


def _wait_for_names(kubeconfig: Path) -> None:
    """Wait for DNS: kind returns before, and the first pods of a test would trip over that."""
    kubectl: list[shell.Part] = [binaries.path("kubectl"), f"--kubeconfig={kubeconfig}"]
    wait = ["wait", "--for=condition=Available", "--timeout=300s", "-n", "kube-system"]
    try:
        shell.output([*kubectl, *wait, "deployment/coredns"])
    except shell.CommandError as error:
        pods = shell.output([*kubectl, "get", "pods", "--all-namespaces"])
        raise shell.CommandError(f"{error}\n{pods}") from error


def delete(name: str) -> None:
    """Delete a cluster; one that does not exist is fine."""
    running = engine.ensure(Progress())
    shell.logged(_command("delete", "cluster", name, Progress()), "kind-delete", running.env)


def healthy(kubeconfig: Path) -> bool:
    """Tell whether the API server answers that it is ready."""
    if not kubeconfig.exists():
        return False
    kubectl: list[shell.Part] = [binaries.path("kubectl"), f"--kubeconfig={kubeconfig}"]
    return shell.succeeds([*kubectl, "--request-timeout=5s", "get", "--raw=/readyz"])


def load(name: str, tags: Sequence[str], progress: Progress) -> None:
    """Copy what the node does not hold yet from the engine into it.

    kind asks its nodes by a program that a node made without a registry does not have, and would
    copy gigabytes each time.
    """
    running = engine.ensure(progress)
    missing = _missing(running, f"{_kind_name(name)}-control-plane", tags)
    if not missing:
        return
    command = _command("load", "docker-image", name, progress)
    what = missing[0] if len(missing) == 1 else f"{len(missing)} images"
    with progress.step(f"load {what} into '{name}'"):
        log = f"kind-load-{digest(*missing)}"
        shell.logged([*command, *missing], log, running.env)


def _missing(running: engine.Engine, node: str, tags: Sequence[str]) -> list[str]:
    """Return the tags that do not name, on the node, the image they name in the engine."""
    ids = running.run("image", "inspect", "--format={{.Id}}", *tags).split()
    listing = running.run("exec", node, "ctr", "--namespace=k8s.io", "images", "list")
    held = {line.split()[0]: line.split()[2] for line in listing.splitlines()[1:] if line.strip()}

    def present(tag: str, content: str) -> bool:
        # The node lists an image by its tag, with a registry in front, and by its id.
        named = [found for ref, found in held.items() if ref == tag or ref.endswith(f"/{tag}")]
        return content in held and named == [held[content]]

    return [tag for tag, content in zip(tags, ids, strict=True) if not present(tag, content)]


def restart_apiserver(name: str, kubeconfig: Path) -> None:
    """Kill the API server in the node; kubelet starts it again."""
    running = engine.ensure(Progress())
    node = f"{_kind_name(name)}-control-plane"
    before = running.run("exec", node, "sh", "-c", _PID)
    running.run("exec", node, "kill", "-KILL", before.strip())

    def back() -> bool:
        alive = shell.succeeds(running.docker("exec", node, "sh", "-c", _PID), running.env)
        return alive and running.run("exec", node, "sh", "-c", _PID) != before

    if not (daemons.wait_until(back, _READY_SECONDS) and _ready_soon(kubeconfig)):
        raise engine.EngineError(f"the API server of '{name}' did not come back")


def _raise_limits(progress: Progress) -> None:
    """Let the kernel watch more files: each node needs about 25 of the usual 128 instances.

    A node that finds none left fails in a way that does not say so: names never resolve.
    """
    for name, wanted in _INOTIFY.items():
        limit = Path("/proc/sys/fs/inotify") / name
        if int(limit.read_text(encoding="utf-8")) >= wanted:
            continue
        try:
            limit.write_text(str(wanted), encoding="utf-8")
        except OSError:
            progress.say(f"several clusters may need: sysctl fs.inotify.{name}={wanted}")


def _ready_soon(kubeconfig: Path) -> bool:
    return daemons.wait_until(lambda: healthy(kubeconfig), _READY_SECONDS)


def _command(verb: str, noun: str, name: str, progress: Progress) -> list[shell.Part]:
    return [binaries.path("kind", progress), verb, noun, "--name", _kind_name(name)]


def _kind_name(name: str) -> str:
    """Return a name that does not meet the clusters a person made with kind."""
    return f"rc-{name}"


def _config() -> dict[str, object]:
    config: dict[str, object] = {
        "kind": "Cluster",
        "apiVersion": "kind.x-k8s.io/v1alpha4",
        "nodes": [{"role": "control-plane"}],
    }
    if not Path("/sys/fs/cgroup/cgroup.controllers").exists():
        # cgroup v1: kubelet refuses it unless told otherwise.
        patch = {"kind": "KubeletConfiguration", "failCgroupV1": False}
        config["kubeadmConfigPatches"] = [json.dumps(patch)]
    return config
