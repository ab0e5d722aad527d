"""One round over everything that is watched: look at what is due, journal it, judge it.

Called by `engine.braking` while components are rolled out and by `phases.watching` afterwards.
Each subject has its own pace: one that is slow to answer holds up no other.
"""

from dataclasses import replace
from datetime import datetime

from release_coordinator.api.conditions import Reason
from release_coordinator.api.measurement import WatchState
from release_coordinator.api.watch import OnUnknown, Severity, Watch

from . import tracking, watchlist
from .context import Context
from .observation import NotSeen, Want
from .outcome import DONE, Do, Failed, Note, Outcome, Wait
from .reading import Finding
from .subject import Subject


def advance(ctx: Context, watch: Watch, state: WatchState, step: str | None) -> Outcome:
    """Look at what is due. DONE never: Wait until the next look, or for an answer.

    Failed if the release has to go back; a Note may hold it. `step` is where a hold stops it.
    """
    subjects = watchlist.of(ctx.plan)
    verdicts = [_verdict(ctx, watch, subject, step) for subject in subjects]
    # What the journal says already waits for no other look, and what has to go back is not held
    # for something else.
    for kind in (Failed, Note):
        for outcome in verdicts:
            if isinstance(outcome, kind):
                return outcome
    return _round(ctx, watch, state, subjects)


def _round(
    ctx: Context, watch: Watch, state: WatchState, subjects: list[Subject]
) -> Note | Do | Wait:
    """Journal what all looks that are due have found; Wait if there is nothing to journal."""
    following: list[datetime] = []
    wants: list[Want] = []
    noted: Note | None = None
    for subject in subjects:
        due = tracking.due(ctx, watch, state, subject)
        try:
            found = _look(ctx, subject, due)
        except NotSeen as question:
            wants += question.wants
            continue
        if isinstance(found, Finding):
            noted = tracking.noted(ctx, tracking.updated(ctx, watch, subject, found))
            ctx = replace(ctx, attempt=noted.status.attempt or ctx.attempt)
        elif isinstance(found, Note | Do):
            return noted or found
        elif found is not None and found.until is not None:
            following.append(found.until)
    if wants:
        raise NotSeen(*wants)  # of all subjects at once: they are looked up side by side
    return noted or Wait(min(following, default=None))


def _look(
    ctx: Context, subject: Subject, due: datetime | None
) -> Finding | Note | Do | Wait | None:
    """What a look finds, or when it is due."""
    if due is None or due > ctx.now:
        return Wait(due)
    return subject.look(ctx, due)


def _verdict(ctx: Context, watch: Watch, subject: Subject, step: str | None) -> Outcome:
    """What a breach, or the lack of answers, leads to."""
    entry = tracking.entry_of(ctx, subject)
    severity = tracking.severity_of(subject, entry)
    if severity is Severity.REPORT:
        return DONE
    if tracking.is_breached(subject, entry):
        text = tracking.breach_in_words(subject, entry)
        if severity is Severity.ROLLBACK:
            return Failed(subject.reason, text, subject.cause)
        text += "; resume to accept this and go on, or roll back"
        return ctx.hold(subject.reason, text, step, subject=subject.name)
    if not tracking.is_blind(ctx, watch, entry) or tracking.may_be_silent(subject, entry):
        return DONE
    text = f"{subject.what} gave no usable answer for too long: {entry.message}"
    if subject.on_unknown is OnUnknown.ROLLBACK:
        return Failed(Reason.METRIC_UNKNOWN, text)
    text += f"; resume to go on without it after another {watch.unknown_limit}, or roll back"
    return ctx.hold(Reason.METRIC_UNKNOWN, text, step, subject=subject.name)
