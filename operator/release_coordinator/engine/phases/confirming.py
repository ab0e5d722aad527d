"""R2, the last moment: every gate is asked again immediately before the first change.

Between the first look and now a backup may have taken an hour: a window has closed, a person has
changed his mind, the pipeline was run again. A gate that has shut sends the attempt back to the
start (`orders.start_over`), where it waits with everything else that waits: nothing was changed
yet. A gate that cannot be asked at the moment is waited for here.

As long as nothing was changed, a confirmation is worth a minute: what keeps the first change from
happening (a hold, a quota, a webhook, an operator that is down) may last for days.
"""

from dataclasses import replace
from datetime import timedelta

from release_coordinator.api.attempt import Attempt, GateState, Step, StepState
from release_coordinator.api.conditions import Reason
from release_coordinator.engine import backing_up, checklist, exported, jobs, plan
from release_coordinator.engine.context import Context, all_passed
from release_coordinator.engine.outcome import DONE, Failed, Outcome, Wait
from release_coordinator.engine.previous import MIGRATION
from release_coordinator.engine.runfacts import JobPhase

STEP = "prepare/confirm"
OLD_BACKUP = "the backup ("
"""How the words of `backing_up.expired` begin."""
GOOD_FOR = timedelta(seconds=60)
"""How long a confirmation is believed before the first change."""


def advance(ctx: Context) -> Outcome:
    """Evaluate all gates once more, policy and approvals from the API server itself."""
    step = ctx.step(STEP)
    if step is None:
        return ctx.begin(STEP)
    if step.state is StepState.FAILED:
        old = step.message.startswith(OLD_BACKUP)
        return Failed(Reason.BACKUP_EXPIRED if old else Reason.GATES_NOT_PASSED, step.message)
    if step.state is StepState.SUCCEEDED:
        if _changed(ctx) or not _stale(ctx, step):
            return DONE
        return ctx.change(STEP, state=StepState.RUNNING, finished_at=None, message="")
    return _confirm(ctx)


def is_asking(attempt: Attempt) -> bool:
    """Whether an attempt is at this point: all is prepared, and a gate is not open any more."""
    step = next((step for step in attempt.steps if step.id == STEP), None)
    return step is not None and step.state is StepState.RUNNING


def _confirm(ctx: Context) -> Outcome:
    if _edited(ctx):
        return Failed(Reason.SUPERSEDED, "the spec was edited before anything was changed")
    expired = backing_up.expired(ctx)
    if expired:
        return ctx.fail(STEP, expired)
    verdicts = checklist.evaluate(replace(ctx, fresh=True))
    news = exported.learned(replace(ctx, fresh=True))
    if news is not None:
        return news
    gates = [verdict.gate for verdict in verdicts]
    if gates != ctx.attempt.gates:
        return ctx.gates(gates)
    if all_passed(gates):
        return ctx.succeed(STEP, checklist.tally(gates))
    shut = [gate for gate in gates if not gate.opens]
    if all(gate.state is GateState.UNKNOWN for gate in shut):
        return Wait(checklist.next_look(ctx.now, verdicts))
    return ctx.fail(STEP, "; ".join(f"{gate.name}: {gate.message}" for gate in shut))


def _edited(ctx: Context) -> bool:
    """Whether the spec says something else by now; where a gate is shut, that may mend it."""
    spec = ctx.release.spec
    return spec is None or plan.spec_digest(spec) != ctx.attempt.spec_digest


def _stale(ctx: Context, step: Step) -> bool:
    return step.finished_at is None or ctx.now - step.finished_at >= GOOD_FOR


def _changed(ctx: Context) -> bool:
    """Whether anything was changed: a migration was let run, or a component's rollout began."""
    for step in ctx.attempt.steps:
        if step.id.startswith(("traffic/", "rollout/")):
            return True
        if step.id.startswith(MIGRATION) and _may_have_run(ctx, step):
            return True
    return False


def _may_have_run(ctx: Context, step: Step) -> bool:
    """A Job whose UID is not journalled was never let run; one that is suspended was not either."""
    if step.state is not StepState.RUNNING:
        return True
    if step.uid is None:
        return False
    by_name = {m.name: m.up for m in ctx.plan.spec.migrations}
    template = by_name[step.id.removeprefix(MIGRATION)]
    fact = ctx.seen.job(jobs.name_of(ctx, jobs.JobStep(step.id, template)), confirm=True)
    return fact is None or fact.touched or fact.phase is not JobPhase.SUSPENDED
