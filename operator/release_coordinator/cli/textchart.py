"""Charts in plain text, for a terminal, a log or a mail. Pure; used by `cli.commands.chart`.

One column or more for a value, eighths of a line for its height. Below the axis `!` marks a value
beyond the limit and `?` a look without a usable answer; so nothing depends on colours.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta

from rich.console import Group, RenderableType
from rich.text import Text

from .curves import Chart, Curve, Event, Point
from .watchrows import verdict_of
from .words import number, plain

HEIGHT = 8
"""Lines of a chart."""
_EIGHTHS = " ▁▂▃▄▅▆▇█"
_LIMIT, _BASELINE = "╌", "·"
_MARGIN = 26
"""Columns beside the values: numbers on the left, names of lines on the right."""
_WIDEST = 4
"""Most columns of one value."""
_STYLES = {_LIMIT: "red", _BASELINE: "dim", "!": "bold red", "?": "yellow"}


def page(chart: Chart, width: int) -> RenderableType:
    """All curves, one below the other, as wide as there is room."""
    parts: list[RenderableType] = [
        Text(plain(chart.title).plain, style="bold"),
        plain(chart.about),
    ]
    for curve in chart.curves:
        parts += [Text(), _head(curve), *_message(curve), *_drawn(curve, chart.events, width)]
    return Group(*parts)


def _head(curve: Curve) -> Text:
    head = Text(curve.name, style="bold").append("  ", style="default")
    head.append_text(verdict_of(curve.verdict))
    return head.append(f"  {curve.told}" if curve.told else "", style="default")


def _message(curve: Curve) -> list[Text]:
    return [Text(curve.message, style="dim")] if curve.message else []


def _drawn(curve: Curve, events: Sequence[Event], width: int) -> list[Text]:
    room = max(1, width - _MARGIN)
    points = _fitted(curve.points, room)
    each = max(1, min(_WIDEST, room // len(points)))
    low, high = curve.span
    rows = [
        _row(curve, points, each, place, number(high) if place == HEIGHT - 1 else "")
        for place in reversed(range(1, HEIGHT))
    ]
    rows.append(_row(curve, points, each, 0, number(low)))
    rows.append(_line(f"{'':8} └{'─' * (len(points) * each)}"))
    marks = "".join(_mark(point) * each for point in points).rstrip()
    if marks:
        rows.append(_line(f"{'':10}{marks}"))
    return [*rows, *_times(points, each, events)]


def _fitted(points: Sequence[Point], room: int) -> list[Point]:
    """Neighbours that share a column: the one that is beyond the limit, or the largest."""
    share = -(-len(points) // room)
    groups = (points[place : place + share] for place in range(0, len(points), share))
    return [max(group, key=_weight) for group in groups]


def _weight(point: Point) -> tuple[bool, bool, float]:
    return point.is_beyond, point.value is not None, point.value or 0.0


def _row(curve: Curve, points: Sequence[Point], each: int, place: int, label: str) -> Text:
    """One line of the chart: what is filled of it, and the lines that run through it."""
    sign, names = _through(curve, place)
    cells = "".join((_cell(curve, point.value, place) or sign or " ") * each for point in points)
    return _line(f"{label:>8} ┤{cells}{f' {names}' if names else ''}")


def _through(curve: Curve, place: int) -> tuple[str, str]:
    """The sign of the line that runs through this part of the height, and the names of all."""
    names, sign = [], ""
    if curve.baseline is not None and _place_of(curve, curve.baseline) == place:
        names.append("baseline")
        sign = _BASELINE
    here = [line for line in curve.limits if _place_of(curve, line) == place]
    if here:
        names.insert(0, f"limit {number(here[0])}")
        sign = _LIMIT
    return sign, ", ".join(names)


def _place_of(curve: Curve, value: float) -> int | None:
    """The line of the chart a value falls on; None if it is not on it."""
    share = _share(curve, value)
    return min(HEIGHT - 1, int(share * HEIGHT)) if 0 <= share <= 1 else None


def _share(curve: Curve, value: float) -> float:
    """How far up a value is; halves, because the difference of two huge numbers is none."""
    low, high = curve.span
    return (value / 2 - low / 2) / (high / 2 - low / 2)


def _cell(curve: Curve, value: float | None, place: int) -> str:
    """What a value fills of a line of the chart; empty if nothing."""
    if value is None:
        return ""
    eighths = round(_share(curve, value) * HEIGHT * 8) - place * 8
    if place == 0:
        eighths = max(1, eighths)  # a value that is there can be seen
    return _EIGHTHS[min(8, eighths)] if eighths > 0 else ""


def _mark(point: Point) -> str:
    if point.value is None:
        return "?"
    return "!" if point.is_beyond else " "


def _times(points: Sequence[Point], each: int, events: Sequence[Event]) -> list[Text]:
    """The moments of the first and last look, and where what happened happened."""
    columns = len(points) * each
    long = points[-1].at - points[0].at >= timedelta(days=1)
    clock = "%m-%d %H:%M" if long else "%H:%M:%S"
    first, last = f"{points[0].at:{clock}}", f"{points[-1].at:{clock}}Z"
    gap = columns - len(first) - len(last)
    times = f"{first}{' ' * gap}{last}" if gap > 0 else f"{first} to {last}"
    if len(points) == 1:
        times = last
    rows = [_line(f"{'':10}{times}")]
    if not events:
        return rows
    letters = [" "] * (columns + len(events))
    told = []
    for event in events:
        place = _column(points, columns, event.at)
        moment = f"{event.label} {event.at:{clock}}Z"
        if place is None:
            told.append(moment)
            continue
        letter = chr(ord("A") + len([one for one in letters if one != " "]))
        letters[letters.index(" ", place)] = letter  # two of them may be at the same time
        told.append(f"{letter} {moment}")
    marked = "".join(letters).rstrip()
    named = Text(", ".join(told), style="dim")
    return [*rows, *([_line(f"{'':10}{marked}")] if marked else []), named]


def _column(points: Sequence[Point], columns: int, at: datetime) -> int | None:
    """Where a moment is; None: before the first look or after the last."""
    first, last = points[0].at, points[-1].at
    if not first <= at <= last:
        return None
    whole = (last - first).total_seconds()
    return min(columns - 1, int((at - first).total_seconds() / whole * columns)) if whole else 0


def _line(text: str) -> Text:
    """A line that is never folded, with the signs of lines and marks in their colours."""
    line = Text(text.rstrip(), no_wrap=True, overflow="crop")
    for sign, style in _STYLES.items():
        for place, one in enumerate(line.plain):
            if one == sign:
                line.stylize(style, place, place + 1)
    return line
