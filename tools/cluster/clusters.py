"""The one interface to clusters of both modes; the command line and the fixtures call only this."""

import json
import re
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, get_args

from tools.cluster import engine, fakenodes, kind, light
from tools.cluster.paths import locked, state_dir
from tools.cluster.progress import Progress

Mode = Literal["kind", "light"]
_NAME = re.compile(r"[a-z][a-z0-9-]{0,29}")


@dataclass(frozen=True)
class Cluster:
    """A cluster that is up; `existing` is the kubeconfig of one that this tool did not make."""

    name: str
    mode: Mode
    existing: Path | None = None

    @property
    def folder(self) -> Path:
        """Return the folder with the state of this cluster."""
        return _folder(self.name)

    @property
    def kubeconfig(self) -> Path:
        """Return the kubeconfig of the administrator."""
        return self.existing or self.folder / "kubeconfig"

    def load(self, tags: Sequence[str], progress: Progress | None = None) -> None:
        """Bring images of the engine into the nodes; several at once share their layers."""
        self._must_be_ours("bring images into")
        if self.mode != "kind":
            raise ValueError("a light cluster has no nodes that could hold images")
        kind.load(self.name, tags, progress or Progress())

    def restart_apiserver(self) -> None:
        """Kill the API server and return when its successor is ready.

        In kind mode kubelet waits 10 s longer before each further restart within 10 minutes.
        """
        self._must_be_ours("restart the API server of")
        if self.mode == "light":
            light.restart_apiserver(self.folder)
        else:
            kind.restart_apiserver(self.name, self.kubeconfig)

    def _must_be_ours(self, action: str) -> None:
        if self.existing:
            raise ValueError(f"cannot {action} a cluster that this tool did not make")


@dataclass(frozen=True)
class ClusterStatus:
    """What `status` tells about one cluster."""

    name: str
    mode: Mode
    healthy: bool
    kubeconfig: Path


def up(
    name: str, mode: Mode = "kind", progress: Progress | None = None, kwok_nodes: int = 0
) -> Cluster:
    """Return a healthy cluster of that name: the running one, or a new one."""
    if not _NAME.fullmatch(name):
        raise ValueError(f"a cluster name is {_NAME.pattern}, not {name!r}")
    progress = progress or Progress()
    with locked(f"cluster-{name}"):
        cluster = _running(name, mode) or _create(name, mode, progress)
        if kwok_nodes:
            fakenodes.add(cluster.folder, kwok_nodes, mode, progress)
    return cluster


def down(name: str, progress: Progress | None = None) -> None:
    """End a cluster and remove its state; the private engine goes with the last one."""
    progress = progress or Progress()
    with locked(f"cluster-{name}"):
        if _known_mode(name) is not None:
            with progress.step(f"end cluster '{name}'"):
                _remove(name)
    stop_idle_engine(progress)


def stop_idle_engine(progress: Progress, *, images: bool = False) -> None:
    """Stop the private engine unless a cluster lives on it; perhaps remove what it holds."""
    with locked("engine"):
        if not any(one.mode == "kind" for one in _known()):
            engine.stop(progress)
            if images:
                engine.remove_data()


def get(name: str) -> Cluster:
    """Return a cluster that was brought up before."""
    mode = _known_mode(name)
    if mode is None:
        raise LookupError(f"there is no cluster {name!r}; `up {name}` makes one")
    return Cluster(name, mode)


def status() -> list[ClusterStatus]:
    """Return all known clusters and whether they answer."""
    return [
        ClusterStatus(one.name, one.mode, _healthy(one.name, one.mode), one.kubeconfig)
        for one in _known()
    ]


def _running(name: str, mode: Mode) -> Cluster | None:
    known = _known_mode(name)
    if known is not None and known != mode and _healthy(name, known):
        raise ValueError(f"cluster {name!r} is up in mode {known}; take it down first")
    return Cluster(name, mode) if known == mode and _healthy(name, mode) else None


def _create(name: str, mode: Mode, progress: Progress) -> Cluster:
    if _known_mode(name) is not None:
        progress.say(f"cluster '{name}' is not healthy: making it anew")
        _remove(name)
    if mode == "kind":
        engine.ensure(progress)  # fails early on a machine that can have none
    folder = _folder(name)
    folder.mkdir(parents=True, exist_ok=True)
    # Written first: a killed `up` must leave something that `down` finds.
    (folder / "cluster.json").write_text(json.dumps({"mode": mode}), encoding="utf-8")
    if mode == "light":
        light.create(folder, name, progress)
    else:
        kind.create(name, folder / "kubeconfig", progress)
    return Cluster(name, mode)


def _remove(name: str) -> None:
    folder = _folder(name)
    light.delete(folder)  # fake nodes of a kind cluster are such processes as well
    if _known_mode(name) == "kind":
        kind.delete(name)
    shutil.rmtree(folder, ignore_errors=True)


def _healthy(name: str, mode: Mode) -> bool:
    if mode == "light":
        return light.healthy(_folder(name))
    return kind.healthy(_folder(name) / "kubeconfig")


def _known() -> list[Cluster]:
    found = []
    for file in sorted(state_dir("clusters").glob("*/cluster.json")):
        name = file.parent.name
        if mode := _known_mode(name):
            found.append(Cluster(name, mode))
    return found


def _known_mode(name: str) -> Mode | None:
    try:
        mode = json.loads((_folder(name) / "cluster.json").read_text(encoding="utf-8"))["mode"]
    except FileNotFoundError:
        return None
    return next(one for one in get_args(Mode) if one == mode)


def _folder(name: str) -> Path:
    return state_dir("clusters") / name
