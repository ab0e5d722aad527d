"""What people tell a running attempt, and what a failure makes of it: hold, turn back, go on.

Orders come as annotations that name the attempt or the hold they are for, so that an order is
obeyed once: `retry`, `abort` and `rollback` carry the attempt's number, `resume` the hold's id.
What is not obeyed is told by `engine.unheeded`. There is no order that skips a step or a gate.
"""

from dataclasses import replace
from datetime import datetime

from release_coordinator.api.attempt import Attempt, Hold, Step, StepState
from release_coordinator.api.codec import ReleaseObject
from release_coordinator.api.conditions import Phase, Reason
from release_coordinator.api.control import DeletionPolicy, OrderKind, Suspend
from release_coordinator.api.measurement import Measurement
from release_coordinator.api.status import ReleaseStatus

from . import closing, consent, names, ordering, reverting, schema, traffic
from .context import Context
from .outcome import DONE, Decision, Failed, Note, Outcome, Wait
from .phases import confirming, migrating

FOUND = "not applied, as a person has found"
RESTARTS = 2
"""How often in a row the same plan starts over because a gate shut again: each costs a backup."""
BEGINS_ANEW = {
    Reason.GATES_NOT_PASSED: "a gate shut again before the first change",
    Reason.BACKUP_EXPIRED: "the backup was too old before the first change",
}
"""Causes for which a plan starts over by itself, but not for ever."""


def advance(ctx: Context) -> Outcome:
    """Obey deletion and orders; DONE when the attempt may go its way."""
    attempt, release = ctx.attempt, ctx.release
    if release.deleting and (attempt.trigger is None or _is_left(ctx)):
        return _deleted(ctx)
    if may_retry_early(attempt) and _given(ctx, names.ANNOTATION_RETRY):
        return _again(ctx)
    if _given(ctx, names.ANNOTATION_ROLLBACK) and may_turn(attempt):
        return _turn_on_request(ctx)
    if _given(ctx, names.ANNOTATION_ABORT) and may_abort(attempt):
        return _abort(ctx)
    if attempt.hold is None:
        return DONE
    decided = _schema_decided(ctx, attempt.hold)
    if decided is not None:
        return decided
    if is_resumed(release, ctx.status, attempt):
        return _resume(ctx)
    return _deleted(ctx) if release.deleting else Wait()


def is_resumed(release: ReleaseObject, status: ReleaseStatus, attempt: Attempt) -> bool:
    """Whether a person ends the present hold; an order waits for the end of a suspension."""
    if attempt.hold is None or status.suspension is not None:
        return False
    return ordering.is_given(release, names.ANNOTATION_RESUME, attempt.hold.id)


def resumed(release: ReleaseObject, attempt: Attempt, now: datetime) -> Attempt:
    """The attempt with the order that ends its hold."""
    held = attempt.hold
    what = f"hold {held.id}: {held.reason}" if held else ""
    return ordering.obeyed(attempt, release, OrderKind.RESUME, now, what)


def leave(
    release: ReleaseObject, status: ReleaseStatus, attempt: Attempt, now: datetime
) -> Decision:
    """A held attempt waits for a person; deleting its Release is a decision too."""
    if not release.deleting:
        return Wait()
    text = "the Release was deleted while it was held; the workloads stay as they are"
    return closing.end(status, attempt, Phase.HELD, Reason.DELETED, text, now)


def turn(ctx: Context, reason: Reason, message: str, **said: object) -> Note:
    """End an attempt that changed nothing; roll back one that did. `said` is for the trigger."""
    if not _changed(ctx):
        return closing.end_of(ctx, Phase.FAILED, reason, message)
    note = ctx.trigger(reason, message, **said)
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
    if cause.reason not in BEGINS_ANEW:
        return closing.end_of(ctx, Phase.SUPERSEDED, cause.reason, cause.message)
    text = BEGINS_ANEW[cause.reason]
    if ctx.attempt.restarts >= RESTARTS:
        text += f", {RESTARTS + 1} times in a row: {cause.message}"
        return closing.end_of(ctx, Phase.FAILED, cause.reason, text)
    text += f", so the attempt starts over: {cause.message}"
    return closing.end_of(ctx, Phase.SUPERSEDED, cause.reason, text)


def _again(ctx: Context) -> Outcome:
    """Start over because a person says so."""
    text = f"started again on request of {ordering.by_whom(ctx.release)}"
    outcome = start_over(ctx, Failed(Reason.SUPERSEDED, text))
    return _noted(ctx, outcome, OrderKind.RETRY)


