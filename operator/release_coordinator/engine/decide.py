"""The whole story on one page: which phase speaks, and what a failure leads to.

Pure: `(release, status, observation, now) -> one decision`. Called by `reconcile` until it says
Wait. The journal in `status.attempt` is memory; everything else is looked at anew.
"""

from datetime import datetime
from typing import Protocol

from release_coordinator.api.attempt import Attempt, Revision
from release_coordinator.api.codec import ReleaseObject
from release_coordinator.api.conditions import Phase, Reason
from release_coordinator.api.status import ReleaseStatus
from release_coordinator.text import enumerated

from . import (
    braking,
    closing,
    downtime,
    drift,
    idle,
    locks,
    orders,
    plan,
    policy,
    pruning,
    rehearsal,
    retention,
    suspension,
)
from .context import Context, hold
from .observation import Observation
from .outcome import DONE, Decision, Done, Failed, Note, Outcome, Wait
from .phases import (
    confirming,
    gating,
    keeping,
    locking,
    migrating,
    preparing,
    promoting,
    refreshing,
    rolling_out,
    verifying,
    watching,
)


class Advances(Protocol):
    """A phase of the story."""

    def advance(self, ctx: Context) -> Outcome:
        """Bring the phase one move further."""


class Undoes(Protocol):
    """A phase that can be taken back."""

    def undo(self, ctx: Context) -> Outcome:
        """Bring the way back one move further."""


STORY: tuple[Advances, ...] = (
    gating,  # R2: every gate passes before anything is changed
    locking,  # one active attempt per workload
    preparing,  # R3.3, R3.4: baseline, previous revision, backup
    confirming,  # R2: every gate once more, before the first change
    migrating,  # R3.5: database migrations
    rolling_out,  # R3.6, R3.7: components, dependencies first
    refreshing,  # R3.8, R3.9: caches cleared, application warmed up
    verifying,  # R3.10, R3.11: health endpoints and smoke tests
    watching,  # R4.2-R4.4: metrics stay good
    promoting,  # R4.5: what ran beside the old version takes its place
    keeping,  # R3.4 of the next release: what proved good is its way back
)

WAY_BACK: tuple[Undoes, ...] = (
    rolling_out,  # R4.5: traffic goes to the previous version, components in reverse order
    migrating,  # R4.6: with no pod of the new code left, reversible migrations newest first
    refreshing,  # R4.7: caches cleared
    verifying,  # R4.8: the previous version works
)


def decide(
    release: ReleaseObject, status: ReleaseStatus, seen: Observation, now: datetime
) -> Decision:
    """One decision for one Release. `status` is its journal, perhaps newer than the stored one."""
    if release.journal_fault:
        return Wait()  # the summary says so; nothing is done without a memory
    news = suspension.heed(release, status, now)
    if news is not None:
        return news
    attempt = status.attempt
    if attempt is None or attempt.recorded:
        return (
            locks.give_back(release, attempt, seen)
            or pruning.advance(release, status, attempt, seen)
            or retention.advance(release, status, attempt, seen, now)
            or drift.beside(idle.decide(release, status, seen, now), release, status, seen, now)
        )
    name, digest = attempt.revision, attempt.revision_digest
    revision = seen.revision(name, digest=digest) if name else None
    present = _plan(release, attempt, revision, seen)
    if attempt.end is not None:
        return closing.advance(release, status, attempt, present, seen)
    if present is None or (attempt.frozen and revision is None):
        return _without_plan(release, status, attempt, revision, now)
    ctx = Context(release, status, attempt, present, revision, seen, now)
    return _active(ctx)


def _plan(
    release: ReleaseObject, attempt: Attempt, revision: Revision | None, seen: Observation
) -> plan.Plan | None:
    """The attempt's own plan: the recorded one, or spec and policy as long as they are the same."""
    if revision is not None and not plan.is_recorded(revision, attempt.revision_digest):
        return None  # somebody has changed it, perhaps the way back in it
    if revision is not None:
        resolved = plan.recorded(revision)
    elif release.spec is not None:
        required = policy.requirements(seen.policy(release.name).spec)
        resolved = plan.resolve(release.spec, required)
    else:
        return None
    if isinstance(resolved, plan.Plan) and resolved.digest == attempt.digest:
        return resolved
    return None


