"""The course of what is watched, in a bounded space: when it is full its resolution is halved.

Called by `engine.tracking`; drawn by the plugin. Times are seconds on a grid, so that a chart needs
no time per value.
"""

from datetime import datetime, timedelta

from release_coordinator.api.measurement import HISTORY, History

DIGITS = 6
"""Significant digits that are kept."""


def append(history: History | None, at: datetime, value: float | None, step: float) -> History:
    """The history with a value (None: unknown) at a moment; `step` in seconds for a new one.

    Values that fall on the same place of the grid: the later one stands. Places that were
    jumped over are unknown.
    """
    if history is None or not history.values or at < history.since:
        return History(since=at, step=step, values=[_rounded(value)])
    place = round((at - history.since).total_seconds() / history.step)
    while place >= HISTORY:
        history = _halved(history)
        place = round((at - history.since).total_seconds() / history.step)
    values = history.values[: place + 1]
    values += [None] * (place + 1 - len(values))
    values[place] = _rounded(value)
    return history.model_copy(update={"values": values})


def times(history: History) -> list[datetime]:
    """The moment of each value."""
    return [
        history.since + timedelta(seconds=history.step * place)
        for place in range(len(history.values))
    ]


def _halved(history: History) -> History:
    """Every other value, or its neighbour where it is unknown, twice as far apart."""
    pairs = [history.values[place : place + 2] for place in range(0, len(history.values), 2)]
    kept = [next((one for one in pair if one is not None), None) for pair in pairs]
    return history.model_copy(update={"values": kept, "step": history.step * 2})


def _rounded(value: float | None) -> float | None:
    return None if value is None else float(f"{value:.{DIGITS}g}")
