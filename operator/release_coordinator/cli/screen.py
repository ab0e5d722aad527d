"""Shows states of a Release: as a page or as documents, once or live.

Used by `cli.main`. On a terminal a watched page is redrawn in place; anywhere else each piece of
news is a line, and the page comes last.
"""

import sys
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from datetime import datetime
from enum import StrEnum
from typing import TextIO

from rich.console import Console, RenderableType
from rich.live import Live
from rich.text import Text

from release_coordinator.api.codec import ReleaseObject, parse_release
from release_coordinator.cluster.port import Body

from .layout import layout
from .options import Form
from .paper import console_of, document
from .words import plain, word

Now = Callable[[], datetime]


class Output(StrEnum):
    """Values of `-o`."""

    PAGE = "page"
    WIDE = "wide"
    JSON = "json"
    YAML = "yaml"


class Screen:
    """What the person sees; `show` is called with each state, `close` after the last."""

    def __init__(self, output: Output, now: Now, stream: TextIO | None = None) -> None:
        self._output = output
        self._now = now
        self._console = console_of(stream or sys.stdout)
        self._release: ReleaseObject | None = None
        self._told: tuple[str, ...] = ()

    def once(self, body: Body) -> None:
        """Show one state, whole."""
        if self._output in (Output.JSON, Output.YAML):
            self._document(body, compact=False)
            return
        self._release = parse_release(body)
        self.last()

    def watching(self) -> AbstractContextManager[object]:
        """What surrounds the calls of `news`: a page that is redrawn, if there is a terminal."""
        if self._output in (Output.JSON, Output.YAML) or not self._console.is_terminal:
            return nullcontext()
        # Redrawn every second, because durations grow; that asks nobody.
        return Live(
            console=self._console, get_renderable=self._page, refresh_per_second=1, transient=True
        )

    def news(self, body: Body) -> None:
        """Show the next state of a watched Release."""
        self._release = parse_release(body)
        if self._output in (Output.JSON, Output.YAML):
            self._document(body, compact=True)
        elif not self._console.is_terminal:
            self._line(self._release)

    def last(self) -> None:
        """Show the page, whole, however long its commands are."""
        if self._output in (Output.PAGE, Output.WIDE):
            if self._told:
                self._console.print()
            self._console.print(self._page(live=False), crop=False)

    def lost(self, why: str) -> None:
        """Say that the connection is being made again."""
        Console(stderr=True).print(plain(f"connection lost ({why}); trying again"), style="yellow")

    def _page(self, *, live: bool = True) -> RenderableType:
        if self._release is None:
            return Text()
        wide = self._output is Output.WIDE
        return layout(self._release, self._now(), wide=wide, live=live)

    def _line(self, release: ReleaseObject) -> None:
        status = release.status
        told = (status.phase, status.message)
        if told == self._told:
            return
        self._told = told
        line = Text(f"{self._now():%H:%M:%S}  ").append(word(f"{status.phase}"))
        pad = " " * max(16 - len(status.phase), 2)
        self._console.print(line.append(pad).append(plain(status.message)), soft_wrap=True)

    def _document(self, body: Body, *, compact: bool) -> None:
        document(body, Form(self._output), self._console.file, compact=compact)
