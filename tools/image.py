"""Builds the operator's image on the engine of the clusters; `make image`.

The wheels are fetched on the host, checked against the locked hashes and kept in the cache, so
the build in the container needs no network. With `--prepare` it stops before the build, for
those who build with an engine or a base of their own:

    python -m tools.image --prepare && docker build --tag NAME .
"""

import argparse
import platform
import shutil
import sys
from pathlib import Path

from tools.cluster import images, shell
from tools.cluster.paths import cache_dir, cached, digest, locked
from tools.cluster.progress import Progress

ROOT = Path(__file__).resolve().parents[1]
REQUIREMENTS = ROOT / "requirements" / "run.txt"
CONTEXT = ROOT / "build" / "image"
TAG = "release-coordinator/operator:dev"
# What the base image has; wheels with compiled parts are made for one version.
PYTHON_VERSION = "3.11"


def build_operator_image(tag: str = TAG, progress: Progress | None = None) -> str:
    """Build the image from this checkout and return its tag."""
    progress = progress or Progress()
    with locked(f"image-{digest(str(ROOT))}"):
        prepare(progress)
        return images.build(tag, ROOT, ROOT / "Dockerfile", progress=progress)


def prepare(progress: Progress) -> None:
    """Lay out what the Dockerfile copies: the dependencies' wheels and our own."""
    wheels = wheelhouse(progress)
    shutil.rmtree(CONTEXT, ignore_errors=True)
    shutil.copytree(wheels, CONTEXT / "dependencies")
    shutil.copyfile(REQUIREMENTS, CONTEXT / "dependencies" / "requirements.txt")
    command = [sys.executable, "-m", "hatchling", "build", "--target", "wheel"]
    shell.logged([*command, "--directory", CONTEXT / "own"], "wheel-operator", cwd=ROOT)


def wheelhouse(progress: Progress) -> Path:
    """Return the folder with the wheels of all locked dependencies, fetched on first use."""
    machine = {"arm64": "aarch64"}.get(platform.machine(), platform.machine())
    systems = [f"--platform={system}_{machine}" for system in ("manylinux2014", "manylinux_2_28")]
    command = [sys.executable, "-m", "pip", "download", "--require-hashes", "--no-deps"]
    command += ["--only-binary=:all:", f"--python-version={PYTHON_VERSION}", *systems]

    def build(target: Path) -> None:
        with progress.step("fetch the operator's dependencies"):
            where = ["--requirement", str(REQUIREMENTS), "--dest", str(target)]
            shell.logged(command + where, "wheelhouse")

    key = digest(REQUIREMENTS.read_bytes(), *command[1:])
    return cached(cache_dir("wheelhouse"), key, build)


def main() -> int:
    """Prepare and build, or only prepare."""
    parser = argparse.ArgumentParser(prog="tools.image", description=__doc__)
    parser.add_argument("tag", nargs="?", default=TAG)
    parser.add_argument("--prepare", action="store_true", help="stop before the build")
    options = parser.parse_args()
    if options.prepare:
        prepare(Progress())
    else:
        print(build_operator_image(options.tag))
    return 0


if __name__ == "__main__":
    sys.exit(main())
