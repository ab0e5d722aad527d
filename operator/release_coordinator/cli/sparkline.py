"""The course of what is watched, in a few characters. Pure; used by `cli.watchpage`.

    ▁▂▃▃··▅!!▂    a bar for a value, `!` beyond the limit, `·` where there was no usable answer

It can be read without colours. A full bar is a value at its upper limit; without one, it is the
largest value that is within its limits. So what is far beyond does not flatten the rest.
"""

import math
from collections.abc import Callable, Sequence

from rich.text import Text

BARS = "▁▂▃▄▅▆▇█"
BEYOND = "!"
GAP = "·"

IsBeyond = Callable[[float], bool]


def sparkline(
    values: Sequence[float | None], width: int, is_beyond: IsBeyond, top: float | None = None
) -> Text:
    """All values, one column each; if they do not fit, neighbours share one.

    Args:
        values: in order; None where there is none.
        width: columns there are.
        is_beyond: whether a value is beyond its limit.
        top: the upper limit, if there is one.
    """
    columns = _fitted(values, width, is_beyond)
    low, high = _scale([one for one in columns if one is not None and not is_beyond(one)], top)
    line = Text()
    for value in columns:
        if value is None:
            line.append(GAP, style="dim")
        elif is_beyond(value):
            line.append(BEYOND, style="bold red")
        else:
            line.append(_bar(value, low, high))
    return line


def _scale(within: Sequence[float], top: float | None) -> tuple[float, float]:
    low, high = min(within, default=0.0), max(within, default=0.0)
    return (low, high) if top is None else (min(0.0, low), max(top, high))


def _bar(value: float, low: float, high: float) -> str:
    """If all values are the same nothing is high or low: in the middle, and nothing at the foot."""
    if high - low <= 0 or not math.isfinite(high - low):
        return BARS[len(BARS) // 2 - 1 if value else 0]
    return BARS[min(len(BARS) - 1, int((value - low) / (high - low) * len(BARS)))]


def _fitted(values: Sequence[float | None], width: int, is_beyond: IsBeyond) -> list[float | None]:
    """Neighbours that share a column: the worst of them is shown, unknown only if all are."""
    if len(values) <= width or width < 1:
        return list(values)[-width:] if width > 0 else []
    share = math.ceil(len(values) / width)
    groups = (values[place : place + share] for place in range(0, len(values), share))
    return [_worst([one for one in group if one is not None], is_beyond) for group in groups]


def _worst(known: list[float], is_beyond: IsBeyond) -> float | None:
    return max(known, key=lambda one: (is_beyond(one), one), default=None)
