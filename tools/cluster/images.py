"""Builds images on the engine of the clusters, from one base that needs no registry."""

from collections.abc import Mapping
from pathlib import Path

from tools.cluster import engine, rootfs, shell
from tools.cluster.engine import Engine
from tools.cluster.paths import cache_dir, digest, locked
from tools.cluster.progress import Progress

_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


def base(progress: Progress | None = None) -> str:
    """Return the tag of the image that our Dockerfiles take as `ARG BASE`.

    It holds the same Debian packages wherever it is made: from the official Debian image on the
    user's own engine, and from packages alone on the private one.
    """
    progress = progress or Progress()
    running = engine.ensure(progress)
    tag = f"release-coordinator/base:{digest(rootfs.BASE.digest, _PATH)}"
    with locked("image-base", cache_dir("locks")):
        if not running.has_image(tag):
            maker = _import_base if running.offline else _pull_base
            maker(running, tag, progress)
            running.drop_other_tags(tag)
    return tag


def build(
    tag: str,
    context: Path,
    dockerfile: Path | None = None,
    build_args: Mapping[str, str] | None = None,
    progress: Progress | None = None,
) -> str:
    """Build an image and return its tag; BASE is given when the caller does not."""
    progress = progress or Progress()
    running = engine.ensure(progress)
    values = {"BASE": base(progress), **(build_args or {})}
    command = running.docker("build", "--tag", tag)
    if running.private:
        command.append("--network=none")  # it has no way out anyway: say so early
    command += [f"--build-arg={key}={value}" for key, value in values.items()]
    if dockerfile:
        command += ["--file", dockerfile]
    with progress.step(f"build image {tag}"):
        shell.logged([*command, context], f"image-{digest(tag)}", running.env)
    return tag


def import_tarball(running: Engine, recipe: rootfs.Recipe, tag: str, progress: Progress) -> None:
    """Turn a root file system into an image with one layer."""
    archive = rootfs.tarball(recipe, progress)
    with progress.step(f"import {tag}"):
        running.run("import", "--change", f"ENV PATH={_PATH}", archive, tag)


def _import_base(running: Engine, tag: str, progress: Progress) -> None:
    import_tarball(running, rootfs.BASE, tag, progress)


def _pull_base(running: Engine, tag: str, progress: Progress) -> None:
    install = "apt-get install -y --no-install-recommends " + " ".join(rootfs.BASE.packages)
    before = " && ".join(line.replace('"$1', '"') for line in rootfs.BASE.before)
    lines = [
        "FROM debian:bookworm-slim",
        f"RUN {before} && apt-get update && {install} && rm -rf /var/lib/apt/lists/*",
    ]
    with progress.step(f"build {tag} from the official Debian image"):
        shell.output(running.docker("build", "--tag", tag, "-"), running.env, "\n".join(lines))
