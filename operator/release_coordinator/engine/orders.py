"""What people tell a running attempt, and what a failure makes of it: hold, turn back, go on.

Orders come as annotations that name the attempt or the hold they are for, so that an order is
obeyed once: `retry` and `rollback` carry the attempt's number, `resume` the hold's id.
"""

from dataclasses import replace
from datetime import datetime

from release_coordinator.api.attempt import Attempt, Hold, StepState
from release_coordinator.api.codec import ReleaseObject
from release_coordinator.api.conditions import Phase, Reason
from release_coordinator.api.status import ReleaseStatus

from . import closing, names
from .context import Context
from .outcome import DONE, Decision, Failed, Outcome, Wait
from .phases import confirming, migrating

RESTARTS = 2
"""How often in a row the same plan starts over because a gate shut again: each costs a backup."""


def advance(ctx: Context) -> Outcome:
    """Obey deletion and orders; DONE when the attempt may go its way."""
    attempt, release = ctx.attempt, ctx.release
    number = str(attempt.number)
    if release.deleting and attempt.trigger is None:
        return _deleted(ctx)
    early = not attempt.frozen or confirming.is_asking(attempt)
    if early and release.annotations.get(names.ANNOTATION_RETRY) == number:
        return start_over(ctx, Failed(Reason.SUPERSEDED, "started again on request"))
    if release.annotations.get(names.ANNOTATION_ROLLBACK) == number and _may_turn(ctx):
        return _turn_on_request(ctx)
    if attempt.hold is None:
        return DONE
    if release.annotations.get(names.ANNOTATION_RESUME) == attempt.hold.id:
        return _resume(ctx)
    return leave(release, ctx.status, attempt, ctx.now)


def leave(
    release: ReleaseObject, status: ReleaseStatus, attempt: Attempt, now: datetime
) -> Decision:
    """A held attempt waits for a person; deleting its Release is a decision too."""
    if not release.deleting:
        return Wait()
    text = "the Release was deleted while it was held; the workloads stay as they are"
    return closing.end(status, attempt, Phase.HELD, Reason.DELETED, text, now)


def turn(ctx: Context, reason: Reason, message: str) -> Outcome:
    """End an attempt that changed nothing; roll back one that did."""
    if not _changed(ctx):
        return closing.end_of(ctx, Phase.FAILED, reason, message)
    note = ctx.trigger(reason, message)
    attempt = note.status.attempt
    assert attempt is not None  # noqa: S101 - `trigger` keeps it
    return ctx.note(close_steps(attempt, message, ctx.now))


def start_over(ctx: Context, cause: Failed) -> Outcome:
    """Give way to another attempt before anything was changed; a gate that shuts ever again fails.

    A migration whose Job waits to be let run is called off first.
    """
    outcome = migrating.settle(ctx)
    if outcome is not DONE:
        return outcome
    if migrating.applied(ctx):
        return turn(ctx, cause.reason, cause.message)
    if cause.reason is not Reason.GATES_NOT_PASSED:
        return closing.end_of(ctx, Phase.SUPERSEDED, cause.reason, cause.message)
    text = "a gate shut again before the first change"
    if ctx.attempt.restarts >= RESTARTS:
        text += f", {RESTARTS + 1} times in a row: {cause.message}"
        return closing.end_of(ctx, Phase.FAILED, cause.reason, text)
    text += f", so the attempt starts over: {cause.message}"
    return closing.end_of(ctx, Phase.SUPERSEDED, cause.reason, text)


def _turn_on_request(ctx: Context) -> Outcome:
    """Roll back because a person says so; what was found before stays in the words."""
    cause = ctx.attempt.trigger
    text = f"rolled back on request; {cause.message}" if cause else "rolled back on request"
    found = _as_found(ctx.attempt, ctx.now, StepState.FAILED, "not applied, as a person has found")
    return turn(replace(ctx, attempt=found), Reason.MANUAL_ROLLBACK, text)


