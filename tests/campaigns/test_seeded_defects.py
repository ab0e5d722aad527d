"""Tests of the tests: defects put into a copy of the product must be noticed."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from tests.campaigns.defects import DEFECTS, Defect, copy_with

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


@pytest.mark.parametrize("defect", DEFECTS, ids=lambda defect: defect.name)
def test_a_defect_is_noticed(defect: Defect, tmp_path: Path) -> None:
    copy_with(defect, tmp_path)

    done = hunt(tmp_path, defect.plans)

    assert done.returncode == SEEN, f"nobody noticed that {defect.name}"
    assert done.stdout.startswith(defect.plans), f"the hunt itself broke: {done.stderr}"


def test_without_a_defect_nothing_is_noticed(tmp_path: Path) -> None:
    copy_with(None, tmp_path)
    plans = {plan for defect in DEFECTS for plan in defect.plans}

    done = hunt(tmp_path, tuple(sorted(plans)))

    assert done.stdout == ""
    assert done.returncode == 0, done.stderr
