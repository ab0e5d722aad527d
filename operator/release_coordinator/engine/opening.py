"""A pinned Service serves again when the pods it is pinned to go.

While the new version comes up, the Service is pinned to the pods of one template. Somebody may
change that template meanwhile (a person's `kubectl rollout restart`, a tool that rotates Secrets),
or replace the Deployment: other pods come, and the Service would find none of them. No selector
finds two templates and not the new version, so that goes first; then the Service is as its owner
wrote it. Called by `bluegreen`, and by `returning` on a rollback.
"""

from datetime import timedelta

from release_coordinator.api.attempt import Step, StepState
from release_coordinator.api.release import Component

from . import traffic, workloads
from .action import DeleteWorkload
from .context import Context
from .outcome import DONE, Do, Note, Outcome
from .trafficfacts import ServiceFact

UNPINNED = "not pinned: the previous version was changed by somebody else"
"""Message of a pin that was given up, until it is begun anew."""


def advance(ctx: Context, component: Component) -> Outcome:
    """Begin to open the Service; DONE if it is open, or serves the new version."""
    service = traffic.look(ctx, component)
    if not isinstance(service, ServiceFact):
        return service
    step_id, pin = traffic.OPEN + component.name, traffic.pin_of(service)
    if pin == traffic.to_twin(ctx, component) or (ctx.succeeded(step_id) and not pin):
        return DONE
    if ctx.step(step_id) is None:
        return ctx.begin(step_id)
    again = {"state": StepState.RUNNING, "started_at": ctx.now, "finished_at": None}
    return ctx.change(step_id, **again, message="")


def unfinished(ctx: Context, component: Component) -> Outcome:
    """Bring an opening that was begun to its end, and the steps that it has undone to their start.

    Also when the template is as before by then: the new version comes up once more.
    """
    step = ctx.step(traffic.OPEN + component.name)
    if step is None or step.state is not StepState.RUNNING:
        return DONE
    outcome = bring(ctx, component, step, step.id)
    return _undone(ctx, component, step) if outcome is DONE else outcome


def bring(ctx: Context, component: Component, step: Step, mark: str) -> Outcome:
    """No pod of the new version that could get a request, then no pin; DONE when it is so.

    Deleted and not scaled to zero: no late request brings pods to what is gone.
    """
    twin = ctx.seen.workload(traffic.twin(ctx, component), fresh=True)
    slot = traffic.slot(ctx, component)
    again = ctx.now + timedelta(seconds=workloads.PROBE_SECONDS)
    if twin is not None and twin.slot == slot:
        if not twin.deleting:
            return Do(DeleteWorkload(twin.ref, twin.uid))
        return ctx.wait(step, f"{twin.ref} is being deleted; {traffic.FINALIZERS}", again)
    left = ctx.seen.slot_pods(slot, going=False)
    if left:
        return ctx.wait(step, f"pods of the new version are still there: {', '.join(left)}", again)
    return traffic.move(ctx, component, mark, {})


def _undone(ctx: Context, component: Component, step: Step) -> Note:
    """The Service is open: its pin and the new version are to come anew."""
    begun = {"state": StepState.RUNNING, "started_at": ctx.now, "finished_at": None}
    changes: dict[str, dict[str, object]] = {
        step.id: {"state": StepState.SUCCEEDED, "finished_at": ctx.now, "message": ""},
        traffic.PIN + component.name: {**begun, "message": UNPINNED},
        traffic.TWIN + component.name: {**begun, "message": "", "uid": None, "hash": None},
    }
    steps = [one.model_copy(update=changes.get(one.id, {})) for one in ctx.attempt.steps]
    return ctx.note(ctx.with_attempt(steps=steps))
