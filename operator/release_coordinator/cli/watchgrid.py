"""The rows of `kubectl release watch`, laid out for the width there is. Pure; for `cli.watchpage`.

Numbers and verdict take what they need, the chart takes the rest. What is narrow loses columns
before the chart gets too small to show anything; names and limits that are too long get a line of
their own, so that nothing is cut.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from rich.cells import cell_len
from rich.console import Console, ConsoleOptions, RenderResult
from rich.padding import Padding
from rich.text import Text

from release_coordinator.api.measurement import HISTORY

from .sparkline import sparkline
from .watchrows import Row, ratio
from .words import number, plain

_GAP = 2
_LEAST = 10
"""Columns of a chart that is still worth its place."""
_NAME = 24
"""Most columns of a name within the row."""
_SHARE = 5
"""The part of the width that a limit may have within the row."""
_DISPENSABLE = ("BASELINE", "RATIO", "LIMIT", "CHART")
"""What is left out first where there is no room."""


@dataclass(frozen=True, slots=True)
class Grid:
    """All rows."""

    rows: Sequence[Row]

    def __rich_console__(self, _: Console, options: ConsoleOptions) -> RenderResult:
        """Lay out for the width of the place it is printed at."""
        room = options.max_width // _SHARE
        cells = [_cells(row, room) for row in self.rows]
        widths = _widths(cells, options.max_width)
        yield _line({name: Text(name, style="dim") for name in widths}, widths)
        for row, found in zip(self.rows, cells, strict=True):
            if cell_len(row.name) > _NAME:
                yield plain(row.name)
            chart = sparkline(row.values, widths.get("CHART", 0), row.is_beyond, row.top)
            yield _line(found | {"CHART": chart}, widths)
            for note in _notes(row, room):
                yield Padding(note, (0, 0, 0, 4))


def _cells(row: Row, room: int) -> dict[str, Text]:
    """Everything but the chart."""
    return {
        "NAME": plain(row.name) if cell_len(row.name) <= _NAME else Text(),
        "VALUE": Text(number(row.entry.value)),
        "BASELINE": Text(number(row.entry.baseline)),
        "RATIO": Text(ratio(row.entry)),
        "LIMIT": Text(row.limit.words if _fits(row, room) else "…"),
        "VERDICT": row.verdict,
    }


def _fits(row: Row, room: int) -> bool:
    return cell_len(row.limit.words) <= room


def _widths(cells: Sequence[dict[str, Text]], available: int) -> dict[str, int]:
    """Columns in their order, with the width of each."""
    order = ("NAME", "CHART", "VALUE", "BASELINE", "RATIO", "LIMIT", "VERDICT")
    widths = {
        name: max([cell_len(name), *(row[name].cell_len for row in cells)])
        for name in order
        if name != "CHART"
    }
    chart = min(HISTORY, available - sum(widths.values()) - _GAP * len(widths))
    for name in _DISPENSABLE:
        if chart >= _LEAST:
            break
        chart += widths.pop(name, 0) + _GAP
    if chart >= _LEAST:
        widths["CHART"] = min(HISTORY, chart)
    return {name: widths[name] for name in order if name in widths}


def _line(cells: dict[str, Text], widths: dict[str, int]) -> Text:
    line = Text(no_wrap=True, overflow="ellipsis")
    for name, width in widths.items():
        cell = cells[name]
        line.append_text(cell).append(" " * (max(0, width - cell.cell_len) + _GAP))
    line.rstrip()
    return line


def _notes(row: Row, room: int) -> Iterator[Text]:
    if not _fits(row, room):
        yield Text(f"limit: {row.limit.words}", style="dim")
    for note in row.notes:
        yield Text(plain(note).plain, style="dim")
