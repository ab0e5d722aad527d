"""Removes what the project made: running clusters, build output and, when asked, the caches.

Clusters and caches belong to the user and not to one checkout, so other checkouts lose them too.

Runs with the standard library alone, because the environment may be what is broken. It goes
through the interfaces that made things, so only what the project started is ended.
"""

import argparse
import shutil
import sys
from pathlib import Path

from tools.cluster import clusters, paths
from tools.cluster.progress import Progress

ROOT = Path(__file__).resolve().parents[1]
MADE = (
    ".venv",
    "build",
    "dist",
    ".hypothesis",
    ".import_linter_cache",
    ".mypy_cache",
    ".pytest_cache",
    ".ruff_cache",
    ".coverage",
)
SOURCES = ("operator", "tests", "tools", "manifests")


def main() -> int:
    """Remove clusters and build output, or with `--caches` what makes the next run fast."""
    parser = argparse.ArgumentParser(prog="tools.clean", description=__doc__)
    parser.add_argument("--caches", action="store_true", help="only the shared caches")
    options = parser.parse_args()
    if options.caches:
        # The state holds the private engine's images; nothing runs on them any more.
        for folder in (paths.cache_dir(), paths.state_dir()):
            shutil.rmtree(folder, ignore_errors=True)
        return 0
    for cluster in clusters.status():
        clusters.down(cluster.name, Progress())
    clusters.stop_idle_engine(Progress())
    for path in [ROOT / name for name in MADE] + byte_code():
        remove(path)
    return 0


def byte_code() -> list[Path]:
    """Return the folders that Python leaves beside sources."""
    return [folder for name in SOURCES for folder in (ROOT / name).rglob("__pycache__")]


def remove(path: Path) -> None:
    """Remove a file or a folder that may not be there."""
    if path.is_dir():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


if __name__ == "__main__":
    sys.exit(main())
