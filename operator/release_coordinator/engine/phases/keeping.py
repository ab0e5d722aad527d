"""The last step of a version that proved good: what it ran is kept, as the way back of the next.

A failure here must not take a good version back: it is told, and the next release finds what
runs then.
"""

from release_coordinator.api.attempt import StepState
from release_coordinator.api.release import Component
from release_coordinator.engine import creating, snapshots, traffic
from release_coordinator.engine.context import Context
from release_coordinator.engine.outcome import DONE, Do, Failed, Outcome
from release_coordinator.engine.runfacts import WorkloadWant

STEP = "keep"


def advance(ctx: Context) -> Outcome:
    """Keep pod templates and configuration of all components."""
    step = ctx.step(STEP)
    if step is None:
        return ctx.begin(STEP)
    if step.state is not StepState.RUNNING:
        return DONE
    ctx.seen.gather(*(WorkloadWant(component.target) for component in ctx.plan.order))
    kept, left = {}, []
    for component in ctx.plan.order:
        fact = ctx.seen.workload(component.target)
        if fact is None or fact.template_hash != _rolled_out(ctx, component):
            left.append(str(component.target))
            continue
        taken = snapshots.take(ctx, component.name, fact)
        if isinstance(taken, Failed):
            return ctx.fail(STEP, taken.message)
        if isinstance(taken, Do):
            return taken
        kept[component.name] = taken
    stored = snapshots.store(ctx, list(kept.values()))
    if isinstance(stored, Failed):
        return ctx.fail(STEP, stored.message)
    if stored is not None:
        return stored
    found = {name: taken.name for name, taken in kept.items()}
    text = f"{len(found)} components"
    if left:
        text += f"; not what was rolled out, so not kept: {', '.join(left)}"
    return ctx.succeed(STEP, text, kept=found)


def _rolled_out(ctx: Context, component: Component) -> str | None:
    """Hash of the template with which the component proved good; another one has not."""
    prefix = traffic.PROMOTE if component.is_blue_green else creating.ROLLOUT
    step = ctx.step(prefix + component.name)
    return step.hash if step is not None else None
