"""Shows Releases as they change: a table that is redrawn, or a line for each piece of news.

Used by `commands.list`, as `cli.screen` for one Release.
"""

import sys
from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext
from typing import TextIO

from rich.console import RenderableType
from rich.live import Live
from rich.text import Text

from release_coordinator.api.codec import ReleaseObject

from .listing import page
from .paper import console_of
from .screen import Now
from .waiting import waiting_of
from .words import plain, word

_News = tuple[str, str, str]


class ListScreen:
    """What the person sees; `show` is called with all Releases after every change."""

    def __init__(self, now: Now, stream: TextIO | None = None, *, everywhere: bool = False) -> None:
        self._now = now
        self._everywhere = everywhere
        self._console = console_of(stream or sys.stdout)
        self._releases: Sequence[ReleaseObject] = ()
        self._wide = False
        self._told: dict[tuple[str, str], _News] = {}

    def watching(self) -> AbstractContextManager[object]:
        """What surrounds the calls of `show`: a table that is redrawn, if there is a terminal."""
        if not self._console.is_terminal:
            return nullcontext()
        return Live(console=self._console, get_renderable=self._page, refresh_per_second=1)

    def show(self, releases: Sequence[ReleaseObject], *, wide: bool = False) -> None:
        """All Releases as they are now."""
        self._releases, self._wide = releases, wide
        if not self._console.is_terminal:
            self._lines(releases)

    def _page(self) -> RenderableType:
        everywhere, wide = self._everywhere, self._wide
        return page(self._releases, self._now(), everywhere=everywhere, wide=wide)

    def _lines(self, releases: Sequence[ReleaseObject]) -> None:
        """Only what is new, also of those that are gone."""
        found = {(one.namespace, one.name): one for one in releases}
        for key in sorted({*found, *self._told}):
            release = found.get(key)
            news = _news(release) if release else None
            if news == self._told.get(key):
                continue
            if news is None:
                del self._told[key]
            else:
                self._told[key] = news
            self._line(key, news or ("deleted", "", ""))

    def _line(self, key: tuple[str, str], news: _News) -> None:
        phase, version, waits = news
        line = Text(f"{self._now():%H:%M:%S}  ").append(plain("/".join(key))).append("  ")
        line.append(word(phase))
        for text in filter(None, (version, f"waits for {waits}" if waits else "")):
            line.append("  ").append(plain(text))
        self._console.print(line, soft_wrap=True)
        self._console.file.flush()


def _news(release: ReleaseObject) -> _News:
    version = release.spec.version if release.spec else ""
    return str(release.status.phase), version, waiting_of(release).what
