"""R4.2-R4.4: the release counts as good only when its metrics stayed good for a while.

A breach rolls back at once. Missing answers extend the watch, up to a limit; what then happens is
the metric's `onUnknown`. Only changes of a verdict are worth a write: `engine.summary.material`
leaves the rest of a measurement out.
"""

from datetime import datetime, timedelta

from release_coordinator.api.attempt import Measurement, Verdict, WatchState
from release_coordinator.api.base import parse_duration
from release_coordinator.api.conditions import Reason
from release_coordinator.api.release import Metric, OnUnknown, Watch
from release_coordinator.engine import bluegreen, suspension
from release_coordinator.engine.context import Context, shorten
from release_coordinator.engine.judge import judge
from release_coordinator.engine.outcome import DONE, Failed, Outcome, Wait
from release_coordinator.engine.runfacts import SampleWant, WorkloadWant

STEP = "watch"


def advance(ctx: Context) -> Outcome:
    """Take a sample when it is due; end the watch when its time is over."""
    watch = ctx.plan.spec.watch
    if watch is None or ctx.succeeded(STEP):
        return DONE
    if ctx.step(STEP) is None:
        return ctx.begin(STEP, watch=WatchState(started_at=ctx.now))
    state = ctx.attempt.watch
    assert state is not None  # noqa: S101 - begun with the step
    due = _due(watch, state, ctx.now)
    if ctx.now >= due:
        return _sample(ctx, watch, state)
    verdict = _verdict(ctx, watch)
    if verdict is not DONE:
        return verdict
    if state.sampled_at is not None and ctx.now >= ends_at(watch, state) and _all_pass(ctx, watch):
        outcome = _available(ctx, watch, state)
        if outcome is not DONE:
            return outcome
        return ctx.succeed(STEP, f"{len(watch.metrics)} metrics stayed good")
    return Wait(due)


def _due(watch: Watch, state: WatchState, now: datetime) -> datetime:
    """A first sample one interval after the start, then one per interval, the last at the end."""
    last = state.sampled_at or state.started_at
    if last > now:  # a clock that was put back must not leave a release unwatched
        return now
    due = last + timedelta(seconds=max(1.0, parse_duration(watch.interval)))
    end = ends_at(watch, state)
    return end if last < end < due else due


def _available(ctx: Context, watch: Watch, state: WatchState) -> Outcome:
    """Good metrics are not enough: nobody measures a component whose pods are all gone."""
    targets = [bluegreen.serving(ctx, component).target for component in ctx.plan.order]
    ctx.seen.gather(*(WorkloadWant(target) for target in targets))
    missing = [
        str(one) for one in targets if not ((fact := ctx.seen.workload(one)) and fact.rolled_out)
    ]
    if not missing:
        return DONE
    text = f"not all pods of {', '.join(missing)} are available"
    limit = timedelta(seconds=parse_duration(watch.unknown_limit))
    if ctx.now >= ends_at(watch, state) + limit:
        return Failed(Reason.PROGRESS_DEADLINE_EXCEEDED, f"at the end of the watch {text}")
    step = ctx.step(STEP)
    if step is not None and step.message != shorten(text):
        return ctx.change(STEP, message=shorten(text))
    return Wait(ctx.now + timedelta(seconds=max(1.0, parse_duration(watch.interval))))


def ends_at(watch: Watch, state: WatchState) -> datetime:
    """When the watch ends if every answer from now on is good."""
    seconds = parse_duration(watch.duration) + state.unknown_seconds
    return state.started_at + timedelta(seconds=seconds)


def _sample(ctx: Context, watch: Watch, state: WatchState) -> Outcome:
    ctx.seen.gather(*(SampleWant(metric.source, metric.query) for metric in watch.metrics))
    known = {entry.metric: entry for entry in ctx.attempt.measurements}
    measurements = [
        _measure(ctx, metric, known.get(metric.name) or Measurement(metric=metric.name))
        for metric in watch.metrics
    ]
    lost = _lost(ctx, watch, state, measurements)
    lost = max(lost, suspension.stands(ctx.status, state, ctx.now))
    changed = state.model_copy(
        update={"sampled_at": ctx.now, "unknown_seconds": state.unknown_seconds + lost}
    )
    return ctx.note(ctx.with_attempt(watch=changed, measurements=measurements))


