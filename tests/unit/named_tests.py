"""Which tests there are: documents that name tests are compared with it."""

import re
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
NAMED = re.compile(r"`(test_\w+)`")


@cache
def existing() -> frozenset[str]:
    """Names of all test functions."""
    files = (ROOT / "tests").rglob("test_*.py")
    return frozenset(
        name
        for file in files
        for name in re.findall(r"def (test_\w+)\(", file.read_text(encoding="utf-8"))
    )


def named_in(text: str) -> set[str]:
    """Names of the tests that a text names."""
    return set(NAMED.findall(text))
