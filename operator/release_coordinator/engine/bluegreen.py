"""R4.5, strategy BlueGreen: the new version runs beside the old one, then one write switches.

The Service is pinned to the pods that run, a second Deployment brings up the new version, and when
its pods are healthy the Service goes to them. What comes after the watch is in `phases.promoting`,
how the traffic comes back in `returning`. Called by `phases.rolling_out` for each such component.
"""

from datetime import timedelta

from release_coordinator.api.attempt import Step, StepState
from release_coordinator.api.conditions import Reason
from release_coordinator.api.release import Component, WorkloadRef

from . import names, opening, recheck, templates, traffic, workloads
from .action import CreateTwin, ScaleTwin
from .context import Context
from .outcome import DONE, Do, Failed, Outcome, Wait
from .runfacts import WorkloadFact
from .trafficfacts import ServiceFact


def advance(ctx: Context, component: Component) -> Outcome:
    """Bring up the new version beside the old one and switch the traffic to it."""
    for part in (_pin, _bring_up, _switch):
        outcome = part(ctx, component)
        if outcome is not DONE:
            return outcome
    return DONE


def serving(ctx: Context, component: Component) -> Component:
    """The component as it serves: for a while, its workload is the second Deployment."""
    name = component.name
    switched = component.is_blue_green and ctx.succeeded(traffic.SWITCH + name)
    if switched and ctx.attempt.trigger is None and not ctx.succeeded(traffic.HANDOVER + name):
        return beside(ctx, component)
    return component


def beside(ctx: Context, component: Component) -> Component:
    """The component with the second Deployment for its workload."""
    return component.model_copy(update={"workload_ref": traffic.twin(ctx, component)})


def drift(ctx: Context, component: Component) -> Outcome:
    """Whether Service, previous and new version still are what the journal says.

    Failed when the new version is gone before it has proved good: the previous one still runs.
    """
    before = traffic.found(ctx, component)
    if before is None:
        return DONE
    for part in (opening.unfinished, recheck.promoted, traffic.drift, _previous_drift):
        outcome = part(ctx, component)
        if outcome is not DONE:
            return outcome
    name = component.name
    if ctx.succeeded(traffic.TWIN + name) and ctx.step(traffic.RETIRE + name) is None:
        return _twin_drift(ctx, component)
    return DONE


def _previous_drift(ctx: Context, component: Component) -> Outcome:
    """Hold when the previous version is another by now; before that, see that somebody serves."""
    target, name = component.target, component.name
    before = traffic.found(ctx, component)
    if before is None or ctx.step(traffic.PROMOTE + name) is not None:
        return DONE
    fact = ctx.seen.workload(target)
    same = fact is not None and fact.uid == ctx.previous(name).uid
    if same and fact is not None and fact.template_hash == before.template:
        return DONE
    if not ctx.succeeded(traffic.SWITCH + name):
        outcome = opening.advance(ctx, component)
        if outcome is not DONE:
            return outcome
    if not same:
        return workloads.replaced(ctx, target, traffic.OPEN + name)
    return _previous_changed(ctx, component)


def _previous_changed(ctx: Context, component: Component) -> Outcome:
    beside, then = "runs beside it", "resume"
    if not ctx.succeeded(traffic.PIN + component.name):
        beside = (
            f"came up beside it; Service {component.strategy.service} was given back to whatever "
            "pods it has, and the new version was removed"
        )
        then = "resume (the new version comes up once more)"
    text = (
        f"the pod template of {component.target} was changed by somebody else while the new "
        f"version {beside}; stop the other writer and bring the previous template back "
        f"(kubectl rollout undo), then {then}, or roll back"
    )
    return ctx.hold(Reason.CONFLICTING_WRITER, text)


def _twin_drift(ctx: Context, component: Component) -> Outcome:
    target = traffic.twin(ctx, component)
    step = ctx.step(traffic.TWIN + component.name)
    fact = ctx.seen.workload(target)
    promoting = ctx.step(traffic.PROMOTE + component.name) is not None
    if step is None or fact is None or fact.uid != step.uid:
        text = f"{target}, which runs the new version, was deleted during the attempt"
        if promoting:
            how = "roll back, or see that Service and pods fit and delete and create the Release"
            return ctx.hold(Reason.WORKLOAD_REPLACED, f"{text}; {how}")
        return Failed(Reason.WORKLOAD_REPLACED, text)
    if fact.replicas == 0 and ctx.succeeded(traffic.SWITCH + component.name) and not promoting:
        text = f"{target}, which runs the new version and serves, was scaled to zero"
        return Failed(Reason.CONFLICTING_WRITER, text)
    return DONE if fact.template_hash == step.hash else _twin_changed(ctx, target)


def _twin_changed(ctx: Context, target: WorkloadRef) -> Outcome:
    text = (
        f"the pod template of {target}, which runs the new version, was changed by somebody "
        "else; bring it back (kubectl rollout undo), then resume, or roll back"
    )
    return ctx.hold(Reason.CONFLICTING_WRITER, text)


def _pin(ctx: Context, component: Component) -> Outcome:
    """Keep the traffic with the pods that run, so that new ones get none by their labels."""
    step_id = traffic.PIN + component.name
    step = ctx.step(step_id)
    if step is None:
        return ctx.begin(step_id)
    if step.state is not StepState.RUNNING:
        return workloads.ended(step)
    if step.hash is None:
        return _find(ctx, component, step)
    before = traffic.found(ctx, component)
    assert before is not None  # noqa: S101 - journalled with the step's hash
    if step.message == opening.UNPINNED:  # time was spent waiting for a person
        return ctx.change(step_id, started_at=ctx.now, message="")
    if traffic.pods_of(ctx, component) != {before.pods}:
        trouble = f"not all ready pods of {component.target} are of the template that it has"
        return workloads.patiently(ctx, component, step, trouble)
    outcome = traffic.move(ctx, component, step_id, traffic.to_template(before.pods))
    return ctx.succeed(step_id) if outcome is DONE else outcome


