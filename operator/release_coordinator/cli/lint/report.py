"""Findings for people, for programs, and for code review tools (SARIF 2.1.0). Pure.

Last step of `cli.lint`.
"""

from collections import Counter
from collections.abc import Sequence
from typing import Any

from rich.console import Group, RenderableType
from rich.text import Text

from release_coordinator.cli.words import plain

from .findings import Finding, Level

_STYLES = {Level.ERROR: "red", Level.WARNING: "yellow", Level.NOTE: "dim"}
SARIF = "https://json.schemastore.org/sarif-2.1.0.json"


def page(found: Sequence[Finding], checked: int) -> RenderableType:
    """One line for each finding, as compilers say it, and how many there are."""
    lines: list[RenderableType] = []
    for one in found:
        text = plain(str(one))
        text.highlight_words([f"{one.level}:"], style=_STYLES[one.level])
        lines.append(text)
    return Group(*lines, Text(summary(found, checked)))


def summary(found: Sequence[Finding], checked: int) -> str:
    """`2 objects checked: 1 error, 2 warnings`."""
    counts = Counter(one.level for one in found)
    told = [_number(counts[level], level) for level in Level if counts[level]]
    return f"{_number(checked, 'object')} checked: {', '.join(told) or 'nothing found'}"


def wire(found: Sequence[Finding], checked: int) -> dict[str, Any]:
    """The documented shape of `-o json` and `-o yaml`."""
    return {
        "checked": checked,
        "findings": [
            {
                "level": str(one.level),
                "rule": one.rule,
                "file": one.file,
                "line": one.line,
                "object": one.object,
                "path": one.path,
                "text": one.text,
            }
            for one in found
        ],
    }


def sarif(found: Sequence[Finding], version: str) -> dict[str, Any]:
    """As code review tools read it."""
    rules = sorted({one.rule for one in found})
    driver = {
        "name": "kubectl-release lint",
        "version": version,
        "rules": [{"id": rule} for rule in rules],
    }
    results = [
        {
            "ruleId": one.rule,
            "level": str(one.level),
            "message": {"text": f"{one.path}: {one.text}" if one.path else one.text},
            "locations": [
                {
                    "physicalLocation": {
                        "artifactLocation": {"uri": one.file},
                        "region": {"startLine": one.line},
                    }
                }
            ],
        }
        for one in found
    ]
    run = {"tool": {"driver": driver}, "results": results}
    return {"$schema": SARIF, "version": "2.1.0", "runs": [run]}


def _number(count: int, word: str) -> str:
    return f"{count} {word}" if count == 1 else f"{count} {word}s"
