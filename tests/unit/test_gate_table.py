"""The table of gates and tests in the docs names every gate, and only tests that exist."""

import re

from tests.unit.named_tests import ROOT, existing, named_in

from release_coordinator.api.checklist import GateName

TABLE = (ROOT / "docs" / "reference" / "gate-tests.md").read_text(encoding="utf-8")


def test_every_gate_has_a_row() -> None:
    rows = re.findall(r"^\| (\w+) \|", TABLE, re.MULTILINE)

    assert set(rows) - {"Gate"} == {*GateName, "SignOff"}


def test_every_test_that_is_named_exists() -> None:
    assert named_in(TABLE) - existing() == set()
