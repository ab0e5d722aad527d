"""Tests of the search: defects put into a copy of the engine must be found, each by one model."""

import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

pytestmark = pytest.mark.campaign

ROOT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class Defect:
    """One change of the engine for the worse."""

    name: str
    file: str
    old: str
    new: str
    model: str
    """Which model must find it."""
    told: str
    """What the search must say."""


DEFECTS = (
    Defect(
        "a migration's Job is created ready to run",
        "engine/jobs.py",
        "suspended=job.guarded,",
        "suspended=False,",
        "crash",
        "I1: a migration might run before its Job is known",
    ),
    Defect(
        "a migration whose Job is gone is run again on a guess",
        "engine/jobs.py",
        "    if step.uid is not None:\n        what =",
        "    if step.uid is None and job.reason is None:\n        what =",
        "vanish",
        "I1: the Job of a migration is created again",
    ),
    Defect(
        "a migration that was suspended after it had begun is let run again",
        "engine/jobs.py",
        "        case JobPhase.SUSPENDED if fact.touched:\n"
        "            return _suspended_again(ctx, job, fact)\n",
        "",
        "stopped",
        "I1: a migration's program ran twice",
    ),
    Defect(
        "a rollback restores the images of the attempt itself",
        "engine/phases/rolling_out.py",
        "            previous.images,\n",
        "            component.images,\n",
        "metric",
        "I5: a rollback restores something else than was recorded",
    ),
    Defect(
        "migrations are reverted oldest first",
        "engine/reverting.py",
        "for migration in reversed(migrations.applied(ctx)):",
        "for migration in migrations.applied(ctx):",
        "two migrations",
        "I6: migrations are not reverted newest first",
    ),
    Defect(
        "migrations are reverted while the new code still runs",
        "engine/decide.py",
        "WAY_BACK: tuple[Undoes, ...] = (\n",
        "WAY_BACK: tuple[Undoes, ...] = (\n    migrating,\n",
        "crash",
        "I6: a pod of the new code still runs",
    ),
    Defect(
        "pods that terminate are not waited for",
        "engine/workloads.py",
        "if pod.terminating or pod.images & apply.gone",
        "if pod.images & apply.gone and not pod.terminating",
        "crash",
        "I6: a pod of the new code still runs",
    ),
    Defect(
        "one wish for another try is granted for ever",
        "engine/idle.py",
        "if release.annotations.get(names.ANNOTATION_RETRY) == str(last.number):",
        "if release.annotations.get(names.ANNOTATION_RETRY) is not None:",
        "ordered",
        "R4.12: a finished plan is run again by itself",
    ),
    Defect(
        "the gates are asked once and never again",
        "engine/decide.py",
        "    confirming,  # R2: every gate once more, before the first change\n    migrating,",
        "    migrating,",
        "signed",
        "I3: a change past a gate",
    ),
    Defect(
        "what was said before the first change is not heard",
        "engine/phases/confirming.py",
        "    gates = [verdict.gate for verdict in verdicts]\n",
        "    gates = ctx.attempt.gates\n",
        "signed",
        "I3: confirmed",
    ),
    Defect(
        "a deleted Release is let go before it was rolled back",
        "engine/decide.py",
        "if attempt is None or attempt.recorded:",
        "if attempt is None or attempt.recorded or release.deleting:",
        "deleted",
        "a Release is let go during its attempt",
    ),
    Defect(
        "a lock is broken while its owner is at work",
        "engine/locks.py",
        "    return holder.attempt > lock.attempt or (",
        "    return holder.attempt >= lock.attempt or (",
        "two Releases",
        "I7: two Releases change a workload",
    ),
    Defect(
        "a held attempt does not hear that its Release is deleted",
        "engine/orders.py",
        "    if not release.deleting:\n        return Wait()\n",
        "    if release is not None:\n        return Wait()\n",
        "deleted",
        "a deleted Release is let go",
    ),
    Defect(
        "a watch that is over is not ended",
        "engine/phases/watching.py",
        "all(tracking.is_over(ctx, watch, subject) for subject in watchlist.of(ctx.plan))",
        "ctx.now > ctx.now",
        "metric",
        "a good release completes",
    ),
)


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """Return a folder with a copy of the product."""
    source = ROOT / "operator" / "release_coordinator"
    ignored = shutil.ignore_patterns("__pycache__", "cli")
    shutil.copytree(source, tmp_path / source.name, ignore=ignored)
    return tmp_path


@pytest.mark.parametrize("defect", DEFECTS, ids=lambda defect: defect.name)
def test_the_search_finds_a_defect(defect: Defect, copy: Path) -> None:
    file = copy / "release_coordinator" / defect.file
    text = file.read_text(encoding="utf-8")
    assert text.count(defect.old) == 1, f"{defect.file} has changed: put the defect anew"
    file.write_text(text.replace(defect.old, defect.new), encoding="utf-8")

    done = subprocess.run(
        [sys.executable, "-m", "tests.search", defect.model],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(copy), "PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True,
        text=True,
        check=False,
        timeout=600,
    )

    assert done.returncode == 1, f"the search did not find that {defect.name}: {done.stderr}"
    assert defect.told in done.stdout, done.stdout + done.stderr
