"""Durations, moments and numbers the way people write them; text from outside made safe. Pure.

Used by `cli.layout`. Nothing in a status may steer the reader's terminal: messages carry what
programs and servers said.
"""

from datetime import datetime

from rich.text import Text

from release_coordinator.text import one_line

_MINUTE, _HOUR, _DAY = 60, 3_600, 86_400
_LONG = 1_024

STYLES = {
    "Completed": "green",
    "Delivered": "green",
    "Failed": "red",
    "Fail": "red",
    "False": "dim",
    "Held": "yellow",
    "Passed": "green",
    "Pass": "green",
    "RollbackFailed": "bold red",
    "RolledBack": "red",
    "RollingBack": "yellow",
    "Succeeded": "green",
    "Suspended": "yellow",
    "True": "green",
    "Unknown": "yellow",
    "Waiting": "yellow",
    "Waived": "yellow",
    "done": "green",
    "failed": "red",
    "held": "yellow",
    "not needed": "dim",
    "not reached": "dim",
    "running": "cyan",
    "stopped": "yellow",
    "suspended": "yellow",
    "to come": "dim",
}
"""Colours of words that a terminal shows; they carry no news of their own."""


def word(text: str) -> Text:
    """A state, in its colour."""
    return Text(text, style=STYLES.get(text, ""))


def plain(text: str) -> Text:
    """Text that somebody else wrote: no markup, no control characters, one line."""
    return Text(one_line(text, _LONG))


def duration(seconds: float | None) -> str:
    """`0.4s`, `12s`, `3m 04s`, `2h 05m`, `4d 01h`; empty if it is not known."""
    if seconds is None:
        return ""
    if seconds < 1:
        return f"{seconds:.1f}s"
    whole = int(seconds)
    if whole < _MINUTE:
        return f"{whole}s"
    if whole < _HOUR:
        return f"{whole // _MINUTE}m {whole % _MINUTE:02}s"
    if whole < _DAY:
        return f"{whole // _HOUR}h {whole % _HOUR // _MINUTE:02}m"
    return f"{whole // _DAY}d {whole % _DAY // _HOUR:02}h"


def ago(moment: datetime, now: datetime) -> str:
    """How long ago something was."""
    return f"{duration(max((now - moment).total_seconds(), 0.0))} ago"


def number(value: float | None) -> str:
    """Three significant digits, without an exponent where people would not write one."""
    if value is None:
        return "-"
    large, huge = 1_000, 100_000_000
    return f"{value:.0f}" if large <= abs(value) < huge else f"{value:.3g}"
