"""Markdown made of text from outside: cells, tables, blocks; pure.

What somebody has written must neither end a cell nor begin anything of Markdown's own.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime

from release_coordinator.text import one_line

LONG = 4096
"""Characters of a cell."""
_SPECIAL = re.compile(r"([\\|<`*\[\]])")
_FENCE = re.compile(r"^\s*(`{3,})", re.MULTILINE)


def cell(text: object) -> str:
    """Text on one line, for a cell or a sentence; nothing becomes a dash."""
    return _SPECIAL.sub(r"\\\1", one_line("" if text is None else str(text), LONG)) or "-"


def table(head: Sequence[str], rows: Iterable[Sequence[object]]) -> Iterator[str]:
    """The lines of a table; one sentence if it has no rows."""
    body = [f"| {' | '.join(cell(one) for one in row)} |" for row in rows]
    if not body:
        yield "None."
        return
    yield f"| {' | '.join(head)} |"
    yield f"|{'---|' * len(head)}"
    yield from body


def block(text: str, language: str) -> Iterator[str]:
    """Text as it is, whatever is in it."""
    longest = max((len(found) for found in _FENCE.findall(text)), default=2)
    fence = "`" * (longest + 1)
    yield f"{fence}{language}"
    yield from text.rstrip("\n").split("\n")
    yield fence


def moment(at: datetime | None) -> str:
    """A moment in UTC, to the second; empty if there is none."""
    return f"{at.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC" if at else ""


def seconds(took: float | None) -> str:
    """How long something took: 0.4 s, 12 s, 3 min 4 s, 2 h 5 min."""
    if took is None:
        return ""
    if took < 10:  # noqa: PLR2004 - below that tenths matter
        return f"{took:.1f} s"
    whole = int(took)
    hours, minutes, rest = whole // 3600, whole % 3600 // 60, whole % 60
    parts = ((hours, "h"), (minutes, "min"), (0 if hours else rest, "s"))
    return " ".join(f"{count} {unit}" for count, unit in parts if count)
