"""From an `Outlook` to the shape that people and programs are shown. Pure.

Used by `cli.commands.plan`; `cli.planpage` prints what is made here.
"""

from collections.abc import Sequence
from typing import Any

from release_coordinator.api.attempt import Attempt, GateState
from release_coordinator.api.checklist import Enforcement, GateName
from release_coordinator.api.conditions import Phase
from release_coordinator.api.job import JobTemplate, NamedJob
from release_coordinator.api.policy import RequiredStaging, Requirements, TypeRequirements
from release_coordinator.api.release import (
    Component,
    Migration,
    ReleaseSpec,
    Reversibility,
    SmokeTest,
)
from release_coordinator.engine import inline, plan, policy, rehearsal
from release_coordinator.engine.runfacts import WorkloadFact

from .difference import differences
from .outlook import Outlook
from .view import (
    ComponentView,
    DifferenceView,
    ImageView,
    JobView,
    MigrationView,
    PlanView,
    PolicyView,
    RollbackView,
    ScheduleView,
)

LIVE = "live"


def view_of(
    found: Outlook, notes: Sequence[str] = (), source: str = LIVE, *, policy_in_file: bool = False
) -> PlanView:
    """Everything that is known of a plan before it happens."""
    spec, attempt = found.plan.spec, found.attempt
    reported = found.release.status.digest
    checks = [*_named(spec.credential_checks), *_gate_jobs(found)]
    return PlanView(
        namespace=found.release.namespace,
        release=found.release.name,
        source=source,
        version=spec.version,
        previous_version=attempt.previous_version,
        type=attempt.type,
        digest=found.plan.digest,
        spec_digest=found.plan.spec_digest,
        artifact_digest=plan.artifact_digest(spec),
        reported_digest=reported,
        state=_state(found),
        notes=[*notes, *_notes(found)],
        policy=_policy(found, in_file=policy_in_file),
        schedule=_schedule(found),
        checks=checks,
        backup=_job("backup", spec.backup.job) if spec.backup else None,
        backup_verify=_verify(spec),
        migrations=[_migration(one, attempt) for one in spec.migrations],
        components=[_component(one, found) for one in found.plan.order],
        caches=_named(spec.caches),
        warmup=_named(spec.warmup),
        smoke_tests=_tests(spec.verify.smoke_tests),
        watch=spec.watch,
        rehearsal=_rehearsal(found),
        rollback=_rollback(found),
        compared_with=_compared_with(found),
        differences=_differences(found),
    )


def _state(found: Outlook) -> str:
    attempt = found.attempt
    if found.busy_with is not None:
        other = found.busy_with
        what = "is not frozen yet: this plan takes its place" if not other.frozen else (
            "is under way: this plan begins when it has ended"
        )  # fmt: skip
        return f"attempt {other.number}, to {other.version}, {what}"
    if attempt.end is not None and not found.begun:
        return f"nothing would be done: {attempt.end.message}"
    if not found.begun:
        return f"attempt {attempt.number} begins when the operator sees it"
    if attempt.end is not None:
        again = (
            "" if attempt.end.outcome is Phase.COMPLETED else "; it is not tried again by itself"
        )
        return f"attempt {attempt.number} has ended: {attempt.end.outcome}{again}"
    return f"attempt {attempt.number} carries it out"


def _notes(found: Outlook) -> list[str]:
    notes = []
    status = found.release.status
    if found.release.journal_fault:
        notes.append(f"The journal cannot be read: {found.release.journal_fault}")
    if found.policy.problem:
        notes.append(
            f"ReleasePolicy {found.policy.name} cannot be read, so gate Policy stays shut: "
            f"{found.policy.problem}"
        )
    if found.begun and found.attempt.end is None and status.digest != found.plan.digest:
        notes.append(
            f"The operator reports the plan {status.digest}: the policy has changed since, or "
            "this program and the operator are of different versions."
        )
    inherited = found.attempt.inherited
    if inherited:
        notes.append(
            f"A failed rollback left migrations applied ({', '.join(inherited)}): only a person "
            "goes back past them."
        )
    return notes


def _policy(found: Outlook, *, in_file: bool) -> PolicyView:
    required = found.plan.requirements
    own = _required(found)
    gates: dict[Enforcement, list[str]] = {level: [] for level in Enforcement}
    for gate in GateName:
        gates[policy.enforcement(own, gate)].append(str(gate))
    staging = required.staging
    return PolicyView(
        name=found.policy.name,
        from_file=in_file,
        relaxed=policy.relaxed(required, own.type),
        gates=gates,
        sign_offs=own.sign_offs,
        approvals_valid_for=required.approvals.valid_for,
        author_may_approve=required.approvals.author_may_approve,
        suites=list(own.suites),
        staging=_place(found, staging) if staging else None,
    )


def _place(found: Outlook, staging: RequiredStaging) -> str:
    text = f"{staging.namespace}/{staging.release or found.release.name}"
    return f"{text} in another cluster, by signed export" if staging.elsewhere else text


