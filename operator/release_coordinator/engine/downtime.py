"""R9: how long the application was not there for its users during an attempt.

Called by `engine.decide` before everything else of an active attempt, from the first change on,
forwards and backwards, held or not; `closing.end` counts what is open then. What has a ready pod
and what has none is told by events, so nothing is asked for it while the attempt waits; the
metric of `spec.watch.availability` is asked for once per interval, in the background.

The open interval stands in the journal: whoever comes after a crash goes on with it. What cannot
be known: an outage that begins and ends while no operator runs; when one has begun that is found;
and when one has ended meanwhile, unless the workload says so (`WorkloadFact.available_since`).
"""

from datetime import datetime, timedelta

from release_coordinator.api.base import parse_duration
from release_coordinator.api.measurement import Downtime
from release_coordinator.api.release import Component, WorkloadRef
from release_coordinator.api.watch import Watch

from . import asked, bluegreen, creating, recheck, tracking, traffic
from .context import Context
from .outcome import DONE, Done, Note, Wait
from .runfacts import WorkloadFact, WorkloadWant
from .watchfacts import SampleFact, SampleWant

CHANGES = (creating.ROLLOUT, traffic.PIN, recheck.UNDO_ROLLOUT)
"""Prefixes of steps that change a component."""
UNSEEN = timedelta(seconds=5)
"""What has ended longer ago than this was not seen when it did: nobody looked meanwhile."""


def advance(ctx: Context) -> Note | Wait | Done:
    """Journal what begins, ends or was measured; Wait until the next measurement."""
    changed = [component for component in ctx.plan.order if _is_changed(ctx, component)]
    if not changed:
        return DONE
    before = ctx.attempt.downtime
    if before is None:
        return ctx.note(ctx.with_attempt(downtime=Downtime()))
    after = _counted(ctx, changed, before)
    if after == before:
        return _measure(ctx, before)
    return ctx.note(ctx.with_attempt(downtime=after))


def _is_changed(ctx: Context, component: Component) -> bool:
    return any(ctx.step(prefix + component.name) is not None for prefix in CHANGES)


def _counted(ctx: Context, changed: list[Component], before: Downtime) -> Downtime:
    """Two components that are down at the same time count once."""
    serving = {component.name: _serving(ctx, component) for component in changed}
    ctx.seen.gather(*(WorkloadWant(ref) for refs in serving.values() for ref in refs))
    facts = {
        name: [ctx.seen.workload(ref) for ref in refs]
        for name, refs in serving.items()
        if not _is_new(ctx, name)
    }
    down = next((name for name, found in facts.items() if _is_down(found)), None)
    if down is None:
        return before.until(_back_at(ctx, before, facts.get(before.component or "", [])))
    if before.since is None:
        return before.model_copy(update={"since": ctx.now, "component": down})
    return before


def _serving(ctx: Context, component: Component) -> tuple[WorkloadRef, ...]:
    """What the users get; on the way back the new version until the traffic has moved."""
    name = component.name
    if ctx.attempt.trigger is None:
        return (bluegreen.serving(ctx, component).target,)
    moved = ctx.succeeded(traffic.UNDO_TRAFFIC + name)
    if not ctx.succeeded(traffic.SWITCH + name) or moved:
        return (component.target,)
    if ctx.step(traffic.HANDOVER + name) is not None:  # whichever of the two is ready serves
        return (component.target, traffic.twin(ctx, component))
    return (traffic.twin(ctx, component),)


def _is_new(ctx: Context, name: str) -> bool:
    """Whether nobody can miss it: it did not exist before, and was not ready yet, or goes again."""
    if not ctx.previous(name).absent:
        return False
    return ctx.attempt.trigger is not None or not ctx.succeeded(creating.ROLLOUT + name)


def _is_down(found: list[WorkloadFact | None]) -> bool:
    """Whether no pod is ready although some should be; a workload that is gone has none."""
    there = [fact for fact in found if fact is not None]
    if there and all(fact.replicas == 0 for fact in there):
        return False  # on purpose
    return all(fact.ready == 0 for fact in there)


def _back_at(ctx: Context, before: Downtime, found: list[WorkloadFact | None]) -> datetime:
    """Now, unless its end was not seen and the workload knows better."""
    known = [fact.available_since for fact in found if fact and fact.available_since]
    since = min(known, default=ctx.now)
    unseen = since < ctx.now - UNSEEN and before.since is not None and since > before.since
    return since if unseen else ctx.now


def _measure(ctx: Context, before: Downtime) -> Note | Wait | Done:
    """Ask the availability metric when that is due; an answer that is missing holds up nothing."""
    watch = ctx.plan.spec.watch
    if watch is None or watch.availability is None:
        return DONE
    last = before.measured_at
    if last is None or last > ctx.now:
        return _noted(ctx, before, before.measured_seconds)
    due = last + timedelta(seconds=_interval(watch))
    if due > ctx.now:
        return Wait(due)
    availability = watch.availability
    try:
        query = asked.filled(ctx, availability.query, availability.component)
    except asked.Unfillable:
        return _noted(ctx, before, before.measured_seconds)  # unknown adds nothing
    sample = ctx.seen.late(SampleWant(availability.source, query, due))
    if sample is None:
        return Wait()
    return _noted(ctx, before, _missed(ctx, watch, before, sample))


def _interval(watch: Watch) -> float:
    return max(1.0, parse_duration(watch.interval))


def _missed(ctx: Context, watch: Watch, before: Downtime, sample: SampleFact) -> float | None:
    """Seconds measured so far. Unknown adds nothing, and a gap no more than one interval."""
    if sample.value is None or before.measured_at is None:
        return before.measured_seconds
    passed = (ctx.now - before.measured_at).total_seconds()
    counted = tracking.counted(passed, _interval(watch))
    missing = 1.0 - min(1.0, max(0.0, sample.value))
    return round((before.measured_seconds or 0.0) + counted * missing, 3)


def _noted(ctx: Context, before: Downtime, seconds: float | None) -> Note:
    measured = {"measured_seconds": seconds, "measured_at": ctx.now}
    return ctx.note(ctx.with_attempt(downtime=before.model_copy(update=measured)))
