"""The table of failure cases in the docs: every case is there, and each row names what plays it.

A row names tests as `test_x` or, where its section says the file, as `x`, cut with … if it is long;
or a workload of the campaigns; or a whole file.
"""

import re
from functools import cache

import pytest
from tests.campaigns.workloads import WORKLOADS
from tests.unit.named_tests import ROOT, existing

from release_coordinator.api.conditions import Reason

TEXT = (ROOT / "docs" / "failure-cases.md").read_text(encoding="utf-8")
COLUMNS = 5
ROWS = [
    [cell.strip() for cell in line.strip("| ").split(" | ")]
    for line in TEXT.splitlines()
    if line.startswith("| ") and not line.startswith("| Case ")
]
CASES = {
    "previous revision": "Previous revision",
    "previous revision missing": "Previous revision missing",
    "rollback of a rollback": "Rollback of a rollback",
    "rolled back twice": "Rolled back twice",
    "migration failed cleanly": "The program of a migration says that it failed",
    "migration outcome unknown": "Job deleted, pod killed",
    "lock left in the database": "A lock is left in the database",
    "migration not reversible": "A rollback past an irreversible migration",
    "order of a database rollback": "Order of the way back",
    "data written since the migration": "A down-migration would destroy data",
    "later migration by someone else": "Somebody has migrated further",
    "backup": "The backup fails",
    "user edits the spec": "User edits the spec in the middle",
    "deletion": "Deleted in the middle",
    "operator upgrade": "Operator upgrade",
    "operator crash or eviction": "Operator crash, eviction",
    "two operators": "Two operators",
    "clock skew or jump": "Clock skew or jump",
    "suspend": "Suspended",
    "two Releases, one application": "Two Releases, one application",
    "two Releases touching one workload": "Two Releases that share",
    "workload changed by others": "Workload changed by others",
    "workload deleted or re-created": "Workload deleted or re-created",
    "HPA, KEDA, manual scale": "HPA, KEDA, manual scale",
    "Argo CD self-heal or Flux": "Argo CD self-heal or Flux",
    "rollout stuck": "Rollout stuck",
    "partial ordered rollout": "Partial ordered rollout",
    "metric verdicts": "Metric verdicts",
    "smoke test flaky": "Smoke test flaky",
    "etcd restored from a backup": "Status older than the cluster",
    "approval revoked after the gate": "Approval revoked",
    "automatic rollback and approvals": "Auto-rollback and approvals",
    "API priority": "A rollback while many releases go forward",
    "receiver of a Channel is down": "The receiver of a Channel is down",
    "Incident deleted by somebody": "An Incident was deleted by somebody",
    "record changed or removed by an administrator": "A record was changed or removed",
    "CRDs older than the operator": "The definitions (CRDs) are older",
}
"""Each row of the specification, and how the row that answers it begins."""


def test_every_row_has_all_its_columns() -> None:
    assert [row for row in ROWS if len(row) != COLUMNS] == []


@pytest.mark.parametrize("case", CASES)
def test_every_case_has_a_row(case: str) -> None:
    assert any(row[0].startswith(CASES[case]) for row in ROWS)


def test_every_row_names_what_plays_it_and_that_exists() -> None:
    unknown = {
        row[0]: wrong
        for row in ROWS
        if (wrong := [word for word in references(row[-1]) if not exists(word)])
        or not references(row[-1])
    }

    assert unknown == {}


def test_every_reason_is_one_of_the_vocabulary() -> None:
    said = {word for row in ROWS for word in re.findall(r"`([A-Z]\w+)`", row[2])}

    assert said - set(Reason) - {"RollbackFailed", "Suspended"} == set()


def references(cell: str) -> list[str]:
    return re.findall(r"`([^`]+)`", cell) + re.findall(r"\btests/\S+\.py\b|\btests/\w+$", cell)


def exists(word: str) -> bool:
    if word.startswith("tests/"):
        return (ROOT / word).exists()
    name = word.rstrip("…")
    full = name if name.startswith("test_") else f"test_{name}"
    whole = name == word
    return (
        word in WORKLOADS
        or any(one == full if whole else one.startswith(full) for one in existing())
        or word in end_to_end_cases()
    )


@cache
def end_to_end_cases() -> set[str]:
    """Names of the cases that end-to-end tests are run with."""
    files = (ROOT / "tests" / "e2e").glob("*.py")
    return {name for file in files for name in re.findall(r'"([a-z-]+)"', file.read_text("utf-8"))}
