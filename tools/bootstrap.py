"""Makes `.venv` from the locked requirements; the first thing that runs on a new machine.

Called by the Makefile with the system's Python and the standard library alone. Every obstacle
that a fresh machine is known to have ends in one sentence that says what to install.
"""

import importlib.util
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
VENV = ROOT / ".venv"
WANTED = (3, 11)


def main() -> int:
    """Create or refresh the environment; say in one sentence why not."""
    problem = obstacle()
    if problem:
        print(f"error: {problem}", file=sys.stderr)
        return 1
    python = VENV / "bin" / "python"
    if not runs(python):
        run(sys.executable, "-m", "venv", "--clear", str(VENV))
    pip = (str(python), "-m", "pip", "--quiet", "--disable-pip-version-check", "install")
    run(*pip, "--require-hashes", "-r", "requirements/dev.txt")
    # The build backend is locked as well: an isolated build would fetch an unlocked one.
    run(*pip, "--no-build-isolation", "--no-deps", "--editable", ".")
    return 0


def obstacle() -> str | None:
    """Return what keeps this Python from making the environment, if anything does."""
    have = ".".join(str(part) for part in sys.version_info[:3])
    wanted = ".".join(str(part) for part in WANTED)
    if sys.version_info[:2] < WANTED:
        return (
            f"Python {wanted} or newer is needed and {sys.executable} is {have}; "
            "name another one with `make PYTHON=...`"
        )
    if not all(importlib.util.find_spec(name) for name in ("venv", "ensurepip")):
        return (
            f"{sys.executable} ({have}) cannot make virtual environments; "
            "on Debian and Ubuntu: apt-get install python3-venv"
        )
    return None


def runs(python: Path) -> bool:
    """Tell whether an environment is there and its interpreter was not removed meanwhile."""
    if not python.exists():
        return False
    check = f"import pip, sys; sys.exit(sys.version_info[:2] < {WANTED})"
    done = subprocess.run([str(python), "-c", check], stderr=subprocess.DEVNULL, check=False)
    return done.returncode == 0


def run(*command: str) -> None:
    """Run a step in the checkout and stop with its exit code when it fails."""
    done = subprocess.run(command, cwd=ROOT, stdin=subprocess.DEVNULL, check=False)
    if done.returncode:
        print(f"error: this failed: {' '.join(command)}", file=sys.stderr)
        raise SystemExit(done.returncode)


if __name__ == "__main__":
    sys.exit(main())
