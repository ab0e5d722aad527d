"""Builds kind's node image without a registry, with kind's own `build node-image`."""

import shutil
import tarfile
from pathlib import Path

from tools.cluster import archive, binaries, images, rootfs, shell, sysimages
from tools.cluster.engine import Engine
from tools.cluster.paths import cache_dir, digest, locked
from tools.cluster.progress import Progress

_HERE = Path(__file__).parent
_SCRIPTS = ("usr/local/bin", "kind/bin")
_CONTAINERD = ("containerd", "ctr", "containerd-shim-runc-v2")


def tag() -> str:
    """Return the tag of the node image, made of everything that goes into it."""
    parts = [project.digest for project in binaries.NODE_PROJECTS]
    own = [(_HERE / name).read_bytes() for name in ("archive.py", "sysimages.py", "nodeimage.py")]
    own += [file.read_bytes() for file in sorted((_HERE / "node").iterdir())]
    key = digest(rootfs.NODE.digest, *parts, *own)
    return f"release-coordinator/kind-node:{binaries.KUBERNETES.version}-{key}"


def ensure(engine: Engine, progress: Progress) -> str:
    """Return the tag of a node image that the engine holds, built on first use."""
    name = tag()
    with locked("image-node", cache_dir("locks")):
        if not engine.has_image(name):
            scratch = cache_dir() / "node-image.partial"
            shutil.rmtree(scratch, ignore_errors=True)  # of a build that was killed
            scratch.mkdir()
            _build(engine, name, scratch, progress)
            shutil.rmtree(scratch)
            engine.drop_other_tags(name)
    return name


def _build(engine: Engine, name: str, scratch: Path, progress: Progress) -> None:
    base = _base(engine, scratch / "context", progress)
    with progress.step("pack the Kubernetes binaries as images"):
        server = _server_tarball(scratch, progress)
    fake = scratch / "bin"
    fake.mkdir()
    # kind always tries to pull the base first; it is here already, and nowhere else.
    wrapper = fake / "docker"
    line = f'[ "$1" = pull ] && exit 0\nexec "{engine.client}" "$@"\n'
    wrapper.write_text(f"#!/bin/sh\n{line}", encoding="utf-8")
    wrapper.chmod(0o755)
    env = {**engine.env, "PATH": f"{fake}:{engine.full_env['PATH']}", "TMPDIR": str(scratch)}
    kind = binaries.path("kind", progress)
    command: list[shell.Part] = [kind, "build", "node-image", "--type", "file", server]
    with progress.step("kind build node-image"):
        shell.logged([*command, "--base-image", base, "--image", name], "kind-node-image", env)
    engine.run("rmi", base, _step_tag("rootfs"))


def _base(engine: Engine, context: Path, progress: Progress) -> str:
    """Build the image below the node image: Debian, containerd and kind's start scripts."""
    imported = _step_tag("rootfs")
    if not engine.has_image(imported):
        images.import_tarball(engine, rootfs.NODE, imported, progress)
    root = context / "root"
    _copy_kind_files(binaries.source(binaries.KIND) / "images/base/files", root)
    for name, program in binaries.paths(_CONTAINERD, progress).items():
        shutil.copy(program, root / "usr/local/bin" / name)
    for name in ("Dockerfile", "setup.sh"):
        shutil.copy(_HERE / "node" / name, context / name)
    base = _step_tag("base")
    command = engine.docker("build", "--network=none", f"--build-arg=BASE={imported}")
    with progress.step("build the base of the node image"):
        shell.logged([*command, "--tag", base, context], "node-base", engine.env)
    return base


def _step_tag(step: str) -> str:
    return f"release-coordinator/node-{step}:{tag().rpartition('-')[2]}"


def _copy_kind_files(source: Path, root: Path) -> None:
    """Copy with fresh modes: the Go module cache keeps everything read-only and unexecutable."""
    for file in sorted(source.rglob("*")):
        relative = file.relative_to(source)
        target = root / relative
        if file.is_dir():
            target.mkdir(parents=True, exist_ok=True)
        elif relative.parts[0] != "LICENSES":
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(file.read_bytes())
            target.chmod(0o755 if str(relative.parent) in _SCRIPTS else 0o644)


def _server_tarball(scratch: Path, progress: Progress) -> Path:
    """Pack what kind expects from a Kubernetes release: three programs and four image archives."""
    components = sysimages.control_plane(progress)
    bundled = {name: [image] for name, image in components.items()}
    # Images that are part of the build are not pulled, so all the others travel in one archive.
    bundled["kube-apiserver"] += sysimages.helpers(progress)
    target = scratch / "server.tar.gz"
    version = scratch / "version"
    version.write_text(binaries.KUBERNETES.version, encoding="utf-8")
    # kind wants gzip; it is unpacked on this machine a moment later, so packing it is wasted time.
    with tarfile.open(target, "w:gz", compresslevel=0) as tar:
        tar.add(version, "kubernetes/version")
        for name, program in binaries.paths(["kubeadm", "kubelet", "kubectl"], progress).items():
            tar.add(program, f"kubernetes/server/bin/{name}")
        for name, group in bundled.items():
            packed = scratch / f"{name}.tar"
            archive.write(packed, group)
            tar.add(packed, f"kubernetes/server/bin/{name}.tar")
    return target
