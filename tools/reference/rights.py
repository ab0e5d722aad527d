"""Writes `docs/reference/rights.md`: what the operator may do, and what each right is for.

Made from the chart's template of its rules, where each has a comment; other comments than those of
a rule, and other statements than `if` and `range`, are not read.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from tools.reference.tables import cell, code, page, table

_INTRODUCTION = """\
# Rights of the operator

What the chart gives the operator, and why. There is no wildcard, no right to touch roles, and no
Secret unless a value of the chart names it. In its own namespace it has besides the Lease of its
leader election, and reads the Secrets that the chart names. Wider rights cannot slip in: tests
compare the chart with a list."""
_PARTS = {
    "rc.rules": "## In each namespace that it looks after",
    "rc.clusterRules": "## In the whole cluster",
}
_DEFINE = re.compile(r'\{\{- define "([\w.]+)" -\}\}\n(.*?)\n\{\{- end \}\}\n(?=\n|\Z)', re.DOTALL)
_VALUE = re.compile(r"\{\{- (?:if|range) \.Values\.(\S+) \}\}")


@dataclass
class Rule:
    """One rule of a role, as the template writes it."""

    value: str
    """What has to be set for it; empty if it is always there."""
    resources: str = ""
    verbs: str = ""
    why: list[str] = field(default_factory=list)


def render(template: Path) -> str:
    """Return the whole page."""
    parts = dict(_DEFINE.findall(template.read_text(encoding="utf-8")))
    return page(
        _INTRODUCTION,
        *(text for name, title in _PARTS.items() for text in (title, _table(parts[name]))),
    )


def rules(text: str) -> Iterator[Rule]:
    """Yield the rules of a definition in the template."""
    value, rule = "", Rule("")
    for line in text.splitlines():
        if found := _VALUE.match(line):
            value = found[1]
        elif line.startswith("{{- end"):
            value = ""
        elif line.startswith("- apiGroups:"):
            if rule.verbs:
                yield rule
            rule = Rule(value)
        else:
            _add(rule, line.strip())
    yield rule


def _add(rule: Rule, line: str) -> None:
    what, _, comment = line.partition("# ")
    name, _, values = what.strip().partition(":")
    words = values.strip().strip("[]")
    if name == "resources":
        rule.resources = "what the value names" if "{{" in words else _codes(words)
    elif name == "verbs":
        rule.verbs = words
    elif name == "resourceNames":
        rule.why.append(f"Only {_codes(words)}.")
    if comment:
        rule.why.append(comment)


def _codes(words: str) -> str:
    return ", ".join(code(word.strip()) for word in words.split(","))


def _table(text: str) -> list[str]:
    rows = [
        (one.resources, one.verbs, code(one.value), cell("; ".join(s.rstrip(".") for s in one.why)))
        for one in rules(text)
    ]
    return table(("Resource", "Verbs", "Only with", "For"), rows)
