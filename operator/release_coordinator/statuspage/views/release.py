"""One Release: what is being released, where it is, who must act, and what was before. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from release_coordinator.api.codec import ReleaseObject
from release_coordinator.api.conditions import Phase
from release_coordinator.cli import curves
from release_coordinator.cli.failure import UnansweredError

from . import charts
from .charts import Picture
from .course import Course, course_of
from .incident import IncidentRow
from .summary import Summary, summary_of
from .wording import Badge, Moment, phase_badge, said


@dataclass(frozen=True, slots=True)
class ComponentView:
    """A part of the application."""

    name: str
    version: str
    state: str


@dataclass(frozen=True, slots=True)
class HistoryRow:
    """An attempt that has ended."""

    attempt: int
    version: str
    badge: Badge
    ended: Moment
    record: str
    """Name of its record; empty if there is none any more."""


@dataclass(frozen=True, slots=True)
class ReleasePage:
    """Everything about one Release."""

    summary: Summary
    since: Moment | None
    course: Course | None
    pictures: tuple[Picture, ...]
    about_charts: str
    """What is to be known of the charts, or why there are none."""
    components: tuple[ComponentView, ...]
    history: tuple[HistoryRow, ...]
    incidents: tuple[IncidentRow, ...]
    faults: tuple[str, ...]
    """What is wrong with the spec."""


def page_of(
    release: ReleaseObject,
    records: Sequence[HistoryRow],
    incidents: Sequence[IncidentRow],
    now: datetime,
) -> ReleasePage:
    """The page of a Release; records and incidents of it, newest first."""
    summary = summary_of(release)
    attempt = release.status.attempt
    is_suspended = release.status.phase is Phase.SUSPENDED
    pictures, about = _pictures(release, now)
    return ReleasePage(
        summary=summary,
        since=Moment(summary.since, now) if summary.since else None,
        course=course_of(attempt, now, suspended=is_suspended) if attempt else None,
        pictures=pictures,
        about_charts=about,
        components=tuple(
            ComponentView(said(one.name), said(one.version), said(one.state))
            for one in release.status.components
        ),
        history=tuple(records) or _remembered(release, now),
        incidents=tuple(incidents),
        faults=tuple(said(str(fault)) for fault in release.faults),
    )


def _pictures(release: ReleaseObject, now: datetime) -> tuple[tuple[Picture, ...], str]:
    try:
        chart = curves.of_release(release)
    except UnansweredError as error:
        attempt = release.status.attempt
        if attempt is None or attempt.end is None:
            return (), "Nothing was measured yet."
        return (), said(str(error).partition(",")[0].capitalize() + ".")
    return charts.pictures_of(chart, now), _EDITED if curves.EDITED in chart.about else ""


_EDITED = "The spec was edited since this attempt began: limits are not drawn; its record has them."


def _remembered(release: ReleaseObject, now: datetime) -> tuple[HistoryRow, ...]:
    """What the status remembers, where records cannot be read or are gone."""
    return tuple(
        HistoryRow(
            one.attempt,
            one.version,
            phase_badge(Phase(one.outcome)),
            Moment(one.ended_at, now),
            one.record or "",
        )
        for one in release.status.history
    )
