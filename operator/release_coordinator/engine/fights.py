"""Somebody sets our images back in the middle of an attempt: applied again, or held; pure.

A tool that heals what is in Git writes once when it meets a release for the first time, or writes
for ever. So an image that is again what it was before our step is applied again, at most twice
within five minutes; the third time the attempt holds, because neither side would give way. Each
time is journalled before we write, so that a crash forgets none. Whatever else was changed in a pod
template is nobody's to overwrite: that holds at once. Used by `workloads` and `phases.rolling_out`.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta

from release_coordinator.api.attempt import PUT_BACK_LIMIT, Attempt, PutBack, StepState
from release_coordinator.api.conditions import Reason
from release_coordinator.api.release import Component, WorkloadRef

from . import holds, templates, writers
from .context import Context, shorten
from .outcome import Note, Outcome
from .runfacts import WorkloadFact

TIMES = 3
"""How often an image is set back until we stop."""
WITHIN = timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class Images:
    """What a step gives a component, and what it had before."""

    ours: Mapping[str, str]
    before: Mapping[str, str]


def forwards(ctx: Context, component: Component) -> Images:
    """Of a rollout."""
    return Images(component.images, ctx.previous(component.name).images)


def backwards(ctx: Context, component: Component) -> Images:
    """Of its way back."""
    return Images(ctx.previous(component.name).images, component.images)


def answer(ctx: Context, fact: WorkloadFact, step_id: str, images: Images) -> Outcome:
    """What to do about a pod template that is not what a step has left."""
    step = ctx.step(step_id)
    container = set_back(fact, images)
    mended = templates.hash_of(templates.with_images(fact.template, images.ours))
    if container is None or step is None or mended != step.hash:
        return conflict(ctx, fact.ref, step_id, next(_changed(fact, images), None))
    return count(ctx, fact, step_id, container)


def count(ctx: Context, fact: WorkloadFact, step_id: str, container: str) -> Outcome:
    """Apply the step once more, or hold where that has been done often enough."""
    by = ctx.seen.writer(fact.ref, container).manager
    known = [one for one in ctx.attempt.put_back if one.step == step_id]
    lately = [one for one in known if ctx.now - one.at < WITHIN]
    if len(lately) + 1 >= TIMES:
        return _hold(ctx, fact, step_id, container, f"{TIMES} times within 5 minutes")
    if len(ctx.attempt.put_back) >= PUT_BACK_LIMIT:
        return _hold(ctx, fact, step_id, container, f"again, {PUT_BACK_LIMIT + 1} in all")
    anew = {
        "state": StepState.RUNNING,
        "started_at": ctx.now,
        "finished_at": None,
        "hash": None,
        "message": f"applied again: {writers.who(by)} had set it back"[:128],
    }
    steps = [
        step.model_copy(update=anew) if step.id == step_id else step for step in ctx.attempt.steps
    ]
    entry = PutBack(step=step_id, at=ctx.now, by=by)
    return ctx.note(ctx.with_attempt(steps=steps, put_back=[*ctx.attempt.put_back, entry]))


def since(old: Attempt | None, new: Attempt) -> list[PutBack]:
    """What was applied again between two states of a journal."""
    known = old.put_back if old is not None else []
    grown = new.put_back[: len(known)] == known
    return new.put_back[len(known) :] if grown else new.put_back


def set_back(fact: WorkloadFact, images: Images) -> str | None:
    """The first container that runs what it did before the step; None if another runs more."""
    changed = list(_changed(fact, images))
    same = all(fact.images.get(name) == images.before.get(name) for name in changed)
    return changed[0] if changed and same else None


def mark(ctx: Context, step_id: str) -> str:
    """Attempt and step as they are written beside what they change: another one each time."""
    again = sum(one.step == step_id for one in ctx.attempt.put_back)
    return f"{ctx.attempt.number}/{step_id}{f'/again-{again}' if again else ''}"


def conflict(
    ctx: Context, workload: WorkloadRef, step_id: str, container: str | None = None
) -> Note:
    """Hold: somebody else writes the workload during the attempt."""
    by = ctx.seen.writer(workload, container).manager if container else ""
    tool = writers.tool_of(by) is not writers.Tool.OTHER
    mend = _mend(ctx, workload, by) if tool else "stop the other writer"
    facts = f"the pod template of {workload} was changed by {writers.who(by)} during the attempt"
    end = (
        f"; {mend}, then resume (our images are applied again){_unless_back(ctx, ' or roll back')}"
    )
    text = shorten(facts, holds.MESSAGE - len(end)) + end
    return ctx.hold(Reason.CONFLICTING_WRITER, text, step_id)


def _changed(fact: WorkloadFact, images: Images) -> Iterator[str]:
    return (name for name, image in images.ours.items() if fact.images.get(name) != image)


def _hold(ctx: Context, fact: WorkloadFact, step_id: str, container: str, often: str) -> Note:
    by = ctx.seen.writer(fact.ref, container).manager
    end = f"; {_mend(ctx, fact.ref, by)}; then resume{_unless_back(ctx, ', or roll back')}"
    facts = f"{writers.who(by)} has set {writers.field_of(container)} of {fact.ref} back {often}"
    text = shorten(facts, holds.MESSAGE - len(end)) + end
    return ctx.hold(Reason.GITOPS_CONFLICT, text, step_id)


def _mend(ctx: Context, workload: WorkloadRef, by: str) -> str:
    inline = any(one.workload and one.target == workload for one in ctx.plan.order)
    return writers.mend(by, inline=inline)


def _unless_back(ctx: Context, way: str) -> str:
    """A way out that there is only as long as the attempt does not go back already."""
    return way if ctx.attempt.trigger is None else ""
