"""Renews the locked requirements: of the operator, of developers, of the documentation's site.

Called by `make lock`. The locking tool lives in an environment of its own, so that it neither
appears among the locked packages nor takes part in their resolution. Options that write an index
into the files are off: the files must work behind any mirror.
"""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
TOOL = "pip-tools==7.6.2"
VENV = ROOT / "build" / "lock"
OPTIONS = (
    "--quiet",
    "--allow-unsafe",
    "--generate-hashes",
    "--strip-extras",
    "--no-emit-find-links",
    "--no-emit-index-url",
    "--no-emit-trusted-host",
)


def main() -> int:
    """Lock all files, the run-time one first because that of the developers starts from it."""
    extra = sys.argv[1:]
    if not (VENV / "bin" / "pip-compile").exists():
        run(sys.executable, "-m", "venv", "--clear", str(VENV))
        run(str(VENV / "bin" / "python"), "-m", "pip", "--quiet", "install", TOOL)
    compile_ = (str(VENV / "bin" / "pip-compile"), *OPTIONS, *extra)
    run(*compile_, "--output-file=requirements/run.txt", "pyproject.toml")
    run(*compile_, "--output-file=requirements/dev.txt", "requirements/dev.in")
    run(*compile_, "--output-file=requirements/docs.txt", "requirements/docs.in")
    return 0


def run(*command: str) -> None:
    """Run a step in the checkout and stop when it fails."""
    subprocess.run(command, cwd=ROOT, stdin=subprocess.DEVNULL, check=True)


if __name__ == "__main__":
    sys.exit(main())
