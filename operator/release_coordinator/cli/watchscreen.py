"""Shows frames of what is watched: one, or live. Used by `cli.commands.watch`.

On a terminal the frame is redrawn in place; anywhere else each new verdict is a line, and the
frame comes last.
"""

from typing import TextIO

from rich.console import RenderableType
from rich.text import Text

from release_coordinator.api.codec import ReleaseObject
from release_coordinator.api.measurement import Measurement, Verdict

from .screen import Now, Output, Screen
from .watchpage import page
from .watchrows import verdict_of
from .words import plain


class WatchScreen(Screen):
    """As `Screen`, with frames of what is watched."""

    def __init__(self, now: Now, stream: TextIO | None = None) -> None:
        super().__init__(Output.PAGE, now, stream)
        self._verdicts: dict[str, Verdict] = {}

    def _page(self, *, live: bool = True) -> RenderableType:  # noqa: ARG002 - it looks alike
        return Text() if self._release is None else page(self._release, self._now())

    def _line(self, release: ReleaseObject) -> None:
        super()._line(release)
        attempt = release.status.attempt
        for entry in attempt.measurements if attempt else ():
            if entry.sampled_at is None or self._verdicts.get(entry.metric) is entry.verdict:
                continue
            self._verdicts[entry.metric] = entry.verdict
            self._console.print(_news(entry, f"{self._now():%H:%M:%S}"), soft_wrap=True)


def _news(entry: Measurement, clock: str) -> Text:
    line = Text(f"{clock}  ").append_text(verdict_of(entry.verdict))
    line.append(" " * (12 - line.cell_len + len(clock) + 4))
    return line.append_text(plain(f"{entry.metric}: {entry.message}"))
