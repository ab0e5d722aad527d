"""R4.2-R4.4: the release counts as good only when all that is watched stayed good for a while.

A breach rolls back at once. Missing answers extend the watch, up to a limit; what then happens is
the subject's `onUnknown`. Only changes of a verdict are worth a write: `engine.summary.material`
leaves the rest of a measurement out. Before this phase `engine.braking` watches the rollout.
"""

from datetime import timedelta

from release_coordinator.api.base import parse_duration
from release_coordinator.api.conditions import Reason
from release_coordinator.api.measurement import WatchState
from release_coordinator.api.watch import Watch
from release_coordinator.engine import bluegreen, observing, tracking, watchlist
from release_coordinator.engine.context import Context, shorten
from release_coordinator.engine.outcome import DONE, Failed, Outcome, Wait
from release_coordinator.engine.runfacts import WorkloadWant

STEP = "watch"
NOT_GOOD = "cannot be said to have stayed good:"


def advance(ctx: Context) -> Outcome:
    """Look at what is due; end the watch when all was watched for long enough."""
    watch = ctx.plan.spec.watch
    if watch is None or ctx.succeeded(STEP):
        return DONE
    state = ctx.attempt.watch or WatchState()
    if ctx.step(STEP) is None:
        # Good looks of the rollout were at old pods too: none of them ends the watch early.
        anew = [m.model_copy(update={"successes": 0}) for m in ctx.attempt.measurements]
        started = state.model_copy(update={"started_at": ctx.now})
        return ctx.begin(STEP, watch=started, measurements=anew)
    outcome = observing.advance(ctx, watch, state, STEP)
    if not isinstance(outcome, Wait):
        return outcome
    if all(tracking.is_over(ctx, watch, subject) for subject in watchlist.of(ctx.plan)):
        available = _available(ctx, watch)
        if available is not DONE:
            return available
        return ctx.succeed(STEP, f"{watchlist.named(watch)} {result(ctx)}")
    return outcome


def result(ctx: Context) -> str:
    """What may be said after the watch: what was bad, or not seen, did not stay good."""
    subjects = watchlist.of(ctx.plan)
    told = ((subject.what, tracking.blemish(ctx, subject)) for subject in subjects)
    others = [f"{what} ({blemish})" for what, blemish in told if blemish]
    if not others:
        return "stayed good"
    start = "stayed good but for" if len(others) < len(subjects) else NOT_GOOD
    return f"{start} {', '.join(others)}"


def _available(ctx: Context, watch: Watch) -> Outcome:
    """Good metrics are not enough: nobody measures a component whose pods are all gone."""
    targets = [bluegreen.serving(ctx, component).target for component in ctx.plan.order]
    ctx.seen.gather(*(WorkloadWant(target) for target in targets))
    missing = [
        str(one) for one in targets if not ((fact := ctx.seen.workload(one)) and fact.rolled_out)
    ]
    if not missing:
        return DONE
    text = f"not all pods of {', '.join(missing)} are available"
    end = tracking.watch_ends_at(ctx.attempt, watch)
    limit = timedelta(seconds=parse_duration(watch.unknown_limit))
    if end is not None and ctx.now >= end + limit:
        return Failed(Reason.PROGRESS_DEADLINE_EXCEEDED, f"at the end of the watch {text}")
    step = ctx.step(STEP)
    if step is not None and step.message != shorten(text):
        return ctx.change(STEP, message=shorten(text))
    return Wait(ctx.now + timedelta(seconds=max(1.0, parse_duration(watch.interval))))
