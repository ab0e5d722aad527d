"""Shows lines of logs, each with where it is from. Used by `commands.logs`.

A log may contain anything: a terminal is shown no control characters of it but the tab.
"""

from typing import TextIO

from rich.console import Console
from rich.text import Text

from release_coordinator.text import one_line

from .logs import Line
from .paper import console_of
from .words import plain

COLOURS = ("cyan", "magenta", "green", "yellow", "blue", "bright_cyan", "bright_magenta")
_LONG = 64 * 1024


class LogScreen:
    """Where lines go: to stdout, and notes to stderr, so that a pipe has the lines alone."""

    def __init__(self, stream: TextIO, *, prefix: bool = True, timestamps: bool = False) -> None:
        self._console = console_of(stream)
        self._prefix = prefix
        self._timestamps = timestamps
        self._colours: dict[str, str] = {}
        self._noted: set[str] = set()

    def show(self, line: Line) -> None:
        """One line, however long."""
        text = Text()
        if self._prefix:
            label = line.source.label
            style = self._colours.setdefault(label, COLOURS[len(self._colours) % len(COLOURS)])
            text.append(f"[{one_line(label)}] ", style=style)
        if self._timestamps and line.at:
            text.append(f"{line.at} ", style="dim")
        text.append(_clean(line.text))
        if self._console.is_terminal:
            self._console.print(text, soft_wrap=True)
        else:
            self._console.file.write(f"{text.plain}\n")  # rich would put spaces for tabs
        self._console.file.flush()

    def note(self, text: str) -> None:
        """Something about a log, once."""
        if text not in self._noted:
            self._noted.add(text)
            Console(stderr=True, soft_wrap=True, highlight=False).print(plain(text), style="yellow")


def _clean(text: str) -> str:
    return "\t".join(one_line(f"|{part}|", _LONG)[1:-1] for part in text.split("\t"))
