"""Inline workloads that did not exist before: created by a rollout, removed by its rollback.

Also what of an inline workload a step changes besides its pod template. Used by `workloads` and
`phases.rolling_out`; what is declared comes from `inline`, patches from `documents`.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from release_coordinator.api.attempt import Step, StepState
from release_coordinator.api.conditions import Reason
from release_coordinator.api.release import Component
from release_coordinator.api.snapshot import Snapshot

from . import documents, inline
from .action import CreateWorkload, DeleteWorkload
from .context import Context
from .evidence import PodsLeftWant
from .outcome import DONE, Do, Failed, Outcome
from .runfacts import WorkloadFact

ROLLOUT = "rollout/"
"""Prefix of the step that rolls a component out."""
LOOK_SECONDS = 2.0
"""Time between two looks at what is going away."""


@dataclass(frozen=True, slots=True)
class Rest:
    """What a step changes besides the pod template."""

    patch: Mapping[str, Any]
    declared: Any
    """Outline of what the operator owns from then on; 0: nothing; None: as before."""
    there: bool
    """Whether the workload is like that already."""


NOTHING = Rest({}, None, there=True)
"""Of a workload that is not inline, or of which no more is known."""


def uid_of(ctx: Context, component: str) -> str:
    """UID of the workload that the attempt works with; empty before it has created it."""
    step = ctx.step(ROLLOUT + component)
    return ctx.previous(component).uid or (step.uid if step and step.uid else "")


def is_due(ctx: Context, component: str, step: Step) -> bool:
    """Whether a rollout has to create the workload first."""
    forwards = step.id == ROLLOUT + component
    previous = ctx.previous(component)
    return forwards and previous.absent and not previous.uid and step.uid is None


def create(ctx: Context, component: Component, step_id: str) -> Outcome:
    """Create the workload, or find that this was done."""
    target = component.target
    fact = ctx.seen.workload(target)
    if fact is None:
        return Do(CreateWorkload(target, inline.document(component), _mark(ctx, step_id)))
    if not _is_made_by(ctx, fact, step_id):
        return ctx.hold(
            Reason.NAME_TAKEN,
            f"{target} was created by somebody else during the attempt, which was going to create "
            "it; delete it and resume, or roll back and release again to take it over",
            step_id,
        )
    # The time for the rollout begins here: an outage of ours must not eat it.
    found = {"uid": fact.uid, "hash": fact.template_hash, "started_at": ctx.now, "message": ""}
    return ctx.change(step_id, **found)


def remove(ctx: Context, component: Component, step_id: str) -> Outcome:
    """Delete what this attempt has created, and wait until its pods are gone."""
    step = ctx.step(step_id)
    if step is None:
        return ctx.begin(step_id)
    if step.state is StepState.SUCCEEDED:
        return DONE
    if step.state is StepState.FAILED:
        return Failed(Reason.STEP_FAILED, f"{step_id} failed: {step.message}")
    target = component.target
    fact = ctx.seen.workload(target, fresh=True)
    if fact is not None and not _is_ours(ctx, component, fact):
        return ctx.succeed(step_id, f"{target} is not the one of this attempt: left as it is")
    if fact is not None and not fact.deleting:
        return Do(DeleteWorkload(target, fact.uid))
    if fact is not None:
        return _wait(ctx, component, step, f"{target} is being deleted; see its finalizers")
    assert component.workload is not None  # noqa: S101 - only those are ever absent
    labels = tuple(sorted(inline.selector(component.workload).items()))
    left = ctx.seen.pods_left(PodsLeftWant(target, labels))
    if left:
        return _wait(ctx, component, step, f"still running: {', '.join(left)}")
    return ctx.succeed(step_id, f"{target} removed: it did not exist before")


def template(
    component: Component, present: Mapping[str, Any], fact: WorkloadFact
) -> Mapping[str, Any]:
    """The pod template that an inline workload gets; what others have added to it stays."""
    change = documents.patch(fact.declared, inline.document(component))
    return documents.merged(present, change["spec"]["template"])


def forwards(component: Component, fact: WorkloadFact) -> Rest:
    """What an inline workload gets besides the template."""
    wanted = inline.document(component)
    change = documents.patch(fact.declared, wanted)
    there = not any(documents.lost(fact.document, wanted))
    return Rest(_without_template(change), documents.outline(wanted), there)


def backwards(component: Component, snapshot: Snapshot, fact: WorkloadFact) -> Rest:
    """What is given back besides the template: only what this or the former plan has declared.

    Nothing is, if it was kept of a workload that the plan only named: then nobody knows it.
    """
    if snapshot.document is None:
        return NOTHING
    former: Any = snapshot.declared or 0
    owned = documents.joined(fact.declared, former)
    change = _without_template(documents.back(owned, fact.document, snapshot.document))
    if _is_scaled(component, former, fact):
        change["spec"].pop("replicas", None)
    return Rest(change, former, not any(change.values()))


def recorded(ctx: Context, component: str, fact: WorkloadFact) -> dict[str, Any]:
    """What a snapshot keeps of an inline workload besides the template; nothing of others."""
    if not is_inline(ctx, component) and not fact.declared:
        return {}
    document = _without_template(fact.document)
    return {"document": document, "declared": fact.declared or None}


def kept(ctx: Context, component: str, snapshot: Snapshot, fact: WorkloadFact) -> Snapshot:
    """What is given back of a state that was good, and is older than what runs now.

    Besides the template only what it has declared itself is as it was then. What the plan is the
    first to declare has been others' since: that is as it is now.
    """
    declared = next((o for o in ctx.plan.order if o.name == component and o.workload), None)
    if snapshot.document is None or declared is None:
        return snapshot
    wanted = documents.outline(_without_template(inline.document(declared)))
    now = documents.back(wanted, snapshot.document, _without_template(fact.document))
    document = documents.merged(snapshot.document, now)
    own = documents.back(snapshot.declared or 0, document, snapshot.document)
    return snapshot.model_copy(update={"document": documents.merged(document, own)})


def _is_scaled(component: Component, former: Any, fact: WorkloadFact) -> bool:
    """Whether somebody else has set the number of replicas since the plan has, and may go on so.

    The former plan's own number comes back all the same.
    """
    outline = former.get("spec") if isinstance(former, Mapping) else None
    declared = isinstance(outline, Mapping) and "replicas" in outline
    if declared or component.workload is None:
        return False
    now = fact.document.get("spec", {}).get("replicas")
    return bool(now != component.workload.spec.get("replicas"))


def is_inline(ctx: Context, component: str) -> bool:
    """Whether the plan carries the component's workload."""
    return any(one.name == component and one.workload for one in ctx.plan.order)


def _without_template(document: Mapping[str, Any]) -> dict[str, Any]:
    spec = {key: one for key, one in document.get("spec", {}).items() if key != "template"}
    return {**document, "spec": spec}


def _wait(ctx: Context, component: Component, step: Step, trouble: str) -> Outcome:
    if ctx.now >= ctx.deadline(step, component.progress_deadline):
        limit = component.progress_deadline
        return ctx.fail(step.id, f"{component.target} was not gone within {limit}: {trouble}")
    return ctx.wait(step, trouble, ctx.now + timedelta(seconds=LOOK_SECONDS))


def _is_ours(ctx: Context, component: Component, fact: WorkloadFact) -> bool:
    """Whether this attempt has created it, even if it had no time to note that."""
    known = uid_of(ctx, component.name)
    return fact.uid == known if known else _is_made_by(ctx, fact, ROLLOUT + component.name)


def _is_made_by(ctx: Context, fact: WorkloadFact, step_id: str) -> bool:
    return fact.created_for == ctx.release.uid and fact.mark == _mark(ctx, step_id)


def _mark(ctx: Context, step_id: str) -> str:
    return f"{ctx.attempt.number}/{step_id}"
