"""What becomes of an attempt whose effect the API server refuses; pure.

Called by `reconcile` when an action ends in Invalid or Denied, or shows no effect. A refusal is
news for the journal, never a loop.
"""

from datetime import datetime

from release_coordinator.api.attempt import Attempt, Step, StepState
from release_coordinator.api.conditions import Phase, Reason
from release_coordinator.api.status import ReleaseStatus

from . import locks
from .action import (
    Action,
    CopyConfig,
    CreateJob,
    CreateRecord,
    CreateRevision,
    CreateSnapshots,
    DeleteKept,
    DropLock,
)
from .closing import end, finish
from .context import hold, shorten
from .outcome import Note
from .phases import keeping
from .signs import checks

ADVICE = {
    Reason.API_DENIED: (
        "the API server does not let the operator do this. Platform team: give its ServiceAccount "
        "the right, then resume"
    ),
    Reason.API_REJECTED: (
        "the API server does not take this. DevOps engineer: see which admission policy or "
        "webhook refuses or changes the object, then resume or roll back"
    ),
}
"""Who ends a hold after a refusal, and how."""

TERMINATING = "because it is being terminated"
"""How the API server words, in the same 403, that a namespace is going."""
_QUOTA = "exceeded quota"
"""How the API server words, in the same 403, that a ResourceQuota leaves no room."""
_QUOTA_ADVICE = (
    "a ResourceQuota of the namespace leaves no room for this. Platform team: raise it, or free "
    "room, then resume"
)


def passed_over(status: ReleaseStatus, action: Action, message: str) -> Note | None:
    """The journal after an outage in an effect that nothing may wait for; None: it is tried again.

    A run of a data check goes on beside the steps: that its Job could not be created, or perhaps
    was, holds up neither a rollout nor a verdict.
    """
    return checks.refused(status, action, message)


def refused(
    status: ReleaseStatus, action: Action, reason: Reason, message: str, now: datetime
) -> Note | None:
    """The journal after a refusal; None if there is nothing to note and only a retry helps."""
    attempt = status.attempt
    if attempt is None:
        return None
    if isinstance(action, CreateRecord):
        # The outcome counts more than its record; the history says that there is none.
        return finish(status, attempt, None)
    if isinstance(action, DeleteKept):
        return _pruned(status, attempt)
    if isinstance(action, DropLock) and attempt.end is not None and not attempt.recorded:
        return _kept(status, message)
    if attempt.end is not None or attempt.hold is not None:
        return None
    if reason is Reason.API_DENIED and TERMINATING in message:
        # Nothing can be created any more: waiting for a person would keep the namespace for ever.
        text = f"the namespace is being deleted, so everything is left as it is ({message})"
        return end(status, attempt, Phase.HELD, Reason.DELETED, text, now)
    noted = checks.refused(status, action, message)
    running = [step for step in attempt.steps if step.state is StepState.RUNNING]
    if noted is None and running and _fails(action, reason, running[-1]):
        noted = _fail(status, running[-1], message, now)
    if noted is not None:
        return noted
    step = running[-1].id if running else None
    return hold(status, attempt, now, reason, f"{message}; {_advice(reason, message)}", step)


def _fails(action: Action, reason: Reason, step: Step) -> bool:
    """Whether the step fails: nothing is changed yet, or a good version has only to be kept."""
    kept = isinstance(action, CopyConfig | CreateSnapshots)
    if kept and step.id == keeping.STEP:
        return True
    created = kept or isinstance(action, CreateJob | CreateRevision)
    return created and reason is Reason.API_REJECTED


def _pruned(status: ReleaseStatus, attempt: Attempt) -> Note | None:
    """What cannot be deleted stays, and does no harm."""
    if attempt.pruned:
        return None
    return Note(status.model_copy(update={"attempt": attempt.model_copy(update={"pruned": True})}))


def _kept(status: ReleaseStatus, message: str) -> Note | None:
    """A lock that stays although its attempt has ended stops nobody, so the end is not held up."""
    attempt = status.attempt
    assert attempt is not None  # noqa: S101 - the caller looked
    text = shorten(f"not given back: {message}")
    changes = {"state": StepState.FAILED, "message": text}
    steps = [s.model_copy(update=changes) if s.id == locks.STEP else s for s in attempt.steps]
    if not any(step.id == locks.STEP for step in steps):
        # An earlier attempt's: this one has ended before it took any.
        at = attempt.end.at if attempt.end else attempt.started_at
        steps.append(Step(id=locks.STEP, started_at=at, finished_at=at, **changes))
    if steps == attempt.steps:
        return None
    return Note(status.model_copy(update={"attempt": attempt.model_copy(update={"steps": steps})}))


def _advice(reason: Reason, message: str) -> str:
    if reason is Reason.API_DENIED and _QUOTA in message:
        return _QUOTA_ADVICE
    return ADVICE[reason]


def _fail(status: ReleaseStatus, step: Step, message: str, now: datetime) -> Note:
    attempt = status.attempt
    assert attempt is not None  # noqa: S101 - the caller looked
    failed = step.model_copy(
        update={"state": StepState.FAILED, "finished_at": now, "message": shorten(message)}
    )
    steps = [failed if entry.id == step.id else entry for entry in attempt.steps]
    return Note(status.model_copy(update={"attempt": attempt.model_copy(update={"steps": steps})}))
