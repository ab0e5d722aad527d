"""A Release in one row: where it is, how far it got, who must act. Pure.

Used by `views.overview`, `views.release` and `views.public`. A summary says nothing of the present
moment, so it is made once for each state of a Release and kept.
"""

from dataclasses import dataclass
from datetime import UTC, datetime

from release_coordinator.api.attempt import Attempt
from release_coordinator.api.codec import ReleaseObject
from release_coordinator.api.conditions import ConditionType, Phase, Status
from release_coordinator.cli import owners, story
from release_coordinator.cli.story import FORWARD, PhaseRow, RowState
from release_coordinator.engine.describe import ADVICE, work_of
from release_coordinator.engine.names import ANNOTATION_DISPLAY_NAME
from release_coordinator.engine.rehearsal import was_good

from .wording import Badge, Tone, phase_badge, phase_name, row_badge, said

_ANY = datetime(2000, 1, 1, tzinfo=UTC)
"""Durations are left out of a summary, so that it stays true."""
_PASSED = (RowState.DONE, RowState.NOT_NEEDED)
_BROKEN = (Phase.FAILED, Phase.ROLLED_BACK, Phase.ROLLBACK_FAILED)
NAME = 80
"""Characters of a display name."""


@dataclass(frozen=True, slots=True)
class Segment:
    """A phase in the row's progress."""

    name: str
    badge: Badge


@dataclass(frozen=True, slots=True)
class Summary:
    """One Release."""

    namespace: str
    name: str
    title: str
    """As people call the application."""
    version: str
    running: str
    """The version that is known to be good; empty if there is none."""
    kind: str
    """Hotfix, Patch, Minor, Major or Rollback; empty before it is derived."""
    phase: Phase
    badge: Badge
    message: str
    must_act: str
    is_urgent: bool
    """Somebody must do something, or it went wrong."""
    since: datetime | None
    segments: tuple[Segment, ...]
    passed: int
    note: str

    @property
    def key(self) -> str:
        """As one word."""
        return f"{self.namespace}/{self.name}"

    @property
    def progress(self) -> str:
        """How far it got, in words."""
        if not self.segments:
            return "nothing has begun"
        return f"{self.passed} of {len(FORWARD)} phases done"


def summary_of(release: ReleaseObject) -> Summary:
    """What is said of a Release in a row."""
    status, attempt = release.status, release.status.attempt
    note = _note(release)
    suspended = status.phase is Phase.SUSPENDED
    rows = story.rows_of(attempt, _ANY, suspended=suspended) if attempt else []
    badge = _badge(release, attempt)
    if note and badge.tone is Tone.GOOD:
        badge = Badge(badge.text, Tone.CALM)  # of what is wanted now nothing is known
    version = attempt.version if attempt else release.spec.version if release.spec else ""
    return Summary(
        namespace=release.namespace,
        name=release.name,
        title=title_of(release),
        version=version,
        running=status.current.version if status.current else "",
        kind=str(attempt.type or "") if attempt else "",
        phase=status.phase,
        badge=badge,
        message=said(status.message),
        must_act=said(_must_act(release)),
        is_urgent=badge.tone in (Tone.BAD, Tone.WAIT),
        since=_since(release, attempt),
        segments=tuple(Segment(phase_name(row.phase), row_badge(row.state)) for row in rows),
        passed=sum(_is_passed(row) for row in rows),
        note=note,
    )


def title_of(release: ReleaseObject) -> str:
    """The name of the application for people: by annotation, else that of the Release."""
    return said(release.annotations.get(ANNOTATION_DISPLAY_NAME, ""), NAME) or release.name


def _must_act(release: ReleaseObject) -> str:
    """Who does what now; after a failure who finds out why, though nothing waits for that."""
    attempt = release.status.attempt
    end = attempt.end if attempt else None
    if end is not None and release.status.phase in _BROKEN and (todo := ADVICE.get(end.reason)):
        return todo
    act = owners.must_act(release)
    return act[:1].upper() + act[1:]


def _is_passed(row: PhaseRow) -> bool:
    return row.phase in FORWARD and row.state in _PASSED


def _badge(release: ReleaseObject, attempt: Attempt | None) -> Badge:
    phase = release.status.phase
    if release.journal_fault:
        return Badge("Unreadable", Tone.BAD)
    if release.status.observed_generation < 0:
        return Badge("Not looked at yet", Tone.CALM)
    if _is_invalid(release):
        return Badge("Not valid", Tone.WAIT)
    if attempt is not None and attempt.recorded and was_good(attempt):
        return Badge("Rehearsed", Tone.BUSY)
    if phase is Phase.GATING and attempt and any(not gate.opens for gate in attempt.gates):
        return Badge("Waiting", Tone.WAIT)
    return phase_badge(phase)


def _is_invalid(release: ReleaseObject) -> bool:
    return release.status.phase is Phase.PENDING and any(
        one.type == ConditionType.VALID and one.status is Status.FALSE
        for one in release.status.conditions
    )


def _note(release: ReleaseObject) -> str:
    """Why what is reported may not be what is."""
    if release.deleting:
        return "It is being deleted."
    if 0 <= release.status.observed_generation != release.generation:
        return "It was edited since: the operator has not looked at that yet."
    return ""


def _since(release: ReleaseObject, attempt: Attempt | None) -> datetime | None:
    """Since when it is where it is."""
    suspension = release.status.suspension
    if release.status.phase is Phase.SUSPENDED and suspension:
        return suspension.since
    if attempt is None:
        return None
    if attempt.hold:
        return attempt.hold.since
    if attempt.end:
        return attempt.end.at
    if attempt.trigger:
        return attempt.trigger.at
    phase = release.status.phase
    begun = [step.started_at for step in attempt.steps if work_of(step.id)[0] is phase]
    return min(begun, default=attempt.started_at)
