"""The summary for everybody: no names of people, images, messages or gates. Pure.

What is shown is listed here field by field; nothing else of a Release can get onto that page.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from release_coordinator.api.attempt import Attempt
from release_coordinator.api.checklist import GateName
from release_coordinator.api.codec import ReleaseObject
from release_coordinator.api.conditions import Phase
from release_coordinator.engine.rehearsal import was_good

from .markdown import Paragraph, paragraphs_of
from .summary import title_of
from .wording import Badge, Moment, Tone

PAGE = 200
"""Applications on the page."""

_NONE = Badge("No release planned", Tone.CALM)
_UNKNOWN = Badge("Not known", Tone.CALM)
_WORDS: Mapping[Phase, Badge] = {
    Phase.PENDING: Badge("Being planned", Tone.CALM),
    Phase.GATING: Badge("Being prepared", Tone.CALM),
    Phase.PREPARING: Badge("About to start", Tone.BUSY),
    Phase.MIGRATING: Badge("In progress", Tone.BUSY),
    Phase.ROLLING_OUT: Badge("In progress", Tone.BUSY),
    Phase.REFRESHING: Badge("In progress", Tone.BUSY),
    Phase.VERIFYING: Badge("In progress, being tested", Tone.BUSY),
    Phase.WATCHING: Badge("Installed, being observed", Tone.BUSY),
    Phase.COMPLETED: Badge("Completed", Tone.GOOD),
    Phase.ROLLING_BACK: Badge("Being taken back", Tone.WAIT),
    Phase.ROLLED_BACK: Badge("Taken back: the previous version is in use", Tone.WAIT),
    Phase.ROLLBACK_FAILED: Badge("Interrupted: it is being worked on", Tone.BAD),
    Phase.HELD: Badge("Paused", Tone.WAIT),
    Phase.SUSPENDED: Badge("Paused", Tone.WAIT),
    Phase.FAILED: Badge("Postponed", Tone.CALM),
    Phase.SUPERSEDED: Badge("Being planned", Tone.CALM),
}


@dataclass(frozen=True, slots=True)
class Published:
    """Release notes as they were published."""

    version: str
    text: str
    """Markdown."""


@dataclass(frozen=True, slots=True)
class PublicRow:
    """One application."""

    title: str
    version: str
    state: Badge
    planned: Moment | None
    """Not before this moment."""
    running: str
    """The version in use, as far as it was released."""
    completed: Moment | None
    """Since when."""
    notes: tuple[Paragraph, ...]
    """What is new, as it was published."""
    notes_version: str


@dataclass(frozen=True, slots=True)
class PublicPage:
    """All applications that are shown."""

    rows: tuple[PublicRow, ...]
    total: int


def page_of(
    releases: Sequence[ReleaseObject], notes: Mapping[str, Published], now: datetime
) -> PublicPage:
    """The page; `notes` are published release notes by namespace/name of the Release."""
    rows = sorted(_rows(releases, notes, now), key=lambda row: row.title.casefold())
    return PublicPage(tuple(rows[:PAGE]), len(rows))


def _rows(
    releases: Iterable[ReleaseObject], notes: Mapping[str, Published], now: datetime
) -> Iterable[PublicRow]:
    for release in releases:
        current = release.status.current
        attempt = release.status.attempt
        said = notes.get(f"{release.namespace}/{release.name}")
        yield PublicRow(
            title=title_of(release),
            version=attempt.version if attempt else release.spec.version if release.spec else "",
            state=_state(release, attempt),
            planned=_planned(release, attempt, now),
            running=current.version if current else "",
            completed=Moment(current.since, now) if current and current.since else None,
            notes=paragraphs_of(said.text if said else ""),
            notes_version=said.version if said else "",
        )


def _state(release: ReleaseObject, attempt: Attempt | None) -> Badge:
    if release.journal_fault or release.status.observed_generation != release.generation:
        return _UNKNOWN
    if attempt is None:
        return _NONE if release.status.phase is Phase.COMPLETED else _WORDS[Phase.PENDING]
    if attempt.recorded and was_good(attempt):
        return _WORDS[Phase.GATING]
    return _WORDS.get(release.status.phase, _UNKNOWN)


def _planned(release: ReleaseObject, attempt: Attempt | None, now: datetime) -> Moment | None:
    """When it may begin, while it has not."""
    if release.status.phase not in (Phase.PENDING, Phase.GATING):
        return None
    wanted = release.spec.schedule.opens_at() if release.spec else None
    shut = (gate for gate in (attempt.gates if attempt else ()) if not gate.opens)
    opens = next((gate.next_check for gate in shut if gate.name == GateName.WINDOW), None)
    moments = [moment for moment in (wanted, opens) if moment is not None and moment > now]
    return Moment(max(moments), now) if moments else None
