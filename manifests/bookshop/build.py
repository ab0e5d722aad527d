"""Build the images of the bookshop: `python -m manifests.bookshop.build [VERSION...]`.

The image build itself needs no network: the Python packages are fetched before, by their hashes.
"""

import argparse
import platform
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Sequence
from pathlib import Path

from tools.cluster import binaries, images
from tools.cluster.paths import cache_dir, cached, digest
from tools.cluster.progress import Progress

HERE = Path(__file__).parent
VERSIONS = ("1.2.0", "1.3.0", "1.4.0", "1.4.1", "1.4.2", "1.4.3", "1.4.4", "1.4.5")
PROGRAMS = ("backend", "frontend", "migrate", "smoke")
TOOLS = "bookshop-tools:1"
"""The programs that no release replaces; the first argument names one: loadgen, warmup."""
GOLANG_MIGRATE = "bookshop-golang-migrate:1"
"""The second migration tool, with migrations of its own; only the end-to-end tests need it."""
SERVICES = {
    "bookshop-postgres:15": "postgresql-15",
    "bookshop-redis:7": "redis-server",
    "bookshop-prometheus:2": "prometheus",
    "bookshop-alertmanager:0": "prometheus-alertmanager",
}
_MACHINE = {"arm64": "aarch64"}.get(platform.machine(), platform.machine())
_WHEELS = (f"manylinux2014_{_MACHINE}", f"manylinux_2_28_{_MACHINE}")


def main() -> None:
    """Build what the command line names, and print the tags."""
    parser = argparse.ArgumentParser(description="Build the images of the bookshop.")
    parser.add_argument("versions", nargs="*", metavar="VERSION", help=f"of {', '.join(VERSIONS)}")
    versions = parser.parse_args().versions or VERSIONS
    print("\n".join(build_images(versions, Progress())))


def tags(versions: Iterable[str] = VERSIONS) -> list[str]:
    """Return the tags of all images that these versions need."""
    released = [f"bookshop-{program}:{version}" for version in versions for program in PROGRAMS]
    return [*SERVICES, TOOLS, *released]


def build_images(versions: Sequence[str] = VERSIONS, progress: Progress | None = None) -> list[str]:
    """Build the images of these versions and of what they run with; return the tags."""
    unknown = set(versions) - set(VERSIONS)
    if unknown:
        raise ValueError(f"no version {', '.join(sorted(unknown))}; there are {VERSIONS}")
    progress = progress or Progress()
    for tag, package in SERVICES.items():
        images.build(tag, HERE / "services", build_args={"PACKAGE": package}, progress=progress)
    with tempfile.TemporaryDirectory() as folder:
        context = _app_context(Path(folder))
        images.build(TOOLS, context, build_args={"VERSION": versions[0]}, progress=progress)
        for version in versions:
            for program in PROGRAMS:
                values = {"VERSION": version, "PROGRAM": program}
                tag = f"bookshop-{program}:{version}"
                images.build(tag, context, build_args=values, progress=progress)
    return tags(versions)


def build_golang_migrate(progress: Progress | None = None) -> str:
    """Build the image of the second migration tool; return its tag."""
    progress = progress or Progress()
    with tempfile.TemporaryDirectory() as folder:
        context = Path(folder) / "context"
        shutil.copytree(HERE / "golang-migrate", context)
        shutil.copy(binaries.path("migrate", progress), context / "migrate")
        return images.build(GOLANG_MIGRATE, context, progress=progress)


def _app_context(folder: Path) -> Path:
    """Lay out what the Dockerfile of the app copies: its sources and the packages they need."""
    context = folder / "app"
    shutil.copytree(HERE / "app", context, ignore=shutil.ignore_patterns("__pycache__"))
    requirements = HERE / "app" / "requirements.txt"
    key = f"wheels-{digest(requirements.read_bytes(), *_WHEELS)}"

    def download(target: Path) -> None:
        command = [sys.executable, "-m", "pip", "download", "--quiet", "--require-hashes"]
        command += ["--only-binary=:all:", "--python-version=3.11", f"--dest={target}"]
        command += [f"--platform={wheel}" for wheel in _WHEELS]
        subprocess.run([*command, f"--requirement={requirements}"], check=True)

    shutil.copytree(cached(cache_dir("bookshop"), key, download), context / "wheelhouse")
    return context


if __name__ == "__main__":
    main()
