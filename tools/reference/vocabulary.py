"""Writes `docs/reference/conditions.md`: phases, conditions and reasons with their meanings.

Made from `api.conditions` alone. Reasons stand under the comments that group them in the source.
"""

import inspect
from enum import StrEnum

from tools.meanings import meanings
from tools.reference.tables import code, page, table

from release_coordinator.api.conditions import ConditionType, Phase, Reason, Status

WORDS: tuple[type[StrEnum], ...] = (Phase, ConditionType, Status, Reason)
"""The enumerations of this page; the API reference links to it."""
_COMMENT = "    # "
_INTRODUCTION = """\
# Phases, conditions and reasons

The phase says where a Release is, for people. Conditions are for programs: their types, statuses
and reasons are a contract. `kubectl wait release/NAME --for=condition=Ready` is enough for most;
`Ready`, `Reconciling` and `Stalled` follow kstatus, so Argo CD, Flux and Helm can wait as well.
What went wrong, and who has to do what, stands in `message`. [Failure cases](../failure-cases.md)
says for each reason what the operator does, and what you do next."""


def render() -> str:
    """Return the whole page."""
    return page(
        _INTRODUCTION,
        "## Phase\n\n`status.phase`, one at a time.",
        _words(Phase),
        "## ConditionType\n\n`status.conditions[].type`; all are always there.",
        _words(ConditionType),
        "## Status\n\n`status.conditions[].status`.",
        _words(Status),
        "## Reason\n\n`status.conditions[].reason`, and the reasons of [Events](events.md), holds "
        "and failures.",
        *(part for title, reasons in groups() for part in _group(title, reasons)),
    )


def groups() -> list[tuple[str, list[str]]]:
    """Return the comment above each group of reasons, and the reasons."""
    found: list[tuple[str, list[str]]] = []
    for line in inspect.getsource(Reason).splitlines():
        if line.startswith(_COMMENT):
            found.append((line.removeprefix(_COMMENT), []))
        elif " = " in line and line.startswith("    "):
            found[-1][1].append(Reason[line.split()[0]].value)
    return found


def _group(title: str, reasons: list[str]) -> tuple[str, list[str]]:
    meaning = meanings(Reason)
    rows = [(code(reason), meaning[reason]) for reason in reasons]
    return f"### {title[0].upper()}{title[1:]}", table(("Reason", "Meaning"), rows)


def _words(kind: type[StrEnum]) -> list[str]:
    rows = [(code(value), meaning) for value, meaning in meanings(kind).items()]
    return table(("Value", "Meaning"), rows)
