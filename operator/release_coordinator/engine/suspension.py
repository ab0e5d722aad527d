"""A person has suspended a Release. What has begun goes to its end, nothing begins.

`heed` journals that it was heard, so that a status can say who and since when; `withholds` is the
one rule that `engine.decide` puts between every phase and its next step. Locks are a step too: who
is suspended takes none. Read from the Release itself, never from the recorded plan: it can be
changed at any time.
"""

from datetime import datetime

from release_coordinator.api.attempt import Attempt
from release_coordinator.api.codec import ReleaseObject
from release_coordinator.api.conditions import Phase, Reason
from release_coordinator.api.control import OrderKind, Suspend, Suspension
from release_coordinator.api.status import ReleaseStatus

from . import locks, ordering
from .action import TakeLock
from .context import Context
from .outcome import Do, Note, Outcome


def heed(release: ReleaseObject, status: ReleaseStatus, now: datetime) -> Note | None:
    """Journal that the Release was suspended or resumed; None if that is no news."""
    if release.deleting:
        return None
    before, mode = status.suspension, ordering.suspended(release)
    known = before.mode if before else None
    if mode is known:
        return None
    if release.spec is None and (mode is None or not mode.includes(known)):
        return None  # a spec that cannot be read resumes nothing
    suspension = Suspension(mode=mode, by=ordering.by_whom(release), since=now) if mode else None
    attempt = status.attempt
    if attempt is not None and attempt.end is None:
        kind = OrderKind.SUSPEND if mode else OrderKind.RESUME
        text = str(mode) if mode else "the suspension"
        attempt = ordering.obeyed(_watched(attempt, before, now), release, kind, now, text)
    return Note(status.model_copy(update={"suspension": suspension, "attempt": attempt}))


def withholds(ctx: Context, outcome: Outcome) -> bool:
    """Whether a decision would begin a step, or complete the attempt, of a suspended Release."""
    suspension = ctx.status.suspension
    if suspension is None or not stops(ctx):
        return False
    if isinstance(outcome, Do):
        return isinstance(outcome.action, TakeLock) and locks.are_wanted(ctx.attempt)
    following = outcome.status.attempt if isinstance(outcome, Note) else None
    if following is None:
        return False
    if following.end is not None:
        return following.end.outcome is Phase.COMPLETED
    if following.trigger is not None and ctx.attempt.trigger is None:
        return following.trigger.reason is Reason.REHEARSAL
    back = ctx.attempt.trigger is not None
    if back and suspension.mode is Suspend.FORWARD:
        return False
    locked = locks.are_wanted(ctx.attempt) and not locks.are_wanted(following)
    return locked or _begun(following) > _begun(ctx.attempt)


def stops(ctx: Context) -> bool:
    """Whether nothing begins now: for what goes on beside the steps, and would hold them up."""
    return ctx.status.suspension is not None and not ctx.release.deleting


def _begun(attempt: Attempt) -> int:
    """How often a step or a run was begun; a step that is run again begins once more."""
    runs = sum(entry.runs for entry in attempt.measurements)
    return runs + sum(1 + step.retries for step in attempt.steps)


def _watched(attempt: Attempt, before: Suspension | None, now: datetime) -> Attempt:
    """The attempt whose watch is taken up again: nothing counts since its last look."""
    if before is None or attempt.watch is None or attempt.watch.started_at is None:
        return attempt
    watch = attempt.watch.model_copy(update={"started_at": now})
    return attempt.model_copy(update={"watch": watch})
