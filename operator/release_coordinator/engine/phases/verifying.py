"""R3.10, R3.11 and R4.8: health endpoints answer, and smoke tests pass.

Forwards it verifies the new version, with the declared smoke tests; after a rollback the previous
one, with the tests declared for that.
"""

from collections.abc import Iterable
from datetime import timedelta

from release_coordinator.api.conditions import Reason
from release_coordinator.api.release import Component, SmokeTest
from release_coordinator.engine import bluegreen, jobs
from release_coordinator.engine.context import Context
from release_coordinator.engine.outcome import DONE, Failed, Outcome
from release_coordinator.engine.runfacts import ProbeWant
from release_coordinator.engine.workloads import PROBE_SECONDS

PREFIX = "verify/"
UNDO_PREFIX = "undo/verify/"
HEALTH_LIMIT = "1m"
"""Time the health endpoints get; every pod answered once already during its rollout."""


def advance(ctx: Context) -> Outcome:
    """Verify the new version."""
    serving = [bluegreen.serving(ctx, component) for component in ctx.plan.order]
    outcome = _health(ctx, PREFIX + "health", serving)
    if outcome is not DONE:
        return outcome
    return _smoke(ctx, PREFIX, ctx.plan.spec.verify.smoke_tests, ctx.attempt.version)


def undo(ctx: Context) -> Outcome:
    """Verify the version a rollback has restored."""
    if not (ctx.begun("rollout/") or ctx.begun("undo/rollout/")):
        return DONE
    former = [
        component.model_copy(update={"health": ctx.previous(component.name).health})
        for component in ctx.plan.order
    ]
    outcome = _health(ctx, UNDO_PREFIX + "health", former)
    if outcome is not DONE:
        return outcome
    previous = ctx.attempt.previous_version or ""
    return _smoke(ctx, UNDO_PREFIX, ctx.plan.spec.rollback.smoke_tests, previous)


def _health(ctx: Context, step_id: str, parts: Iterable[Component]) -> Outcome:
    components = [component for component in parts if component.health is not None]
    step = ctx.step(step_id)
    if not components or ctx.succeeded(step_id):
        return DONE
    if step is None:
        return ctx.begin(step_id)
    ctx.seen.gather(
        *(
            ProbeWant(c.target, c.health.port, c.health.path, c.health.timeout)
            for c in components
            if c.health
        )
    )
    trouble = "; ".join(
        f"{c.name}: {fact.trouble}"
        for c in components
        if c.health and (fact := ctx.seen.probe(c.target, c.health)).trouble
    )
    if not trouble:
        return ctx.succeed(step_id, f"{len(components)} components answer")
    if ctx.now >= ctx.deadline(step, HEALTH_LIMIT):
        return Failed(Reason.STEP_FAILED, f"health endpoints do not answer: {trouble}")
    return ctx.wait(step, trouble, ctx.now + timedelta(seconds=PROBE_SECONDS))


def _smoke(ctx: Context, prefix: str, tests: list[SmokeTest], version: str) -> Outcome:
    for test in tests:
        step = jobs.JobStep(
            f"{prefix}{test.suite[:16]}/{test.name}",  # names are unique; an id has 96 characters
            test.job,
            Reason.SMOKE_TEST_FAILED,
            version=version,
            retries=test.retries,
        )
        outcome = jobs.run(ctx, step)
        if outcome is not DONE:
            return outcome
    return DONE
