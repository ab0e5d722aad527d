"""The table of failure cases in the docs: each case has a reason that exists, and a test."""

import re

import pytest
from tests.unit.named_tests import ROOT, existing, named_in

from release_coordinator.api.conditions import Reason

TEXT = (ROOT / "docs" / "failure-cases.md").read_text(encoding="utf-8")
COLUMNS = 5
ROWS = [
    [cell.strip() for cell in line.strip("|").split(" | ")]
    for line in TEXT.splitlines()
    if line.startswith("| ") and not line.startswith(("| Case ", "|---", "| ---"))
]
CASES = [
    "Previous revision",
    "Previous revision missing",
    "Rollback of a rollback",
    "Rolled back twice",
    "Migration failed cleanly",
    "Migration outcome unknown",
    "Lock left in the database",
    "Migration not reversible",
    "Order of a database rollback",
    "Data written since the migration",
    "Later migration by someone else",
    "Backup",
    "Spec edited in the middle",
    "Deletion in the middle",
    "Operator upgraded in the middle",
    "Operator crash or eviction",
    "Two operators",
    "Clock skew or jump",
    "Suspended",
    "Two Releases, one application",
    "Two Releases touching one workload",
    "Workload changed by others",
    "Workload deleted or re-created",
    "HPA, KEDA, manual scale",
    "Argo CD self-heal or Flux",
    "Rollout stuck",
    "Partial ordered rollout",
    "Metric verdicts",
    "Smoke test flaky",
    "etcd restored from a backup",
    "Approval revoked after the gate",
    "Automatic rollback and approvals",
    "Rollback and new work at once",
]
"""Each row of the specification has one of these at its beginning, or several."""


def test_every_row_has_all_its_columns() -> None:
    assert [row[0] for row in ROWS if len(row) != COLUMNS] == []


@pytest.mark.parametrize("case", CASES)
def test_every_case_has_a_row(case: str) -> None:
    assert any(row[0].startswith(case) for row in ROWS)


def test_every_row_names_a_test_that_exists() -> None:
    assert [row[0] for row in ROWS if not named_in(row[-1])] == []
    assert named_in(TEXT) - existing() == set()


def test_every_reason_is_one_of_the_vocabulary() -> None:
    said = {word for row in ROWS for word in re.findall(r"`([A-Z]\w+)`", row[2])}

    assert said - set(Reason) == set()
