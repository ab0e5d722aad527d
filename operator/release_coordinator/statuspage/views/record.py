"""The log of one attempt that has ended, from its ReleaseRecord. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from pydantic import ValidationError

from release_coordinator.api.record import RecordSpec
from release_coordinator.cli import curves
from release_coordinator.cli.failure import UnansweredError

from . import charts
from .charts import Picture
from .course import Course, attempt_of, course_of
from .markdown import Paragraph, paragraphs_of
from .release import HistoryRow
from .wording import Badge, Moment, phase_badge, said


@dataclass(frozen=True, slots=True)
class RecordPage:
    """One attempt that has ended."""

    namespace: str
    name: str
    release: str
    badge: Badge
    message: str
    course: Course
    pictures: tuple[Picture, ...]
    backup: str
    notes: tuple[Paragraph, ...]
    notes_problem: str
    digest: str
    is_whole: bool
    """False: only its outcome is known, as the rest could not be read now."""


def spec_of(body: Mapping[str, Any]) -> RecordSpec | None:
    """Read a record, whole or slim; None if it cannot be read."""
    try:
        return RecordSpec.model_validate(body.get("spec"))
    except ValidationError:
        return None


def row_of(body: Mapping[str, Any], record: RecordSpec, now: datetime) -> HistoryRow:
    """A record as a line of the history."""
    return HistoryRow(
        attempt=record.attempt,
        version=record.version,
        badge=phase_badge(record.outcome),
        ended=Moment(record.ended_at, now),
        record=str(body.get("metadata", {}).get("name", "")),
    )


def page_of(
    namespace: str, name: str, record: RecordSpec, now: datetime, *, is_whole: bool
) -> RecordPage:
    """The page of a record."""
    try:
        pictures = charts.pictures_of(curves.of_record(namespace, record), now)
    except UnansweredError:
        pictures = ()
    return RecordPage(
        namespace=namespace,
        name=name,
        release=record.release,
        badge=phase_badge(record.outcome),
        message=said(record.message),
        course=course_of(attempt_of(record), now),
        pictures=pictures,
        backup=said(record.backup or ""),
        notes=paragraphs_of(record.notes.text) if record.notes else (),
        notes_problem=said(record.notes.problem) if record.notes else "",
        digest=record.digest,
        is_whole=is_whole,
    )
