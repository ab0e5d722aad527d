"""The early brake: what is watched is watched from the first change on, and stops a bad rollout.

Called by `engine.decide` beside the phases, from the first changed workload until the watch after
the rollout begins. It never holds a phase up: what is not answered yet is not waited for, and
missing answers lead to nothing before that watch.
"""

from typing import TypeVar

from release_coordinator.api.attempt import StepState
from release_coordinator.api.measurement import WatchState
from release_coordinator.api.watch import WatchStart

from . import observing, traffic
from .context import Context
from .outcome import DONE, Outcome, Wait

Some = TypeVar("Some", bound=Outcome)

CHANGES = ("rollout/", traffic.PIN)
"""Steps of which the first changes a workload, or what its Service selects."""


def advance(ctx: Context) -> Outcome:
    """Look at what is due while components are rolled out. DONE: nothing is, now or later."""
    watch = ctx.plan.spec.watch
    if watch is None or not _is_changing(ctx):
        return DONE
    state = ctx.attempt.watch
    if state is None:
        return ctx.note(ctx.with_attempt(watch=WatchState(changed_at=ctx.now)))
    if state.started_at is not None or watch.start is WatchStart.AFTER_ROLLOUT:
        return DONE
    return observing.advance(ctx, watch, state, _under_way(ctx))


def _under_way(ctx: Context) -> str | None:
    """The step that a hold stops: it begins anew, with all its time, when a person resumes."""
    running = [step.id for step in ctx.attempt.steps if step.state is StepState.RUNNING]
    return running[-1] if running else None


def _is_changing(ctx: Context) -> bool:
    return any(ctx.begun(prefix) for prefix in CHANGES)


def beside(watched: Outcome, outcome: Some) -> Some | Wait:
    """A phase that waits is looked at again no later than what is watched beside it."""
    if isinstance(outcome, Wait) and isinstance(watched, Wait):
        moments = [one.until for one in (watched, outcome) if one.until is not None]
        return Wait(min(moments, default=None))
    return outcome