def _lost(ctx: Context, watch: Watch, state: WatchState, measurements: list[Measurement]) -> float:
    """Seconds since the last sample in which nobody watched: no answer, a hold, an outage of ours.

    Only what was measured counts as watched; a sample that is a little late is no gap.
    """
    passed = max(0.0, (ctx.now - (state.sampled_at or state.started_at)).total_seconds())
    forgiven = {m.name for m in watch.metrics if m.on_unknown is OnUnknown.PASS}
    for entry in measurements:
        over = entry.metric in forgiven and _blind_too_long(ctx, watch, entry)
        if entry.verdict is Verdict.UNKNOWN and not over:
            return passed
    interval = parse_duration(watch.interval)
    return passed - interval if passed > 2 * interval else 0.0


def _measure(ctx: Context, metric: Metric, known: Measurement) -> Measurement:
    sample = ctx.seen.sample(metric)
    verdict, message = judge(metric.breach, sample, known.baseline)
    unknown = verdict is Verdict.UNKNOWN
    return known.model_copy(
        update={
            "value": sample.value,
            "verdict": verdict,
            "samples": known.samples + (not unknown),
            "failures": _failures(known.failures, verdict),
            "unknown_since": (known.unknown_since or ctx.now) if unknown else None,
            "message": shorten(message),
        }
    )


def _failures(so_far: int, verdict: Verdict) -> int:
    """Breaches in a row; a missing answer neither adds to them nor forgives them."""
    match verdict:
        case Verdict.FAIL:
            return so_far + 1
        case Verdict.PASS:
            return 0
        case Verdict.UNKNOWN:
            return so_far


def _verdict(ctx: Context, watch: Watch) -> Outcome:
    """Failed on a breach, or when answers were missing for too long."""
    known = {entry.metric: entry for entry in ctx.attempt.measurements}
    for metric in watch.metrics:
        entry = known.get(metric.name)
        if entry is not None and entry.failures >= metric.failure_threshold:
            return Failed(Reason.METRIC_BREACH, f"metric {metric.name}: {entry.message}")
    for metric in watch.metrics:
        entry = known.get(metric.name)
        if entry is not None and _blind_too_long(ctx, watch, entry):
            outcome = _give_up(ctx, metric, entry)
            if outcome is not DONE:
                return outcome
    return DONE


def _blind_too_long(ctx: Context, watch: Watch, entry: Measurement) -> bool:
    since = entry.unknown_since
    limit = timedelta(seconds=parse_duration(watch.unknown_limit))
    return since is not None and ctx.now >= since + limit + ctx.seen.lost_since(since)


def _give_up(ctx: Context, metric: Metric, entry: Measurement) -> Outcome:
    text = f"metric {metric.name} gave no usable answer for too long: {entry.message}"
    match metric.on_unknown:
        case OnUnknown.ROLLBACK:
            return Failed(Reason.METRIC_UNKNOWN, text)
        case OnUnknown.HOLD:
            return ctx.hold(Reason.METRIC_UNKNOWN, f"{text}; resume or roll back", STEP)
        case OnUnknown.PASS:
            return DONE


def _all_pass(ctx: Context, watch: Watch) -> bool:
    known = {entry.metric: entry for entry in ctx.attempt.measurements}
    for metric in watch.metrics:
        entry = known.get(metric.name)
        blind = entry is None or (
            entry.verdict is Verdict.UNKNOWN and not _blind_too_long(ctx, watch, entry)
        )
        if blind or (entry is not None and entry.verdict is Verdict.FAIL):
            return False
    return True