def _turn_on_request(ctx: Context) -> Outcome:
    """Roll back because a person says so; what was found before stays in the words."""
    cause = ctx.attempt.trigger
    kind, comment = ordering.why(ctx.release)
    text = ordering.in_words(ctx.release, "rolled back")
    note = turn(
        replace(ctx, attempt=_as_found(ctx.attempt, ctx.now, StepState.FAILED, FOUND)),
        Reason.MANUAL_ROLLBACK,
        f"{text}; {cause.message}" if cause else text,
        by=ordering.by_whom(ctx.release),
        cause=kind,
        comment=comment,
    )
    said = ctx.release.annotations.get(names.ANNOTATION_ROLLBACK_REASON, "")
    return _noted(ctx, note, OrderKind.ROLLBACK, said)


def _abort(ctx: Context) -> Outcome:
    """Call the attempt off: nothing was changed, or what was is taken back."""
    by = ordering.by_whom(ctx.release)
    note = turn(ctx, Reason.ABORTED, f"aborted on request of {by}", by=by)
    return _noted(ctx, note, OrderKind.ABORT)


def _noted(ctx: Context, outcome: Outcome, what: OrderKind, reason: str = "") -> Outcome:
    """The outcome, with the order in the journal once it has led to an end or a turn."""
    after = outcome.status.attempt if isinstance(outcome, Note) else None
    if after is None or (after.end is None and after.trigger is None):
        return outcome
    return ctx.note(ordering.obeyed(after, ctx.release, what, ctx.now, reason))


def _schema_decided(ctx: Context, held: Hold) -> Note | None:
    """Go on where the way back is held at the schema: it is to stay, or may now be reverted."""
    if held.reason is Reason.DATA_LOSS and not consent.missing(ctx):
        return ctx.note(ctx.with_attempt(hold=None))
    ordered = ordering.is_given(ctx.release, names.ANNOTATION_ROLLBACK, held.id)
    if not ordered or not reverting.may_leave(ctx.attempt):
        return None
    text = f"hold {held.id}: the schema stays as it is"
    after = ordering.obeyed(ctx.attempt, ctx.release, OrderKind.ROLLBACK, ctx.now, text)
    why = f"left as it is on request of {ordering.by_whom(ctx.release)}"
    return reverting.leave(replace(ctx, attempt=after), why)


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
        f"the previous code on the new schema: kubectl release rollback {ctx.release.name}, or "
        f"annotate the Release with {names.ANNOTATION_ROLLBACK}={ctx.attempt.number}",
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
    return running or bool(migrating.applied(ctx)) or any(map(ctx.begun, ("traffic/", "rollout/")))


def is_behind(attempt: Attempt) -> bool:
    """Whether it is held because the status is older than the cluster: only resuming ends that.

    Any other end would let the next attempt begin from a status that nobody has compared.
    """
    return attempt.hold is not None and attempt.hold.reason is Reason.JOURNAL_BEHIND


def may_turn(attempt: Attempt) -> bool:
    """A rollback on request turns an attempt once, or opens the way past what barred it."""
    if attempt.trigger is None:
        return not is_behind(attempt)
    return attempt.hold is not None and attempt.hold.reason is Reason.IRREVERSIBLE_MIGRATION


def may_abort(attempt: Attempt) -> bool:
    """An abort turns an attempt once; it does not answer what became of a migration."""
    unknown = attempt.hold and attempt.hold.reason is Reason.MIGRATION_OUTCOME_UNKNOWN
    return attempt.trigger is None and not unknown and not is_behind(attempt)


def may_retry_early(attempt: Attempt) -> bool:
    """Whether an attempt that has not ended can be started again: nothing is changed yet."""
    unchanged = not attempt.frozen or confirming.is_asking(attempt)
    return attempt.trigger is None and unchanged and not is_behind(attempt)


def _given(ctx: Context, annotation: str) -> bool:
    """Whether an order is given that names this attempt."""
    return ordering.is_given(ctx.release, annotation, str(ctx.attempt.number))


