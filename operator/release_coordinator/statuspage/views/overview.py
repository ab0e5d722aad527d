"""All releases: what needs somebody first, some dozens on a page. Pure."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum

from .summary import Summary
from .wording import Moment, Tone

PAGE = 50
"""Releases on one page."""
SEARCH = 100
"""Characters that are searched for."""
_ORDER = (Tone.BAD, Tone.WAIT, Tone.BUSY, Tone.CALM, Tone.GOOD)
_LONG_AGO = datetime(1970, 1, 1, tzinfo=UTC)


class Show(StrEnum):
    """Which releases are shown."""

    ALL = "all"
    ATTENTION = "attention"
    RUNNING = "running"
    DONE = "done"


LABELS = {
    Show.ALL: "All",
    Show.ATTENTION: "Need attention",
    Show.RUNNING: "In progress",
    Show.DONE: "Completed",
}
_TONES = {
    Show.ALL: frozenset(Tone),
    Show.ATTENTION: frozenset({Tone.BAD, Tone.WAIT}),
    Show.RUNNING: frozenset({Tone.BUSY}),
    Show.DONE: frozenset({Tone.GOOD}),
}


@dataclass(frozen=True, slots=True)
class Asked:
    """What the reader wants to see."""

    show: Show = Show.ALL
    search: str = ""
    page: int = 1

    @classmethod
    def of(cls, show: str, search: str, page: str) -> "Asked":
        """Read the query of an address; what makes no sense is what is usual."""
        known = Show(show) if show in list(Show) else Show.ALL
        number = (
            int(page) if page.isdecimal() and page.isascii() and len(page) < len("99999") else 1
        )
        return cls(known, search.strip()[:SEARCH], max(number, 1))


@dataclass(frozen=True, slots=True)
class Row:
    """A release with the present moment."""

    summary: Summary
    since: Moment | None


@dataclass(frozen=True, slots=True)
class Tab:
    """One choice of what is shown."""

    show: Show
    label: str
    count: int
    is_chosen: bool


@dataclass(frozen=True, slots=True)
class Overview:
    """A page of releases."""

    asked: Asked
    rows: tuple[Row, ...]
    tabs: tuple[Tab, ...]
    found: int
    total: int
    pages: int

    @property
    def first(self) -> int:
        """Number of the first row."""
        return (self.asked.page - 1) * PAGE + 1 if self.rows else 0

    @property
    def last(self) -> int:
        """Number of the last row."""
        return self.first + len(self.rows) - 1 if self.rows else 0


def overview_of(summaries: Sequence[Summary], asked: Asked, now: datetime) -> Overview:
    """The page that was asked for, or the last one if there are fewer."""
    matching = [one for one in summaries if _matches(one, asked.search)]
    chosen = sorted(_shown(matching, asked.show), key=_rank)
    pages = max(1, -(-len(chosen) // PAGE))
    page = min(asked.page, pages)
    begin = (page - 1) * PAGE
    tabs = tuple(
        Tab(show, LABELS[show], sum(1 for _ in _shown(matching, show)), show is asked.show)
        for show in Show
    )
    return Overview(
        asked=Asked(asked.show, asked.search, page),
        rows=tuple(row_of(one, now) for one in chosen[begin : begin + PAGE]),
        tabs=tabs,
        found=len(chosen),
        total=len(summaries),
        pages=pages,
    )


def row_of(summary: Summary, now: datetime) -> Row:
    """A release as it is now."""
    return Row(summary, Moment(summary.since, now) if summary.since else None)


def _matches(summary: Summary, search: str) -> bool:
    words = search.casefold().split()
    text = f"{summary.key} {summary.title} {summary.version} {summary.badge.text}".casefold()
    return all(word in text for word in words)


def _shown(summaries: Iterable[Summary], show: Show) -> Iterable[Summary]:
    return (one for one in summaries if one.badge.tone in _TONES[show])


def _rank(summary: Summary) -> tuple[int, float, str]:
    """What needs somebody comes first; of the same kind, what has changed last."""
    since = summary.since or _LONG_AGO
    return (_ORDER.index(summary.badge.tone), -since.timestamp(), summary.key)
