"""R3.6, R3.7 and R4.5: components get their images, dependencies first, and back in reverse."""

from release_coordinator.engine import (
    bluegreen,
    creating,
    fights,
    recheck,
    returning,
    traffic,
    workloads,
)
from release_coordinator.engine.context import Context
from release_coordinator.engine.outcome import DONE, Outcome

PREFIX = creating.ROLLOUT
UNDO_PREFIX = "undo/rollout/"


def advance(ctx: Context) -> Outcome:
    """Roll out one component after the other."""
    for component in ctx.plan.order:
        if component.is_blue_green:
            outcome = bluegreen.advance(ctx, component)
        else:
            step = workloads.ApplyStep(PREFIX + component.name, component, component.images)
            outcome = workloads.run(ctx, step)
        if outcome is not DONE:
            return outcome
    return DONE


def undo(ctx: Context) -> Outcome:
    """Give every component that was touched the template and images it ran before."""
    for component in reversed(ctx.plan.order):
        begun = traffic.PIN if component.is_blue_green else PREFIX
        touched = ctx.step(begun + component.name) is not None
        # A rollback that failed before may have left the new code running anywhere.
        if not touched and ctx.attempt.basis is None:
            continue
        previous = ctx.previous(component.name)
        gone = frozenset(component.images.values()) - frozenset(previous.images.values())
        former = component.model_copy(update={"health": previous.health})
        step = workloads.ApplyStep(
            UNDO_PREFIX + component.name,
            former,
            previous.images,
            back=True,
            snapshot=previous.snapshot,
            gone=gone,
        )
        if component.is_blue_green and touched:
            outcome = returning.give_back(ctx, component, step)
        elif previous.absent:
            outcome = creating.remove(ctx, component, step.id)
        else:
            outcome = workloads.run(ctx, step)
        if outcome is not DONE:
            return outcome
    return _cleared(ctx)


def _cleared(ctx: Context) -> Outcome:
    """Once all traffic is back, nothing is left of what ran beside."""
    for component in reversed(ctx.plan.order):
        outcome = returning.clear(ctx, component) if component.is_blue_green else DONE
        if outcome is not DONE:
            return outcome
    return DONE


def drift(ctx: Context, prefix: str = PREFIX) -> Outcome:
    """Hold when a component that was rolled out, or taken back, is no longer what it was then."""
    for component in ctx.plan.order:
        if component.is_blue_green:
            drifted = bluegreen.drift if prefix == PREFIX else recheck.given_back
            outcome = drifted(ctx, component)
            if outcome is not DONE:
                return outcome
            continue
        step = ctx.step(prefix + component.name)
        if step is None or step.hash is None or not ctx.succeeded(step.id):
            continue
        target = component.target
        fact = ctx.seen.workload(target)
        if fact is None or fact.uid != creating.uid_of(ctx, component.name):
            return workloads.replaced(ctx, target, step.id)
        if fact.template_hash != step.hash:
            told = fights.forwards if prefix == PREFIX else fights.backwards
            return fights.answer(ctx, fact, step.id, told(ctx, component))
    return DONE
