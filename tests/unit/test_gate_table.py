"""The table of gates and tests in the docs names every gate, and only tests that exist."""

import re
from pathlib import Path

from release_coordinator.api.checklist import GateName

ROOT = Path(__file__).resolve().parents[2]
TABLE = ROOT / "docs" / "reference" / "gate-tests.md"


def test_every_gate_has_a_row() -> None:
    rows = re.findall(r"^\| (\w+) \|", TABLE.read_text(encoding="utf-8"), re.MULTILINE)

    assert set(rows) - {"Gate"} == {*GateName, "SignOff"}


def test_every_test_that_is_named_exists() -> None:
    named = set(re.findall(r"`(test_\w+)`", TABLE.read_text(encoding="utf-8")))
    files = (ROOT / "tests").rglob("test_*.py")
    found = {
        name
        for file in files
        for name in re.findall(r"def (test_\w+)\(", file.read_text(encoding="utf-8"))
    }

    assert named - found == set()
