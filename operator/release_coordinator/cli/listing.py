"""The Releases of a namespace, or of all, as a table of one row each. Pure.

Used by `commands.list`.
"""

from collections.abc import Sequence
from datetime import datetime

from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

from release_coordinator.api.codec import ReleaseObject

from . import tables
from .layout import version_words
from .owners import must_act
from .progress import bar, overall
from .waiting import waiting_of
from .words import duration, plain, word

WIDTH = 10
"""Columns of a bar."""


def page(
    releases: Sequence[ReleaseObject],
    now: datetime,
    *,
    everywhere: bool = False,
    wide: bool = False,
) -> RenderableType:
    """One row for each, by namespace and name."""
    columns = ["NAME", "VERSION", "PHASE", "PROGRESS", "WAITS FOR", "SINCE"]
    if everywhere:
        columns.insert(0, "NAMESPACE")
    if wide:
        columns += ["ATTEMPT", "MUST ACT"]
    table: Table = tables.new_table(*columns, words=columns[-1] if wide else "WAITS FOR")
    for release in sorted(releases, key=lambda one: (one.namespace, one.name)):
        cells = _row(release, now)
        if everywhere:
            cells.insert(0, plain(release.namespace))
        table.add_row(*cells, *(_details(release) if wide else ()))
    return table


def _row(release: ReleaseObject, now: datetime) -> list[Text]:
    waiting = waiting_of(release)
    since = "" if waiting.since is None else duration(max((now - waiting.since).total_seconds(), 0))
    return [
        plain(release.name),
        plain(version_words(release)),
        word(release.status.phase),
        _progress(release, now),
        plain(waiting.what),
        Text(since),
    ]


def _progress(release: ReleaseObject, now: datetime) -> Text:
    done, whole = overall(release, now)
    if whole == 0:
        return Text()
    return bar(done / whole, WIDTH).append(f" {done}/{whole}", style="default")


def _details(release: ReleaseObject) -> list[Text]:
    attempt = release.status.attempt
    return [Text(str(attempt.number) if attempt else ""), plain(must_act(release))]