def _without_plan(
    release: ReleaseObject,
    status: ReleaseStatus,
    attempt: Attempt,
    revision: Revision | None,
    now: datetime,
) -> Decision:
    """The spec was edited while nothing was changed yet, or the recorded plan cannot be used."""
    if orders.is_behind(attempt):
        if not orders.is_resumed(release, status, attempt):
            return orders.leave(release, status, attempt, now)
        attempt = orders.resumed(release, attempt, now)
    if not attempt.frozen:
        same = release.spec and plan.spec_digest(release.spec) == attempt.spec_digest
        what = "the ReleasePolicy" if same else "the spec"
        text = f"{what} was edited before anything was changed"
        return closing.end(status, attempt, Phase.SUPERSEDED, Reason.SUPERSEDED, text, now)
    if attempt.hold is not None:
        return orders.leave(release, status, attempt, now)
    what = f"ControllerRevision {attempt.revision} with the plan and the way back"
    trouble = (
        f"{what} is gone; restore it from a backup and resume"
        if revision is None
        else f"{what} has another digest than the attempt: it was changed, or written by another "
        "version of the operator; restore it from a backup, or run that version, and resume"
    )
    other = "or bring the workloads into a good state and delete and create the Release"
    return hold(status, attempt, now, Reason.REVISION_LOST, f"{trouble}, {other}")


def _active(ctx: Context) -> Decision:
    spec = ctx.release.spec
    if spec is not None and not ctx.attempt.frozen:
        due = rehearsal.is_due(spec, ctx.attempt.rehearsed)
        if due is not ctx.attempt.rehearsal:
            return ctx.note(ctx.with_attempt(rehearsal=due))
    counted = downtime.advance(ctx)
    return counted if isinstance(counted, Note) else braking.beside(counted, _course(ctx))


def _course(ctx: Context) -> Decision:
    """What people order comes first, then the way that the attempt goes."""
    outcome = orders.advance(ctx)
    if outcome is DONE:
        outcome = _backwards(ctx) if ctx.attempt.trigger else _forwards(ctx)
    outcome = _unless_suspended(ctx, outcome)
    assert not isinstance(outcome, Done | Failed)  # noqa: S101 - both ways end in a Note
    return outcome


def _unless_suspended(ctx: Context, outcome: Outcome) -> Outcome:
    """The outcome, unless it would begin what a suspended Release does not begin."""
    if not suspension.withholds(ctx, outcome):
        return outcome
    # Who goes no further than the locks holds none.
    wanted = locks.are_wanted(ctx.attempt)
    return (wanted and locks.give_back(ctx.release, ctx.attempt, ctx.seen)) or Wait()


def _forwards(ctx: Context) -> Outcome:
    """Go on with the story, unless what is seen beside it stops or turns the attempt."""
    outcome = rolling_out.drift(ctx)
    if outcome is DONE:
        outcome = braking.advance(ctx)
        if isinstance(outcome, Done | Wait):
            # What is watched is watched on while nothing begins.
            return braking.beside(outcome, _unless_suspended(ctx, _story(ctx)))
    if isinstance(outcome, Failed):
        return orders.turn(ctx, outcome.reason, outcome.message, cause=outcome.cause)
    return outcome


def _story(ctx: Context) -> Outcome:
    for phase in STORY:
        if phase is promoting and ctx.attempt.rehearsal:
            text = f"rehearsal of the way back of {ctx.attempt.version}"
            return orders.turn(ctx, Reason.REHEARSAL, text)
        outcome = phase.advance(ctx)
        if isinstance(outcome, Failed) and phase is confirming:
            return orders.start_over(ctx, outcome)
        if isinstance(outcome, Failed):
            return orders.turn(ctx, outcome.reason, outcome.message, cause=outcome.cause)
        if outcome is not DONE:
            return outcome
    return closing.end_of(ctx, Phase.COMPLETED, Reason.COMPLETED, _achieved(ctx))


def _achieved(ctx: Context) -> str:
    """What may be said of a completed attempt: no more than was done."""
    done = [f"{ctx.attempt.version} runs"]
    if ctx.begun("verify/"):
        done.append("was verified")
    if ctx.begun(watching.STEP):
        done.append(watching.result(ctx))
    return enumerated(done)


def _backwards(ctx: Context) -> Outcome:
    """Undo, in the order of WAY_BACK. A failure on the way back is for a person, never retried."""
    outcome = migrating.settle(ctx)
    if outcome is DONE:
        outcome = orders.permit(ctx)
    if outcome is DONE:
        outcome = rolling_out.drift(ctx, rolling_out.UNDO_PREFIX)
    if outcome is not DONE:
        return outcome
    for phase in WAY_BACK:
        outcome = phase.undo(ctx)
        if isinstance(outcome, Failed):
            return closing.end_of(ctx, Phase.ROLLBACK_FAILED, outcome.reason, outcome.message)
        if outcome is not DONE:
            return outcome
    trigger = ctx.attempt.trigger
    text = f"{ctx.attempt.previous_version or 'the previous version'} runs again"
    text += migrating.left_behind(ctx)
    reason = trigger.reason if trigger else Reason.ROLLED_BACK
    if reason is Reason.REHEARSAL:
        reason = Reason.REHEARSED
    return closing.end_of(
        ctx, Phase.ROLLED_BACK, reason, f"{text}; {trigger.message}" if trigger else text
    )
