"""Gate R2.12: every Secret and key that the plan's Jobs refer to exists.

The operator may not read Secrets, so the kubelet is asked: a Job that refers to the same keys
and does nothing. A container that started, whatever came of it, had all its keys; a missing one
shows as CreateContainerConfigError with the kubelet's own words. The image pull is tried on the
way.
"""

from release_coordinator.api.attempt import Role, StepState
from release_coordinator.api.job import EnvVar, JobTemplate
from release_coordinator.api.release import ReleaseSpec
from release_coordinator.engine import jobs
from release_coordinator.engine.context import Context
from release_coordinator.engine.outcome import Note, Outcome

from .verdict import GateVerdict, failed, passed, waiting

NAME = "Credentials"
OWNER = Role.DEVOPS
STEP = "gate/credentials"
CONFIG_ERROR = "CreateContainerConfigError"


def templates(spec: ReleaseSpec) -> list[JobTemplate]:
    """Every Job of a plan."""
    found = [spec.backup.job] if spec.backup else []
    for migration in spec.migrations:
        found.append(migration.up)
        if migration.down:
            found.append(migration.down)
    found += [entry.job for entry in (*spec.caches, *spec.warmup)]
    found += [test.job for test in (*spec.verify.smoke_tests, *spec.rollback.smoke_tests)]
    return found


def probe_job(spec: ReleaseSpec) -> JobTemplate | None:
    """The Job that refers to every Secret key of the plan; None if there is none."""
    keys: dict[tuple[str, str], EnvVar] = {}
    image = None
    for template in templates(spec):
        for variable in template.env:
            ref = variable.value_from.secret_key_ref if variable.value_from else None
            if ref is not None:
                image = image or template
                name = f"KEY_{len(keys)}"
                keys.setdefault((ref.name, ref.key), variable.model_copy(update={"name": name}))
    if image is None:
        return None
    template = JobTemplate(
        image=image.image, command=["true"], timeout="2m", run_as_user=image.run_as_user
    )
    # More keys than one Job of a Release may have: a copy is not checked again.
    return template.model_copy(update={"env": list(keys.values())})


def evaluate(ctx: Context) -> GateVerdict:
    """Run the probe Job and read what the kubelet made of it."""
    template = probe_job(ctx.plan.spec)
    if template is None:
        return passed(NAME, OWNER, "no Job of the plan refers to a Secret")
    keys = sorted(
        f"{v.value_from.secret_key_ref.name}/{v.value_from.secret_key_ref.key}"
        for v in template.env
        if v.value_from and v.value_from.secret_key_ref
    )
    return _judge(ctx, jobs.JobStep(STEP, template), f"Secret keys exist: {', '.join(keys)}")


def _judge(ctx: Context, job: jobs.JobStep, evidence: str) -> GateVerdict:
    outcome = jobs.run(ctx, job)
    if isinstance(outcome, Note):
        outcome = _started_is_enough(ctx, outcome)
    step = ctx.step(STEP)
    if step is not None and step.state is StepState.SUCCEEDED:
        return passed(NAME, OWNER, evidence)
    if step is not None and step.state is StepState.FAILED:
        return failed(NAME, OWNER, f"{_explain(step.message)}; then {_again(ctx)}")
    if step is not None and CONFIG_ERROR in step.message:
        text = f"{_explain(step.message)}; the gate looks again until its Job has timed out"
        return GateVerdict(failed(NAME, OWNER, text).gate, outcome)
    return waiting(NAME, OWNER, "asking the kubelet for the Secret keys", outcome)


def _started_is_enough(ctx: Context, note: Note) -> Outcome:
    """A container that started and failed had its keys: the image may well have no `true`."""
    attempt = note.status.attempt
    step = next((s for s in attempt.steps if s.id == STEP), None) if attempt else None
    if step is None or step.state is not StepState.FAILED:
        return note
    blocked = ("CreateContainerConfigError", "ImagePull", "ErrImage", "InvalidImageName")
    if any(word in step.message for word in blocked) or "did not end within" in step.message:
        return note
    return ctx.succeed(STEP, "container started")


def _explain(message: str) -> str:
    return f"a Secret, key or image of the plan's Jobs is missing: {message}"


def _again(ctx: Context) -> str:
    return (
        "add it and start again with kubectl annotate release "
        f"{ctx.release.name} release-coordinator.io/retry={ctx.attempt.number} --overwrite"
    )
