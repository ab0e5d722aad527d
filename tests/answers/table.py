"""The page about metric sources in trouble: docs/reference/metric-answers.md."""

from dataclasses import replace

from tests.answers.kinds import ANSWERS, Answer
from tests.answers.shapes import SHAPES, ending

from release_coordinator.api.watch import OnUnknown

TITLE = """\
# What a metric source may answer, and what a release makes of it

Written by `tests/answers/test_metric_answers.py`, which plays every cell: a whole release, whose
operator asks a server over HTTP with the client it always uses. The watch takes 2 minutes with a
look every 30 s, and `unknownLimit` is 1 minute. A cell says how the release ends and how long after
the begin of its watch that is decided; without an outage it is "Completed, 120 s".

- No answer of this page but a number is ever a breach: until `unknownLimit` its verdict is Unknown,
  and the watch takes longer by the time that nobody could see.
- Only `onUnknown: Rollback` takes a release back for want of answers. `Hold`, the default, asks a
  person.
- An outage during the rollout (`start: FirstChange`) leads to nothing under any of the three,
  however long it is: every row ends with "Completed, 120 s".
- A breach is caught although the source flaps: under every row, if every other answer is such an
  one and the value is too high from the 45th second on, the release goes back at the first good
  answer, in the 60th.

The outages: **start** is from the begin of the watch to its 75th second, **middle** from the 45th
to the 105th, **end** from the 75th to the 135th, **whole** from its begin on.
"""


def flapping(answer: Answer) -> Answer:
    """The same, and every other answer is good."""
    return replace(answer, flapping=True)


def page() -> str:
    """All of it."""
    names = " | ".join(shape.name for shape in SHAPES)
    lines = [TITLE, f"| Answers | onUnknown | {names} |", f"|---|---|{'---|' * len(SHAPES)}"]
    lines += _rows()
    lines += ["", "## What a person reads meanwhile", "", "| Answer | Verdict | The message says |"]
    lines.append("|---|---|---|")
    for answer in ANSWERS:
        verdict = "Pass" if answer.usable else "Unknown"
        lines.append(f"| {answer.name} | {verdict} | {answer.words} |")
    return "\n".join(lines) + "\n"


def _rows() -> list[str]:
    """A row for all cells that end alike; whatever differs has a row of its own."""
    rows: dict[tuple[str, ...], dict[str, list[str]]] = {}
    for policy in OnUnknown:
        for answer in ANSWERS:
            cells = tuple(str(ending(answer, shape, policy)) for shape in SHAPES)
            rows.setdefault(cells, {}).setdefault(answer.name, []).append(policy)
    return [
        f"| {_answers(list(found))} | {', '.join(next(iter(found.values())))} | "
        f"{' | '.join(cells)} |"
        for cells, found in rows.items()
    ]


def _answers(names: list[str]) -> str:
    """The names, or which are left out."""
    if len(names) <= len(ANSWERS) // 2:
        return ", ".join(names)
    others = [answer.name for answer in ANSWERS if answer.name not in names]
    return f"All but {' and '.join(others)}"
