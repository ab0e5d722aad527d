"""`pip install` of our wheel into an empty environment: what is declared is enough to run it.

Without a network: the wheels are those of the lock. So a dependency that is used and not declared
is found, and so is a program that the wheel does not bring.
"""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from tools.cluster.progress import Progress
from tools.image import wheelhouse

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(600)]

ROOT = Path(__file__).resolve().parents[2]
Said = Callable[..., str]


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Said:
    """Make an environment, install our wheel into it; return what runs its programs."""
    folder = tmp_path_factory.mktemp("environment")
    programs = folder / "env" / "bin"
    # Nothing of the environment that tests run in, and no index either.
    environ = {"PATH": os.defpath, "HOME": str(folder), "PIP_NO_INDEX": "1", "COLUMNS": "100"}

    def said(program: Path | str, *arguments: str) -> str:
        command = [str(program), *arguments]
        done = subprocess.run(
            command, capture_output=True, text=True, check=False, env=environ, cwd=folder
        )
        assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
        return done.stdout

    build = [sys.executable, "-m", "hatchling", "build", "--target", "wheel"]
    subprocess.run([*build, "--directory", str(folder)], check=True, capture_output=True, cwd=ROOT)
    (wheel,) = folder.glob("*.whl")
    said(sys.base_prefix + "/bin/python3", "-m", "venv", "env")
    said(programs / "pip", "install", f"--find-links={wheelhouse(Progress())}", str(wheel))
    return lambda program, *arguments: said(programs / program, *arguments)


def test_the_plugin_runs(installed: Said) -> None:
    assert "Prepare a release" in installed("kubectl-release", "--help")
    assert installed("kubectl_complete-release", "stat").startswith("status\t")


def test_each_module_finds_what_it_needs(installed: Said) -> None:
    """Charts want `release-coordinator[charts]` and say so."""
    walk = (
        "import importlib, pkgutil, release_coordinator as package\n"
        "for one in pkgutil.walk_packages(package.__path__, 'release_coordinator.'):\n"
        "    if not one.name.endswith('__main__'):\n"
        "        importlib.import_module(one.name)\n"
        "        print(one.name)\n"
    )

    assert "release_coordinator.statuspage.server" in installed("python", "-c", walk).split()


def test_what_is_installed_fits_together(installed: Said) -> None:
    assert "No broken requirements found" in installed("pip", "check")