def permit(ctx: Context) -> Outcome:
    """Whether the way back is open: past an irreversible migration only a person opens it."""
    trigger = ctx.attempt.trigger
    barred = [*ctx.attempt.inherited, *migrating.irreversible(ctx)]
    if not barred or (trigger is not None and trigger.reason is Reason.MANUAL_ROLLBACK):
        return DONE
    cause = f" ({trigger.message})" if trigger else ""
    return ctx.hold(
        Reason.IRREVERSIBLE_MIGRATION,
        f"a rollback would go past a migration that stays: {', '.join(barred)}{cause}; to put "
        "the previous code on the new schema, annotate the Release with "
        f"{names.ANNOTATION_ROLLBACK}={ctx.attempt.number}",
    )


def close_steps(attempt: Attempt, message: str, now: datetime) -> Attempt:
    """Mark what was under way as failed. Migrations are left: they are settled, not cut off."""
    changes = {"state": StepState.FAILED, "finished_at": now, "message": message[:128]}
    steps = [
        step.model_copy(update=changes)
        if step.state is StepState.RUNNING and not step.id.startswith(migrating.PREFIX)
        else step
        for step in attempt.steps
    ]
    return attempt.model_copy(update={"steps": steps})


def _changed(ctx: Context) -> bool:
    """Whether there is anything to undo, or a migration whose outcome must be awaited."""
    running = any(
        step.id.startswith(migrating.PREFIX) and step.state is StepState.RUNNING
        for step in ctx.attempt.steps
    )
    return running or bool(migrating.applied(ctx)) or ctx.begun("rollout/")


def _may_turn(ctx: Context) -> bool:
    """A rollback on request turns an attempt once, or opens the way past what barred it."""
    attempt = ctx.attempt
    if attempt.trigger is None:
        return True
    return attempt.hold is not None and attempt.hold.reason is Reason.IRREVERSIBLE_MIGRATION


def _deleted(ctx: Context) -> Outcome:
    if ctx.attempt.hold is not None:
        return leave(ctx.release, ctx.status, ctx.attempt, ctx.now)
    return turn(ctx, Reason.DELETED, "the Release was deleted in the middle of the attempt")


def _resume(ctx: Context) -> Outcome:
    """Go on: the step that was held begins anew, and missing answers are counted anew."""
    held = ctx.attempt.hold
    if held is not None and held.reason is Reason.MIGRATION_OUTCOME_UNKNOWN:
        return ctx.note(_settled(ctx, held).model_copy(update={"hold": None}))
    steps = [
        step.model_copy(
            update={"state": StepState.RUNNING, "hash": None, "started_at": ctx.now, "message": ""}
        )
        if held is not None and step.id == held.step
        else step
        for step in ctx.attempt.steps
    ]
    measurements = [
        entry.model_copy(update={"unknown_since": None}) for entry in ctx.attempt.measurements
    ]
    return ctx.note(ctx.with_attempt(hold=None, steps=steps, measurements=measurements))


def _settled(ctx: Context, held: Hold) -> Attempt:
    """What resuming says of a migration whose outcome was unknown.

    On the way back the person has brought the schema to where the previous version needs it:
    nothing is left to revert.
    """
    forwards = ctx.attempt.trigger is None or not (held.step or "").startswith(migrating.PREFIX)
    state = StepState.SUCCEEDED if forwards else StepState.FAILED
    return _as_found(ctx.attempt, ctx.now, state, "settled by a person")


def _as_found(attempt: Attempt, now: datetime, state: StepState, message: str) -> Attempt:
    """The attempt with the migration of unknown outcome, if it is held at one, as it was found."""
    held = attempt.hold
    if held is None or held.reason is not Reason.MIGRATION_OUTCOME_UNKNOWN:
        return attempt
    found = {"state": state, "finished_at": now, "message": message}
    steps = [
        step.model_copy(update=found) if step.id == held.step else step for step in attempt.steps
    ]
    return attempt.model_copy(update={"steps": steps})