def _deleted(ctx: Context) -> Outcome:
    """Go back, or leave everything as it is once no migration runs any more."""
    if ctx.attempt.hold is not None:
        ended = migrating.ended(ctx)
        if ended is not DONE:
            return ended
        return leave(ctx.release, ctx.status, ctx.attempt, ctx.now)
    if not _is_left(ctx):
        return turn(ctx, Reason.DELETED, "the Release was deleted in the middle of the attempt")
    outcome = migrating.settle(ctx)
    if outcome is DONE:
        outcome = _way_back_settled(ctx)
    if outcome is not DONE:
        return outcome
    text = "the Release was deleted, and left as it is because of "
    spec = ctx.release.spec
    orphan = spec is not None and spec.deletion_policy is DeletionPolicy.ORPHAN
    text += "deletionPolicy: Orphan" if orphan else "suspend: All"
    return closing.end_of(ctx, Phase.HELD, Reason.DELETED, text)


def _is_left(ctx: Context) -> bool:
    """Whether a deleted Release leaves its workloads as they are."""
    spec = ctx.release.spec
    orphan = spec is not None and spec.deletion_policy is DeletionPolicy.ORPHAN
    return orphan or ordering.suspended(ctx.release) is Suspend.ALL


def _way_back_settled(ctx: Context) -> Outcome:
    """Wait for the reversal of a migration that runs, and begin no other."""
    runs = any(
        step.id.startswith(migrating.UNDO_PREFIX) and step.state is StepState.RUNNING
        for step in ctx.attempt.steps
    )
    outcome = migrating.undo(ctx) if runs else DONE
    return DONE if isinstance(outcome, Failed) else outcome


def _resume(ctx: Context) -> Outcome:
    """Go on: the step that was held begins anew, and missing answers are counted anew."""
    held = ctx.attempt.hold
    ctx = replace(ctx, attempt=resumed(ctx.release, ctx.attempt, ctx.now))
    if held is not None and held.reason is Reason.MIGRATION_OUTCOME_UNKNOWN:
        return ctx.note(_settled(ctx, held).model_copy(update={"hold": None}))
    steps = [
        _anew(step, ctx.now) if held is not None and step.id == held.step else step
        for step in ctx.attempt.steps
    ]
    measurements = [_watched_anew(entry, held) for entry in ctx.attempt.measurements]
    changes = {"steps": steps, "measurements": measurements, "put_back": []}
    return ctx.note(ctx.with_attempt(hold=None, **changes))


def _watched_anew(entry: Measurement, held: Hold | None) -> Measurement:
    """Missing answers are counted anew; accepted is what the hold was about, and nothing else.

    Who was told of a breach has accepted it even if no answer came since. Who was told of missing
    answers has accepted those of everything that had none, as they hold one after the other; no
    breach is accepted by that.
    """
    changes: dict[str, object] = {"unknown_since": None}
    if held is not None and held.reason is Reason.METRIC_UNKNOWN:
        silent = entry.metric == held.subject or entry.unknown_since is not None
        changes["silence_accepted"] = entry.silence_accepted or silent
    elif held is not None and entry.metric == held.subject:
        changes["accepted"] = True
    return entry.model_copy(update=changes)


def _anew(step: Step, now: datetime) -> Step:
    """The step as it begins once more: what it applied is applied again.

    What a Service was found with is never forgotten: the way back starts from that.
    """
    changes = {"state": StepState.RUNNING, "started_at": now, "message": ""}
    applied = {} if step.id.startswith(traffic.STEPS) else {"hash": None}
    return step.model_copy(update={**changes, **applied})


def _settled(ctx: Context, held: Hold) -> Attempt:
    """What resuming says of a migration whose outcome was unknown.

    On the way back the person has brought the schema to where the previous version needs it:
    nothing is left to revert.
    """
    forwards = ctx.attempt.trigger is None or not (held.step or "").startswith(migrating.PREFIX)
    state = StepState.SUCCEEDED if forwards else StepState.FAILED
    return _as_found(ctx.attempt, ctx.now, state, schema.BY_A_PERSON)


def _as_found(attempt: Attempt, now: datetime, state: StepState, message: str) -> Attempt:
    """The attempt with the migration of unknown outcome, if it is held at one, as it was found."""
    held = attempt.hold
    if held is None or held.reason is not Reason.MIGRATION_OUTCOME_UNKNOWN:
        return attempt
    found = {"state": state, "finished_at": now, "message": message}
    steps = [
        step.model_copy(update=found) if step.id == held.step else step for step in attempt.steps
    ]
    asked = held.step or ""
    if asked.startswith(schema.PREFIX) and not any(step.id == asked for step in steps):
        # The question could not be put any more, and is answered all the same.
        steps.append(Step(id=asked, started_at=now, **found))
    return attempt.model_copy(update={"steps": steps})
