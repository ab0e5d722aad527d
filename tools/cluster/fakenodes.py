"""Fake nodes for scale: kwok plays kubelet for nodes that exist in the API only."""

import json
from pathlib import Path

from tools.cluster import binaries, daemons, shell
from tools.cluster.progress import Progress

_FAKE = "kwok.x-k8s.io/node"
_CAPACITY = {"cpu": "64", "memory": "256Gi", "pods": "250"}


def add(folder: Path, count: int, mode: str, progress: Progress) -> None:
    """Bring a cluster to `count` fake nodes and start what serves them."""
    names = ["kubectl", "kwok"] + (["kube-scheduler"] if mode == "light" else [])
    programs = binaries.paths(names, progress)
    processes = folder / "processes"
    config = folder / "kubeconfig"
    with progress.step(f"{count} fake nodes"):
        if mode == "light":  # kind brings a scheduler of its own
            flags = [f"--kubeconfig={config}", "--leader-elect=false", "--secure-port=0"]
            _start(processes, "kube-scheduler", [str(programs["kube-scheduler"]), *flags])
        stages = folder / "kwok-stages.yaml"
        stages.write_text(_stages(programs["kubectl"]), encoding="utf-8")
        _start(processes, "kwok", _kwok(programs["kwok"], config, stages))
        nodes = [_node(number, tainted=mode == "kind") for number in range(count)]
        document = json.dumps({"apiVersion": "v1", "kind": "List", "items": nodes})
        kubectl: list[shell.Part] = [programs["kubectl"], f"--kubeconfig={config}"]
        shell.output([*kubectl, "apply", "-f", "-"], stdin=document)
        ready = ["wait", "--for=condition=Ready", "--timeout=120s", "node", "-l", "type=kwok"]
        shell.output([*kubectl, *ready])


def _start(processes: Path, name: str, command: list[str]) -> None:
    known = daemons.find(processes, name)
    if known is None or not known.alive:
        daemons.start(processes, name, command)


def _stages(kubectl: Path) -> str:
    """Return kwok's own rules for nodes and pods that are ready at once."""
    rules = binaries.source(binaries.KWOK) / "kustomize/stage/fast"
    return shell.output([kubectl, "kustomize", rules])


def _kwok(program: Path, config: Path, stages: Path) -> list[str]:
    return [
        str(program),
        f"--kubeconfig={config}",
        f"--config={stages}",
        "--node-lease-duration-seconds=40",
        f"--manage-nodes-with-annotation-selector={_FAKE}=fake",
        "--manage-all-nodes=false",
        "--server-address=",
    ]


def _node(number: int, *, tainted: bool) -> dict[str, object]:
    name = f"fake-{number:04d}"
    taint = {"key": _FAKE, "value": "fake", "effect": "NoSchedule"}
    return {
        "apiVersion": "v1",
        "kind": "Node",
        "metadata": {
            "name": name,
            "annotations": {_FAKE: "fake"},
            "labels": {"type": "kwok", "kubernetes.io/hostname": name, "kubernetes.io/os": "linux"},
        },
        # In a real cluster the taint keeps real pods away, which would never really run here.
        "spec": {"taints": [taint]} if tainted else {},
        "status": {"allocatable": _CAPACITY, "capacity": _CAPACITY},
    }
