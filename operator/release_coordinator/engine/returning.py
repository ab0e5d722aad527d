"""BlueGreen: the traffic comes back to the component's own Deployment, and the second one goes.

On a rollback the Service goes first, by one write while the previous version still runs, then the
second Deployment (`give_back`, `clear`). After a promotion both go the same way (`aim`, `retire`):
the own Deployment runs the new version by then. Called by `phases.rolling_out`, which goes back
over all components, and `phases.promoting`.
"""

from datetime import datetime, timedelta

from release_coordinator.api.attempt import Step, StepState
from release_coordinator.api.release import Component

from . import opening, recheck, traffic, workloads
from .action import DeleteWorkload
from .context import Context
from .outcome import DONE, Do, Outcome
from .trafficfacts import ServiceFact

DRAIN = timedelta(seconds=10)
"""Between taking the traffic from pods and ending them: every node must have learnt of it."""


def give_back(ctx: Context, component: Component, former: workloads.ApplyStep) -> Outcome:
    """Backwards: the traffic goes to the previous version, by one write if that still runs.

    `former` rolls it out again where it does not.
    """
    before = traffic.found(ctx, component)
    if before is None:
        return recheck.forgotten(ctx, component, former)
    step = ctx.step(traffic.UNDO_TRAFFIC + component.name)
    if step is None:
        return ctx.begin(traffic.UNDO_TRAFFIC + component.name)
    outcome = recheck.aimed(ctx, component, before)
    if outcome is not DONE:
        return outcome
    if step.hash is None or ctx.succeeded(traffic.UNDO_RETIRE + component.name):
        outcome = _restored(ctx, component, former, before)
        if outcome is not DONE:
            return outcome
    return _flip(ctx, component, step)


def _restored(
    ctx: Context, component: Component, former: workloads.ApplyStep, before: traffic.Found
) -> Outcome:
    """Whether the previous version runs; it is rolled out again if it was promoted or changed."""
    name = component.name
    fact = ctx.seen.workload(component.target)
    if fact is None or fact.uid != ctx.previous(name).uid:
        return workloads.replaced(ctx, component.target, recheck.UNDO_ROLLOUT + name)
    promoted = ctx.step(traffic.PROMOTE + name) is not None
    begun = ctx.step(recheck.UNDO_ROLLOUT + name) is not None
    there = fact.template_hash == before.template and fact.names_images(ctx.previous(name).images)
    if there and not promoted and not begun:
        return DONE
    pinned = not ctx.succeeded(traffic.UNDO_RETIRE + name)
    outcome = _open(ctx, component) if pinned else DONE
    return workloads.run(ctx, former) if outcome is DONE else outcome


def _open(ctx: Context, component: Component) -> Outcome:
    """Pinned to pods that are about to go: whichever are ready serve meanwhile."""
    mark = f"{traffic.UNDO_TRAFFIC}{component.name}/open"
    if ctx.step(traffic.HANDOVER + component.name) is not None:
        return traffic.move(ctx, component, mark, {})
    service = traffic.look(ctx, component)
    if not isinstance(service, ServiceFact):
        return service
    if traffic.pin_of(service) == traffic.to_twin(ctx, component):
        return DONE  # the new version serves until the previous one is back
    step = ctx.step(traffic.UNDO_TRAFFIC + component.name)
    assert step is not None  # noqa: S101 - begun before
    return opening.bring(ctx, component, step, mark)


def _flip(ctx: Context, component: Component, step: Step) -> Outcome:
    if step.state is not StepState.RUNNING:
        return workloads.ended(step)
    if step.hash is None:
        return aim(ctx, component, step)
    outcome = traffic.move(ctx, component, step.id, traffic.to_template(step.hash))
    return ctx.succeed(step.id) if outcome is DONE else outcome


def aim(ctx: Context, component: Component, step: Step) -> Outcome:
    """Journal which pods of the component's own Deployment are to get the traffic."""
    pods = traffic.pods_of(ctx, component)
    before = traffic.found(ctx, component)
    restored = ctx.step(recheck.UNDO_ROLLOUT + component.name) or ctx.step(
        traffic.PROMOTE + component.name
    )
    if restored is None and before is not None:
        pods &= {before.pods}
    if restored is not None and restored.finished_at is not None:
        step = _no_earlier(step, restored.finished_at)
    if len(pods) != 1:
        trouble = f"no pod of {component.target} is ready to take the traffic; see its pods"
        return workloads.patiently(ctx, component, step, trouble)
    (label,) = pods
    return ctx.change(step.id, hash=label)


def _no_earlier(step: Step, moment: datetime) -> Step:
    """The step with no time spent before a moment: what it waits for was not there yet."""
    return step.model_copy(update={"started_at": max(step.started_at, moment)})


def clear(ctx: Context, component: Component) -> Outcome:
    """Backwards: no pod of the new version is left, and the Service is as its owner wrote it."""
    name = component.name
    if traffic.found(ctx, component) is None and ctx.step(traffic.TWIN + name) is None:
        return DONE
    moved = ctx.step(traffic.UNDO_TRAFFIC + name)
    used = ctx.step(traffic.SWITCH + name) is not None
    since = moved.finished_at if moved is not None and used else None
    return retire(ctx, component, traffic.UNDO_RETIRE + name, since)


def retire(ctx: Context, component: Component, step_id: str, since: datetime | None) -> Outcome:
    """Delete the second Deployment, see its pods go, and take our label from the selector."""
    step = ctx.step(step_id)
    if step is None:
        return ctx.begin(step_id)
    if step.state is not StepState.RUNNING:
        return workloads.ended(step)
    step = _no_earlier(step, since) if since is not None else step
    twin = ctx.seen.workload(traffic.twin(ctx, component), fresh=True)
    slot = traffic.slot(ctx, component)
    if twin is not None and twin.slot == slot:
        if twin.deleting:
            trouble = f"{twin.ref} is being deleted; {traffic.FINALIZERS}"
            return workloads.patiently(ctx, component, step, trouble)
        if since is not None and ctx.now < since + DRAIN:
            return ctx.wait(step, f"requests to {twin.ref} end", since + DRAIN)
        return Do(DeleteWorkload(twin.ref, twin.uid))
    left = ctx.seen.slot_pods(slot)
    if left:
        outcome = _gone_late(ctx, component, step, left)
        if outcome is not DONE:
            return outcome
    outcome = traffic.move(ctx, component, step_id, {})
    return ctx.succeed(step_id) if outcome is DONE else outcome


def _gone_late(ctx: Context, component: Component, step: Step, left: tuple[str, ...]) -> Outcome:
    """Backwards no such pod may be left; forwards one on a lost node does not matter."""
    trouble = f"pods of the second Deployment still terminate: {', '.join(left)}"
    late = ctx.now >= ctx.deadline(step, component.progress_deadline)
    if late and ctx.attempt.trigger is None:
        return DONE
    return workloads.patiently(ctx, component, step, trouble)
