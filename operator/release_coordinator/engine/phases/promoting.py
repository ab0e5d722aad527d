"""The end of a BlueGreen component: what proved good comes to the Deployment that Git owns.

After the watch the component's own Deployment gets the new version while the second one serves;
then the traffic goes there, and the second one goes. What keeps this from ending is for a person:
a version that proved good is not taken back, and serves meanwhile.
"""

from release_coordinator.api.attempt import StepState
from release_coordinator.api.release import Component
from release_coordinator.engine import returning, traffic, workloads
from release_coordinator.engine.context import Context
from release_coordinator.engine.outcome import DONE, Failed, Outcome


def advance(ctx: Context) -> Outcome:
    """Promote one component after the other."""
    for component in ctx.plan.order:
        if not component.is_blue_green:
            continue
        for part in (_promote, _hand_over, _retire):
            outcome = part(ctx, component)
            if isinstance(outcome, Failed):
                return _held(ctx, outcome)
            if outcome is not DONE:
                return outcome
    return DONE


def _held(ctx: Context, failed: Failed) -> Outcome:
    text = (
        f"{ctx.attempt.version} has proved good and serves, but {failed.message}. Make room or "
        "repair what is named, then resume; or roll back"
    )
    step = next((s.id for s in reversed(ctx.attempt.steps) if s.state is StepState.FAILED), None)
    return ctx.hold(failed.reason, text, step)


def _promote(ctx: Context, component: Component) -> Outcome:
    step_id = traffic.PROMOTE + component.name
    return workloads.run(ctx, workloads.ApplyStep(step_id, component, component.images))


def _hand_over(ctx: Context, component: Component) -> Outcome:
    step_id = traffic.HANDOVER + component.name
    step = ctx.step(step_id)
    if step is None:
        return ctx.begin(step_id)
    if step.state is not StepState.RUNNING:
        return workloads.ended(step)
    if step.hash is None:
        return returning.aim(ctx, component, step)
    outcome = traffic.move(ctx, component, step_id, traffic.to_template(step.hash))
    return ctx.succeed(step_id) if outcome is DONE else outcome


def _retire(ctx: Context, component: Component) -> Outcome:
    moved = ctx.step(traffic.HANDOVER + component.name)
    since = moved.finished_at if moved is not None else None
    return returning.retire(ctx, component, traffic.RETIRE + component.name, since)
