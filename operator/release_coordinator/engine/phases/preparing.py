"""R3.3, R3.4 and the baseline: everything a rollback will need, before the first change.

Order matters: the metrics' baseline, then plan and previous revision (from here on the plan is
frozen), then the backup.
"""

from datetime import timedelta

from release_coordinator.api.attempt import (
    Measurement,
    PreviousComponent,
    Revision,
    Step,
    StepState,
)
from release_coordinator.api.base import format_time
from release_coordinator.api.conditions import Reason
from release_coordinator.api.release import Component, HealthProbe, WorkloadRef
from release_coordinator.api.watch import Metric, OnMissing, OnUnknown, Severity
from release_coordinator.engine import backing_up, inheritance, names, plan, questions, snapshots
from release_coordinator.engine.action import CreateRevision
from release_coordinator.engine.context import Context
from release_coordinator.engine.outcome import DONE, Do, Failed, Outcome, Wait
from release_coordinator.engine.runfacts import WorkloadFact, WorkloadWant
from release_coordinator.engine.watchfacts import SeriesFact

BASELINE = questions.BASELINE
NO_DATA = "has no data in the window of its baseline; check its name and labels"
REVISION = "prepare/revision"


def advance(ctx: Context) -> Outcome:
    """Measure, record, back up."""
    for part in (_baseline, _revision, backing_up.advance):
        outcome = part(ctx)
        if outcome is not DONE:
            return outcome
    return DONE


def _relative(ctx: Context) -> list[Metric]:
    """Metrics whose limit depends on what was measured before."""
    metrics = ctx.plan.spec.watch.metrics if ctx.plan.spec.watch else []
    return [metric for metric in metrics if questions.needs_before(metric)]


def _baseline(ctx: Context) -> Outcome:
    metrics = _relative(ctx)
    step = ctx.step(BASELINE)
    if not metrics or ctx.succeeded(BASELINE):
        return DONE
    if step is None:
        return ctx.begin(BASELINE)
    at = questions.baseline_moment(ctx, step, ctx.now)
    wants = [questions.before_want(ctx, metric, at) for metric in metrics]
    ctx.seen.gather(*(want for want in wants if want is not None))
    answers = [
        (metric, SeriesFact(()) if want is None else ctx.seen.late(want))
        for metric, want in zip(metrics, wants, strict=True)
    ]
    found = [(metric, fact) for metric, fact in answers if fact is not None]
    if len(found) < len(metrics):
        return Wait()  # the answers come by themselves
    missing = [(m, fact) for m, fact in found if len(fact.values) < questions.least_values(m)]
    needed = [(metric, fact) for metric, fact in missing if _is_needed(metric)]
    if needed:
        return _without_baseline(ctx, step, needed)
    measured = [
        Measurement(metric=metric.name, baseline=questions.middle(fact)) for metric, fact in found
    ]
    text = f"{len(metrics) - len(missing)} of {len(metrics)} measured"
    return ctx.succeed(BASELINE, text, measurements=measured)


def _is_needed(metric: Metric) -> bool:
    lenient = metric.on_unknown is OnUnknown.PASS or metric.severity is Severity.REPORT
    return not lenient and metric.baseline.on_missing is OnMissing.UNKNOWN


def _without_baseline(
    ctx: Context, step: Step, missing: list[tuple[Metric, SeriesFact]]
) -> Outcome:
    """Ask again for a while: an outage must not become a release without its guard."""
    watch = ctx.plan.spec.watch
    assert watch is not None  # noqa: S101 - there are metrics
    text = "; ".join(f"{metric.name}: {_why(ctx, metric, fact)}" for metric, fact in missing)
    if ctx.now >= ctx.deadline(step, watch.unknown_limit):
        return Failed(Reason.METRIC_UNKNOWN, f"the baseline could not be measured: {text}")
    at = questions.baseline_moment(ctx, step, ctx.now)
    return ctx.wait(step, text, at + timedelta(seconds=questions.retry_pause(watch)))


def _why(ctx: Context, metric: Metric, fact: SeriesFact) -> str:
    since = questions.runs_since(ctx, metric)
    begun = f", which begins at {format_time(since)} after an earlier attempt" if since else ""
    if since is not None and ctx.now < since:
        return f"waits for the window of its baseline{begun}"
    if fact.problem or not fact.values:
        return fact.problem or NO_DATA
    least = questions.least_values(metric)
    return f"has {len(fact.values)} values in the window of its baseline{begun}; {least} are needed"


