"""R3.8, R3.9 and R4.7: caches are cleared, then the application is warmed up."""

from release_coordinator.engine import jobs
from release_coordinator.engine.context import Context
from release_coordinator.engine.outcome import DONE, Outcome

PREFIX = "refresh/"
UNDO_PREFIX = "undo/refresh/"


def advance(ctx: Context) -> Outcome:
    """Clear all caches, then warm up."""
    spec = ctx.plan.spec
    steps = [jobs.JobStep(f"{PREFIX}cache/{cache.name}", cache.job) for cache in spec.caches]
    steps += [jobs.JobStep(f"{PREFIX}warmup/{entry.name}", entry.job) for entry in spec.warmup]
    return in_order(ctx, steps)


def undo(ctx: Context) -> Outcome:
    """Clear the caches again: they hold what the version that was taken back has written."""
    if not (ctx.begun("rollout/") or ctx.begun("undo/rollout/")):
        return DONE
    previous = ctx.attempt.previous_version or ""
    return in_order(
        ctx,
        [
            jobs.JobStep(f"{UNDO_PREFIX}cache/{cache.name}", cache.job, version=previous)
            for cache in ctx.plan.spec.caches
        ],
    )


def in_order(ctx: Context, steps: list[jobs.JobStep]) -> Outcome:
    """Run Job steps one after the other."""
    for step in steps:
        outcome = jobs.run(ctx, step)
        if outcome is not DONE:
            return outcome
    return DONE