def _find(ctx: Context, component: Component, step: Step) -> Outcome:
    """Journal what is found before the first change."""
    fact = ctx.seen.workload(component.target, fresh=True)
    if fact is None or fact.uid != ctx.previous(component.name).uid:
        return workloads.replaced(ctx, component.target, step.id)
    service = traffic.look(ctx, component)
    if not isinstance(service, ServiceFact):
        return service
    if traffic.pin_of(service):
        text = f"Service {service.name} is pinned already; see what an earlier attempt has left"
        return ctx.fail(step.id, text)
    pods = traffic.pods_of(ctx, component)
    if not fact.rolled_out or len(pods) != 1:
        trouble = f"{component.target} has no ready pods, or pods of several templates"
        return workloads.patiently(ctx, component, step, trouble)
    (label,) = pods
    before = traffic.Found(label, traffic.hash_of(service), fact.template_hash)
    return ctx.change(step.id, hash=str(before))


def _bring_up(ctx: Context, component: Component) -> Outcome:
    """The new version in a Deployment of its own, until its pods are healthy."""
    step_id = traffic.TWIN + component.name
    step = ctx.step(step_id)
    if step is None:
        return ctx.begin(step_id)
    if step.state is not StepState.RUNNING:
        return workloads.ended(step, Reason.PROGRESS_DEADLINE_EXCEEDED)
    twin = ctx.seen.workload(traffic.twin(ctx, component))
    if twin is None:
        return _create(ctx, component, step)
    if twin.uid != step.uid or step.hash is None:
        return _adopt(ctx, component, step, twin)
    outcome = _scale(ctx, component, step, twin)
    if outcome is not DONE:
        return outcome
    outcome = workloads.settle(
        ctx, workloads.ApplyStep(step_id, beside(ctx, component), component.images), step, twin
    )
    # Perhaps nobody watches the previous version; if it is restarted, the Service must be opened.
    again = ctx.now + timedelta(seconds=workloads.PROBE_SECONDS)
    return Wait(again) if isinstance(outcome, Wait) else outcome


def _adopt(ctx: Context, component: Component, step: Step, twin: WorkloadFact) -> Outcome:
    """Journal which Deployment it is, if it is ours; again when a person has resumed."""
    if twin.slot != traffic.slot(ctx, component):
        text = f"{twin.ref} exists and is not ours; delete it, then resume, or roll back"
        return ctx.hold(Reason.NAME_TAKEN, text)
    if step.uid not in {None, twin.uid}:
        return ctx.fail(step.id, f"{twin.ref} was deleted and created anew by somebody else")
    if not twin.names_images(component.images):
        return _twin_changed(ctx, twin.ref)
    return ctx.change(step.id, uid=twin.uid, hash=twin.template_hash, started_at=ctx.now)


def _create(ctx: Context, component: Component, step: Step) -> Outcome:
    """Without pods: a request that comes late makes an empty Deployment and no second version."""
    target = traffic.twin(ctx, component)
    if step.uid is not None:
        return ctx.fail(step.id, f"{target} was deleted by somebody else")
    fact = ctx.seen.workload(component.target)
    if fact is None or fact.uid != ctx.previous(component.name).uid:
        return workloads.replaced(ctx, component.target, step.id)
    present = templates.renamed(fact.template, fact.renamed)
    slot = traffic.slot(ctx, component)
    template = templates.with_label(
        templates.with_images(present, component.images), names.LABEL_SLOT, slot
    )
    mark = f"{ctx.attempt.number}/{step.id}"
    return Do(CreateTwin(target.name, component.target, fact.uid, template, slot, mark))


def _scale(
    ctx: Context, component: Component, step: Step, twin: WorkloadFact, *, fresh: bool = False
) -> Outcome:
    """As many pods as the previous version has now; DONE when it has them, or more."""
    fact = ctx.seen.workload(component.target, fresh=fresh)
    wanted = fact.replicas if fact is not None else 0
    if max(wanted, 1) <= twin.replicas:
        return DONE
    if wanted == 0:
        text = f"{component.target} was scaled to zero: there is no traffic to switch"
        return ctx.fail(step.id, text)
    return Do(ScaleTwin(twin.ref.name, twin.uid, twin.resource_version, wanted))


def _switch(ctx: Context, component: Component) -> Outcome:
    step_id = traffic.SWITCH + component.name
    step = ctx.step(step_id)
    if step is None:
        return ctx.begin(step_id)
    if step.state is not StepState.RUNNING:
        return workloads.ended(step)
    fact = ctx.seen.workload(traffic.twin(ctx, component))
    if fact is not None:
        # The previous version may have been scaled since the new one was found healthy.
        outcome = _scale(ctx, component, step, fact, fresh=True)
        if outcome is not DONE:
            return outcome
    if fact is None or not fact.rolled_out:
        trouble = f"not all pods of {traffic.twin(ctx, component)} are ready"
        return workloads.patiently(ctx, component, step, trouble)
    outcome = traffic.move(ctx, component, step_id, traffic.to_twin(ctx, component))
    return ctx.succeed(step_id) if outcome is DONE else outcome
