"""The Deployment that a Service was given to is still what was rolled out there.

Git owns a component's own Deployment, so somebody may write it at any moment: after the promotion,
or while the second Deployment goes on the way back. The Service is pinned to the pods of one
template then, which are about to go: first it is opened, so that whichever pods are ready serve.
Called by `bluegreen`, `returning` and `phases.rolling_out`.
"""

from release_coordinator.api.attempt import StepState
from release_coordinator.api.conditions import Reason
from release_coordinator.api.release import Component

from . import fights, opening, traffic, workloads
from .context import Context
from .outcome import DONE, Outcome
from .trafficfacts import ServiceFact

UNDO_ROLLOUT = "undo/rollout/"


def promoted(ctx: Context, component: Component) -> Outcome:
    """Forwards: hold when what was promoted is another by now."""
    name = component.name
    ends = (traffic.HANDOVER + name, traffic.RETIRE + name)
    return _held(ctx, component, traffic.PROMOTE + name, ends)


def given_back(ctx: Context, component: Component) -> Outcome:
    """Backwards: hold when what was rolled out again is another by now."""
    name = component.name
    ends = (traffic.UNDO_TRAFFIC + name, traffic.UNDO_RETIRE + name)
    return _held(ctx, component, UNDO_ROLLOUT + name, ends)


def aimed(ctx: Context, component: Component, before: traffic.Found) -> Outcome:
    """Backwards: aim anew when the previous version, which had kept running, is another by now."""
    name = component.name
    again = ctx.step(UNDO_ROLLOUT + name)
    if again is None:
        fact = ctx.seen.workload(component.target)
        same = fact is not None and fact.uid == ctx.previous(name).uid
        if same and fact is not None and fact.template_hash == before.template:
            return DONE
    elif again.state is StepState.SUCCEEDED:
        return DONE
    return _reopen(ctx, component, traffic.UNDO_TRAFFIC + name, traffic.UNDO_RETIRE + name)


def forgotten(ctx: Context, component: Component, former: workloads.ApplyStep) -> Outcome:
    """Backwards, where the journal does not say what was found: nothing was changed, or all is.

    An attempt that has lost this must not call itself rolled back while the new version serves.
    """
    name = component.name
    beside = ctx.step(traffic.TWIN + name) is not None
    service = ctx.seen.service(component.strategy.service or "")
    ours = service is not None and service.mark.startswith(f"{ctx.attempt.number}/{traffic.STEPS}")
    if service is not None and traffic.pin_of(service) and (beside or ours):
        text = (
            f"Service {service.name} was switched, and the journal has lost what it was before; "
            f"see that {component.target} runs the previous version, remove "
            f"{', '.join(traffic.pin_of(service))} from spec.selector, then resume"
        )
        return ctx.hold(Reason.CONFLICTING_WRITER, text)
    return workloads.run(ctx, former) if beside else DONE


def _held(ctx: Context, component: Component, step_id: str, ends: tuple[str, str]) -> Outcome:
    """Hold when the own Deployment is not what a step that has succeeded left."""
    step = ctx.step(step_id)
    if step is None or step.hash is None or not ctx.succeeded(step_id):
        return DONE
    fact = ctx.seen.workload(component.target)
    same = fact is not None and fact.uid == ctx.previous(component.name).uid
    if same and fact is not None and fact.template_hash == step.hash:
        return DONE
    outcome = _reopen(ctx, component, *ends)
    if outcome is not DONE:
        return outcome
    if not same:
        return workloads.replaced(ctx, component.target, step_id)
    return fights.conflict(ctx, component.target, step_id, next(iter(component.images)))


def _reopen(ctx: Context, component: Component, step_id: str, last: str) -> Outcome:
    """Take back where the Service was aimed; DONE when it is aimed nowhere, or all is over."""
    step = ctx.step(step_id)
    if step is None or step.hash is None or ctx.succeeded(last):
        return DONE
    service = traffic.look(ctx, component)
    if not isinstance(service, ServiceFact):
        return service
    if traffic.pin_of(service) == traffic.to_template(step.hash):
        mark = f"{step_id}/open"
        if ctx.attempt.trigger is None:
            return traffic.move(ctx, component, mark, {})
        return opening.bring(ctx, component, step, mark)
    anew = {"state": StepState.RUNNING, "started_at": ctx.now, "finished_at": None}
    return ctx.change(step_id, **anew, hash=None, message="")
