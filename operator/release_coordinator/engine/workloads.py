"""One step that gives a component other images, from intent to healthy pods.

Each change is a patch of what was looked at, refused if that has changed; from then on the journal
knows the hash of the pod template, and a template that differs is somebody else's work: the
attempt holds instead of fighting or of promoting what it did not roll out.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from release_coordinator.api.attempt import Step, StepState
from release_coordinator.api.conditions import Reason
from release_coordinator.api.release import Component, WorkloadRef
from release_coordinator.api.snapshot import Snapshot

from . import creating, documents, fights, locks, snapshots, stuck, templates
from .action import ApplyTemplate
from .context import Context
from .outcome import DONE, Do, Failed, Outcome
from .runfacts import PodFact, WorkloadFact

PODS_SECONDS = 20.0
"""Time between two looks at the pods of a rollout that does not get on."""
PROBE_SECONDS = 2.0
"""Time between two looks at pods that do not answer their health probe yet."""
WHOLE_SECOND = timedelta(seconds=1)
"""What `metadata.managedFields` leaves out of a moment, at most."""


@dataclass(frozen=True, slots=True)
class ApplyStep:
    """Which images a component is to run, or what it is to be again."""

    id: str
    component: Component
    images: Mapping[str, str]
    back: bool = False
    """Whether it is the way back."""
    snapshot: str | None = None
    """What is to be restored besides the images: template and configuration."""
    gone: frozenset[str] = frozenset()
    """Images that it must no longer run."""


def run(ctx: Context, apply: ApplyStep) -> Outcome:
    """Bring a component one move further."""
    step = ctx.step(apply.id)
    if step is None:
        return ctx.begin(apply.id)
    if step.state is not StepState.RUNNING:
        return ended(step, Reason.PROGRESS_DEADLINE_EXCEEDED)
    target = apply.component.target
    fact = ctx.seen.workload(target)
    if creating.is_due(ctx, apply.component.name, step):
        return creating.create(ctx, apply.component, apply.id)
    if fact is None or fact.uid != creating.uid_of(ctx, apply.component.name):
        return replaced(ctx, target, apply.id)
    if step.hash is None:
        return _apply(ctx, apply, fact)
    if fact.template_hash != step.hash:
        return fights.answer(ctx, fact, apply.id, _images(ctx, apply))
    return settle(ctx, apply, step, fact)


def _apply(ctx: Context, apply: ApplyStep, fact: WorkloadFact) -> Outcome:
    if _is_anothers(ctx, fact.labelled_for):
        return fights.conflict(ctx, fact.ref, apply.id)
    mark = fights.mark(ctx, apply.id)
    wanted, rest = _wanted(ctx, apply, fact), _rest(ctx, apply, fact)
    ours = fact.labelled_for == ctx.release.name and fact.mark == mark
    lost = any(documents.lost(fact.template, wanted.template))
    if ours and lost and (container := _set_back(ctx, apply, fact)):
        return fights.count(ctx, fact, apply.id, container)
    if ours and rest.there and not lost:
        # The time for the rollout begins here: an outage of ours must not eat it.
        return ctx.change(apply.id, hash=fact.template_hash, started_at=ctx.now, message="")
    version = fact.resource_version
    template, renamed = wanted.template, wanted.renamed
    own = (rest.patch, rest.declared)
    return Do(ApplyTemplate(fact.ref, fact.uid, version, template, renamed, mark, *own))


def _images(ctx: Context, apply: ApplyStep) -> fights.Images:
    told = fights.backwards if apply.back else fights.forwards
    return told(ctx, apply.component)


def _set_back(ctx: Context, apply: ApplyStep, fact: WorkloadFact) -> str | None:
    """The container whose image somebody has set back before we could note that it was there.

    Where a webhook does that within our own write, the image is still whose it was before the step.
    """
    container, step = fights.set_back(fact, _images(ctx, apply)), ctx.step(apply.id)
    if container is None or step is None:
        return None
    at = ctx.seen.writer(fact.ref, container).at
    return container if at is not None and at + WHOLE_SECOND > step.started_at else None


def _wanted(ctx: Context, apply: ApplyStep, fact: WorkloadFact) -> snapshots.Restoration:
    """Forwards, configuration is what people have written, not what a rollback has put there."""
    found = _restored(ctx, apply)
    if found is None:
        found = snapshots.Restoration(templates.renamed(fact.template, fact.renamed))
        if apply.component.workload and not apply.back:
            return replace(found, template=creating.template(apply.component, found.template, fact))
    return replace(found, template=templates.with_images(found.template, apply.images))


def _rest(ctx: Context, apply: ApplyStep, fact: WorkloadFact) -> creating.Rest:
    """What an inline workload is to be besides its template; of others that is not ours."""
    if apply.component.workload is None:
        return creating.NOTHING
    if not apply.back:
        return creating.forwards(apply.component, fact)
    snapshot = _snapshot(ctx, apply)
    return creating.backwards(apply.component, snapshot, fact) if snapshot else creating.NOTHING


def _snapshot(ctx: Context, apply: ApplyStep) -> Snapshot | None:
    """What was kept of this very workload; a template of another one would find no pods here."""
    snapshot = ctx.seen.snapshot(apply.snapshot) if apply.snapshot else None
    if snapshot is None or apply.component.target != snapshot.ref:
        return None
    return snapshot


def _restored(ctx: Context, apply: ApplyStep) -> snapshots.Restoration | None:
    """What was kept; None if nothing was, or it is gone: then only the images are restored."""
    snapshot = _snapshot(ctx, apply)
    return snapshots.restored(ctx, snapshot) if snapshot else None


def _lacks(ctx: Context, apply: ApplyStep) -> str:
    """What could not be restored; the way back is verified all the same."""
    if not apply.snapshot:
        return ""
    found = _restored(ctx, apply)
    if found is None:
        spoilt = ctx.seen.snapshot(apply.snapshot) is not None
        why = "is of another workload" if spoilt else "is gone"
        return f"; only images: ControllerRevision {apply.snapshot} {why}"
    return f"; not as it was, no copy: {', '.join(found.lacks)}" if found.lacks else ""


def _is_anothers(ctx: Context, release: str) -> bool:
    """Whether the Release that the label names is at work: one without locks, or against them."""
    return release not in {"", ctx.release.name} and locks.is_released_now(release, ctx.seen)


def replaced(ctx: Context, workload: WorkloadRef, step_id: str) -> Outcome:
    """Hold: the workload is not the one the attempt started with."""
    return ctx.hold(
        Reason.WORKLOAD_REPLACED,
        f"{workload} was deleted or created anew during the attempt, which cannot go on "
        "with another one; see who did it, bring the workloads into a good state, then delete and "
        "create the Release",
        step_id,
    )


def ended(step: Step, reason: Reason = Reason.STEP_FAILED) -> Outcome:
    """What a step that is over comes to; `reason` is told of one that failed."""
    if step.state is StepState.SUCCEEDED:
        return DONE
    return Failed(reason, f"{step.id} failed: {step.message}")


def patiently(ctx: Context, component: Component, step: Step, trouble: str) -> Outcome:
    """Wait for pods, as long as a rollout may take."""
    if ctx.now >= ctx.deadline(step, component.progress_deadline):
        return ctx.fail(step.id, trouble)
    return ctx.wait(step, trouble, ctx.now + timedelta(seconds=PROBE_SECONDS))


def settle(ctx: Context, apply: ApplyStep, step: Step, fact: WorkloadFact) -> Outcome:
    """Wait for the pods of a workload that has its template, until they are healthy."""
    until = ctx.deadline(step, apply.component.progress_deadline)
    if not fact.rolled_out and ctx.now >= until:
        fact = _afresh(ctx, fact)
    if not fact.rolled_out:
        cleared = stuck.clear(ctx, step, fact, back=apply.back)
        return cleared or _not_yet(ctx, apply, step, fact, until)
    trouble = _leftovers(ctx, apply)
    if fact.replicas == 0 and not trouble:
        text = f"scaled to zero: no pod was probed{_lacks(ctx, apply)}"
        return ctx.succeed(apply.id, text)
    trouble = trouble or _unhealthy(ctx, apply.component)
    if not trouble:
        return ctx.succeed(apply.id, f"{fact.replicas} pods{_lacks(ctx, apply)}")
    if ctx.now >= until:
        return _too_late(ctx, apply, trouble)
    return ctx.wait(step, trouble, ctx.now + timedelta(seconds=PROBE_SECONDS))


def _afresh(ctx: Context, known: WorkloadFact) -> WorkloadFact:
    """The same workload from the API server: nothing fails for news that were lost on the way."""
    fresh = ctx.seen.workload(known.ref, fresh=True)
    if fresh is None or fresh.uid != known.uid or fresh.template_hash != known.template_hash:
        return known
    return fresh


def _not_yet(
    ctx: Context, apply: ApplyStep, step: Step, fact: WorkloadFact, until: datetime
) -> Outcome:
    """Wait for the pods; when they take longer than usual, say what keeps them."""
    curious = step.started_at + timedelta(seconds=PODS_SECONDS)
    if ctx.now < min(curious, until):
        return ctx.wait(step, fact.trouble, min(curious, until))
    since = _last_look(ctx, step) if ctx.now < until else None
    trouble = f"{fact.trouble} {_pod_trouble(ctx, fact.ref, since)}".strip()
    if ctx.now >= until:
        return _too_late(ctx, apply, trouble)
    again = ctx.now + timedelta(seconds=PODS_SECONDS)
    return ctx.wait(step, trouble, min(again, until))


def _last_look(ctx: Context, step: Step) -> datetime:
    """When pods were to be looked at last: a pass for the sake of something else lists no pods."""
    looks = (ctx.now - step.started_at) // timedelta(seconds=PODS_SECONDS)
    return step.started_at + looks * timedelta(seconds=PODS_SECONDS)


def _too_late(ctx: Context, apply: ApplyStep, trouble: str) -> Outcome:
    limit = apply.component.progress_deadline
    return ctx.fail(
        apply.id,
        f"{apply.component.target} was not ready within {limit}: "
        f"{trouble.strip() or 'its pods did not become available'}",
    )


def _unhealthy(ctx: Context, component: Component) -> str:
    if component.health is None:
        return ""
    return ctx.seen.probe(component.target, component.health).trouble


def _leftovers(ctx: Context, apply: ApplyStep) -> str:
    """Pods, terminating ones included, that still run what must be gone."""
    if not apply.gone:
        return ""
    pods = ctx.seen.workload_pods(apply.component.target)
    left = sorted(pod.name for pod in pods if pod.terminating or pod.images & apply.gone)
    return f"still running the version that is taken back: {', '.join(left)}" if left else ""


def _pod_trouble(ctx: Context, workload: WorkloadRef, since: datetime | None) -> str:
    pods: tuple[PodFact, ...] = ctx.seen.workload_pods(workload, since)
    told = next((f"Pod {pod.name}: {pod.trouble}" for pod in pods if pod.trouble), "")
    silent = next((pod.name for pod in pods if not pod.ready), "")
    if told or not silent:
        return told
    return f"Pod {silent} runs but does not become ready; see its readiness probe and its log"