def _revision(ctx: Context) -> Outcome:
    if ctx.attempt.frozen:
        return DONE
    release, attempt = ctx.release, ctx.attempt
    name = names.revision_name(release.name, release.uid, attempt.number, attempt.digest)
    step = ctx.step(REVISION)
    if step is None:
        return ctx.begin(REVISION)
    if step.state is StepState.FAILED:
        return Failed(Reason.STEP_FAILED, f"{REVISION} failed: {step.message}")
    recorded = ctx.seen.revision(name, confirm=False)
    if recorded is None:
        return _record_revision(ctx, name)
    if recorded.digest != attempt.digest:
        return ctx.hold(
            Reason.NAME_TAKEN, f"ControllerRevision {name} exists with another plan", REVISION
        )
    digest = plan.revision_digest(recorded)
    return ctx.succeed(REVISION, name, frozen=True, revision=name, revision_digest=digest)


def _record_revision(ctx: Context, name: str) -> Outcome:
    components = ctx.plan.spec.components
    # Recorded from a fresh read: what a rollback restores must not come from an old view.
    ctx.seen.gather(*(WorkloadWant(c.target, fresh=True) for c in components))
    if text := inheritance.lost(ctx):
        return Failed(Reason.REVISION_LOST, text)
    previous = [_previous(ctx, component) for component in components]
    ill = [str(c.target) for c in components if not _fit(ctx, c.target)]
    if ill and ctx.attempt.basis is None:
        text = f"{', '.join(ill)} is no longer healthy; nothing good could be restored"
        return Failed(Reason.STEP_FAILED, text)
    if None in previous:
        return Failed(Reason.WORKLOAD_REPLACED, "a workload vanished after its gate had passed")
    kept = _keep(ctx, [entry for entry in previous if entry])
    if not isinstance(kept, dict):
        return kept
    revision = Revision(
        digest=ctx.attempt.digest,
        spec=ctx.plan.spec,
        requirements=ctx.plan.requirements,
        previous_version=ctx.attempt.previous_version,
        previous=[
            entry.model_copy(update={"snapshot": kept.get(entry.name, entry.snapshot)})
            for entry in previous
            if entry
        ],
    )
    return Do(CreateRevision(name, ctx.attempt.number, revision))


def _keep(ctx: Context, previous: list[PreviousComponent]) -> dict[str, str] | Do | Failed:
    """Component -> the snapshot that a rollback restores; or what must be done first."""
    found: dict[str, str] = {}
    taken = []
    inherited = {entry.name: entry.snapshot for entry in previous}
    for component in ctx.plan.spec.components:
        fact = ctx.seen.workload(component.target, fresh=True)
        if fact is None:
            continue  # it will be created: there is nothing to keep
        new = _kept(ctx, component.name, fact, inherited.get(component.name))
        if isinstance(new, Do | Failed):
            return new
        if isinstance(new, snapshots.Taken):
            taken.append(new)
        found[component.name] = new.name if isinstance(new, snapshots.Taken) else new
    return snapshots.store(ctx, taken) or found


def _kept(
    ctx: Context, component: str, fact: WorkloadFact, inherited: str | None
) -> snapshots.Taken | str | Do | Failed:
    if inherited is not None:  # what runs is what an earlier rollback has failed to take back
        return snapshots.completed(ctx, component, fact, inherited) or inherited
    known = snapshots.good(ctx, component, fact)
    return known if known is not None else snapshots.take(ctx, component, fact)


def _fit(ctx: Context, workload: WorkloadRef) -> bool:
    fact = ctx.seen.workload(workload, fresh=True)
    return fact is None or fact.rolled_out


def _previous(ctx: Context, component: Component) -> PreviousComponent | None:
    """What the component must run after a rollback: the last known good images.

    That is what runs now, unless an earlier rollback failed: then it is still what that one was
    to restore.
    """
    fact = ctx.seen.workload(component.target, fresh=True)
    if fact is None:
        return _absent(component) if component.workload else None
    known = inheritance.of(ctx, component, fact)
    restored = {**fact.images, **(known.images if known else {})}
    return PreviousComponent(
        name=component.name,
        kind=fact.ref.kind,
        workload=fact.ref.name,
        uid=fact.uid,
        images={c: restored[c] for c in component.images if c in restored},
        absent=known.absent if known else False,
        snapshot=known.snapshot if known else None,
        health=known.health if known else _answering(ctx, component),
    )


def _absent(component: Component) -> PreviousComponent:
    target = component.target
    return PreviousComponent(
        name=component.name,
        kind=target.kind,
        workload=target.name,
        uid="",
        images={},
        absent=True,
    )


def _answering(ctx: Context, component: Component) -> HealthProbe | None:
    """The endpoint by which the version that runs is verified if it comes back.

    As its own plan had it; without one the new plan's, if what runs answers there.
    """
    current = ctx.status.current
    recorded = ctx.seen.revision(current.revision) if current and current.revision else None
    if recorded is not None:
        of_plan = {
            one.name: one for one in recorded.spec.components if one.target == component.target
        }
        known = of_plan.get(component.name)
        return known.health if known else None
    probe = component.health
    answers = probe is not None and not ctx.seen.probe(component.target, probe).trouble
    return probe if answers else None
