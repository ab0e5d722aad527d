"""Writes `docs/decisions/README.md`: the list of what was decided."""

import re
from pathlib import Path

from tools.reference.tables import page

_INTRODUCTION = """\
# Decisions

Why it is as it is: one page for each choice that a newcomer would ask about. A new one begins as a
copy of `0000-template.md`; the next number is free if no page has it."""

_NUMBER = re.compile(r"^# \d+[:.] ")


def render(folder: Path) -> str:
    """Return the whole page from the titles of the records in a folder."""
    files = sorted(file for file in folder.glob("[0-9]*.md") if not file.name.startswith("0000"))
    return page(_INTRODUCTION, [f"- [{_title(file)}]({file.name})" for file in files])


def _title(file: Path) -> str:
    first = file.read_text(encoding="utf-8").splitlines()[0]
    return f"{file.name[:4]}: {_NUMBER.sub('', first)}"
