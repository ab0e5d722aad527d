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
from release_coordinator.engine.deployments import Application
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
class Facts:
    """What is shown of one application, before it is known what the time is."""

    application: Application
    title: str
    version: str
    state: Badge
    begins: tuple[datetime, ...]
    running: str
    since: datetime | None


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


def facts_of(release: ReleaseObject) -> Facts:
    """What everybody may know of a Release, whatever the time is."""
    current, attempt = release.status.current, release.status.attempt
    return Facts(
        application=(release.namespace, release.name),
        title=title_of(release),
        version=attempt.version if attempt else release.spec.version if release.spec else "",
        state=_state(release, attempt),
        begins=tuple(_begins(release, attempt)),
        running=current.version if current else "",
        since=current.since if current else None,
    )


def page_of(
    facts: Sequence[Facts], notes: Mapping[Application, Published], now: datetime
) -> PublicPage:
    """The page; `notes` are published release notes."""
    shown = sorted(facts, key=lambda one: one.title.casefold())[:PAGE]
    return PublicPage(
        tuple(_row(one, notes.get(one.application), now) for one in shown), len(facts)
    )


def _row(facts: Facts, notes: Published | None, now: datetime) -> PublicRow:
    ahead = [moment for moment in facts.begins if moment > now]
    return PublicRow(
        title=facts.title,
        version=facts.version,
        state=facts.state,
        planned=Moment(max(ahead), now) if ahead else None,
        running=facts.running,
        completed=Moment(facts.since, now) if facts.since else None,
        notes=paragraphs_of(notes.text if notes else ""),
        notes_version=notes.version if notes else "",
    )


def _state(release: ReleaseObject, attempt: Attempt | None) -> Badge:
    if release.journal_fault or release.status.observed_generation != release.generation:
        return _UNKNOWN
    if attempt is None:
        return _NONE if release.status.phase is Phase.COMPLETED else _WORDS[Phase.PENDING]
    if attempt.recorded and was_good(attempt):
        return _WORDS[Phase.GATING]
    return _WORDS.get(release.status.phase, _UNKNOWN)


def _begins(release: ReleaseObject, attempt: Attempt | None) -> Iterable[datetime]:
    """Moments before which it does not begin, while it has not."""
    if release.status.phase not in (Phase.PENDING, Phase.GATING):
        return
    if release.spec and (wanted := release.spec.schedule.opens_at()):
        yield wanted
    for gate in attempt.gates if attempt else ():
        if gate.name == GateName.WINDOW and not gate.opens and gate.next_check:
            yield gate.next_check