def _schedule(found: Outlook) -> ScheduleView:
    gate = found.window
    level = policy.enforcement(_required(found), GateName.WINDOW)
    held = "" if level is Enforcement.REQUIRED else f" (gate Window is {level}: it waits for none)"
    return ScheduleView(
        not_before=found.plan.spec.schedule.opens_at(),
        opens=gate.next_check if gate.state is GateState.WAITING else None,
        text=f"{gate.message}{held}",
    )


def _required(found: Outlook) -> TypeRequirements:
    return policy.of_attempt(found.plan.requirements, found.attempt)


def _job(name: str, job: JobTemplate) -> JobView:
    return JobView(name=name, image=job.image, timeout=job.timeout)


def _verify(spec: ReleaseSpec) -> JobView | None:
    verify = spec.backup.verify if spec.backup else None
    return _job("verify backup", verify) if verify else None


def _named(jobs: Sequence[NamedJob]) -> list[JobView]:
    return [_job(one.name, one.job) for one in jobs]


def _tests(tests: Sequence[SmokeTest]) -> list[JobView]:
    return [_job(f"{test.name} ({test.suite})", test.job) for test in tests]


def _gate_jobs(found: Outlook) -> list[JobView]:
    spec = found.plan.spec
    jobs = [_job(check.name, check.job) for check in spec.ci if check.job]
    if spec.database.current:
        jobs.append(_job("schema version", spec.database.current))
    dry = [m for m in spec.migrations if m.dry_run and m.name not in found.attempt.in_place]
    return [*jobs, *(_job(f"dry run of {m.name}", m.up) for m in dry)]


def _migration(migration: Migration, attempt: Attempt) -> MigrationView:
    return MigrationView(
        name=migration.name,
        image=migration.up.image,
        timeout=migration.up.timeout,
        reversibility=migration.reversibility,
        in_place=migration.name in attempt.in_place,
    )


def _component(component: Component, found: Outlook) -> ComponentView:
    fact = found.workloads[component.target]
    running = fact.images if fact else {}
    health = component.health
    return ComponentView(
        name=component.name,
        workload=str(component.target),
        depends_on=component.depends_on,
        strategy=component.strategy.type,
        service=component.strategy.service,
        images=[
            ImageView(container=container, running=running.get(container), wanted=image)
            for container, image in component.images.items()
        ],
        inline=_inline(component, fact) if component.workload else None,
        health=f":{health.port}{health.path}" if health else None,
        progress_deadline=component.progress_deadline,
    )


def _inline(component: Component, fact: WorkloadFact | None) -> str:
    """What applying the declared workload would do, its images included."""
    if fact is None:
        return f"{component.target} is created"
    changed = inline.changes(fact.document, fact.declared, component)
    how = f"{len(changed)} fields change" if len(changed) != 1 else "1 field changes"
    taken = "" if fact.declared else ", which is taken over"
    return f"{component.target}{taken}: {how if changed else 'unchanged'}"


def _rehearsal(found: Outlook) -> bool:
    """Settled when the plan is recorded; until then the Release says."""
    attempt, spec = found.attempt, found.release.spec
    if attempt.frozen or spec is None:
        return attempt.rehearsal
    return rehearsal.is_due(spec, attempt.rehearsed)


def _rollback(found: Outlook) -> RollbackView:
    """After everything was changed; as `engine.phases.migrating` and `engine.orders` go."""
    spec, attempt = found.plan.spec, found.attempt
    wanted = [m for m in spec.migrations if m.name not in attempt.in_place]
    reverts: list[str] = []
    for migration in reversed(wanted):
        if migration.reversibility is not Reversibility.REVERSIBLE:
            break  # it stays, and so does everything below it
        reverts.append(migration.name)
    irreversible = [m.name for m in wanted if m.reversibility is Reversibility.IRREVERSIBLE]
    return RollbackView(
        restores=attempt.previous_version,
        components=[component.name for component in reversed(found.plan.order)],
        reverts=reverts,
        destroys=[m.name for m in wanted if m.down_loses_data and m.name in reverts],
        leaves=[m.name for m in wanted if m.name not in reverts],
        needs_person=[*attempt.inherited, *irreversible],
        caches=[cache.name for cache in spec.caches],
        smoke_tests=[test.name for test in spec.rollback.smoke_tests],
    )


def _compared_with(found: Outlook) -> str | None:
    current = found.release.status.current
    if found.before is None or current is None:
        return None
    return f"{current.version}, which completed last ({current.revision})"


def _differences(found: Outlook) -> list[DifferenceView]:
    """What is not told by images and migrations alone is the configuration of the plan."""
    if found.before is None:
        return []
    before = _compared(found, found.before.spec, found.before.requirements)
    after = _compared(found, found.plan.spec, found.plan.requirements)
    return [
        DifferenceView(field=path, before=old, after=new)
        for path, old, new in differences(before, after)
    ]


def _compared(found: Outlook, spec: ReleaseSpec, required: Requirements) -> dict[str, Any]:
    """The spec, and what is required of releases of this type: that of others says nothing."""
    own = policy.of_type(required, _required(found).type)
    asked = required.to_wire() | {"types": [own.to_wire()]}
    return {"policy": asked, "spec": spec.to_wire()}
