"""Tests of the tests: defects put into a copy of the product must be noticed."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from tests.campaigns.defects import DEFECTS, Defect

pytestmark = pytest.mark.campaign

ROOT = Path(__file__).resolve().parents[2]
SEEN = 1
"""Exit code of a hunt that found something; a program that broke has another message."""


def hunt(package_root: Path, plans: tuple[str, ...]) -> subprocess.CompletedProcess[str]:
    """Run plans on the copy of the product under this folder."""
    return subprocess.run(
        [sys.executable, "-m", "tests.campaigns.hunt", *plans],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(package_root), "PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """Return a folder with a copy of the product."""
    source = ROOT / "operator" / "release_coordinator"
    shutil.copytree(
        source, tmp_path / source.name, ignore=shutil.ignore_patterns("__pycache__", "cli")
    )
    return tmp_path


@pytest.mark.parametrize("defect", DEFECTS, ids=lambda defect: defect.name)
def test_a_defect_is_noticed(defect: Defect, copy: Path) -> None:
    file = copy / "release_coordinator" / defect.file
    text = file.read_text(encoding="utf-8")
    assert text.count(defect.old) == 1, f"{defect.file} has changed: put the defect anew"
    file.write_text(text.replace(defect.old, defect.new), encoding="utf-8")

    done = hunt(copy, defect.plans)

    assert done.returncode == SEEN, f"nobody noticed that {defect.name}"
    assert done.stdout.startswith(defect.plans), f"the hunt itself broke: {done.stderr}"


def test_without_a_defect_nothing_is_noticed(copy: Path) -> None:
    plans = {plan for defect in DEFECTS for plan in defect.plans}

    done = hunt(copy, tuple(sorted(plans)))

    assert done.stdout == ""
    assert done.returncode == 0, done.stderr
