"""Gate R2.12: every Secret and key that the plan's Jobs refer to exists.

The operator may not read Secrets, so the kubelet is asked: a Job that refers to the same keys
and does nothing. A container that started, whatever came of it, had all its keys; a missing one
shows as CreateContainerConfigError with the kubelet's own words. The image pull is tried on the
way.

That a key exists does not mean that it opens anything: the Jobs of `spec.credentialChecks` log in
with it, once all keys are there.
"""

from release_coordinator.api.attempt import GateState, Role, StepState
from release_coordinator.api.checklist import GateName
from release_coordinator.api.job import EnvVar, JobTemplate
from release_coordinator.api.release import ReleaseSpec
from release_coordinator.engine.context import Context
from release_coordinator.engine.outcome import Note, Outcome

from . import job_check
from .verdict import GateVerdict, failed, passed, waiting

NAME = GateName.CREDENTIALS
OWNER = Role.DEVOPS
STEP = "gate/credentials"
CONFIG_ERROR = "CreateContainerConfigError"


def templates(spec: ReleaseSpec) -> list[JobTemplate]:
    """Every Job of a plan."""
    backup = [spec.backup.job, spec.backup.verify] if spec.backup else []
    found = [job for job in backup if job is not None]
    for migration in spec.migrations:
        found += [job for job in (migration.up, migration.down, migration.dry_run_job()) if job]
    found += [entry.job for entry in (*spec.caches, *spec.warmup)]
    found += [test.job for test in (*spec.verify.smoke_tests, *spec.rollback.smoke_tests)]
    found += [check.job for check in spec.credential_checks]
    asked = (*(check.job for check in spec.ci), spec.database.current)
    return [*found, *(job for job in asked if job)]


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
    """Run the probe Job and read what the kubelet made of it; then log in."""
    template = probe_job(ctx.plan.spec)
    if template is None:
        return _log_in(ctx, "no Job of the plan refers to a Secret")
    keys = sorted(
        f"{v.value_from.secret_key_ref.name}/{v.value_from.secret_key_ref.key}"
        for v in template.env
        if v.value_from and v.value_from.secret_key_ref
    )
    check = job_check.ask(ctx, STEP, template, lambda note: _started_is_enough(ctx, note))
    if check.state is GateState.PASSED:
        return _log_in(ctx, f"Secret keys exist: {', '.join(keys)}")
    if check.state is GateState.FAILED:
        text = f"{_explain(check.words)}; then add it and {job_check.retry(ctx)}"
        return failed(NAME, OWNER, text)
    if CONFIG_ERROR in check.words:
        text = f"{_explain(check.words)}; the gate looks again until its Job has timed out"
        return failed(NAME, OWNER, text, next_move=check.next_move)
    text = "asking the kubelet for the Secret keys"
    return waiting(NAME, OWNER, text, next_move=check.next_move)


def _log_in(ctx: Context, found: str) -> GateVerdict:
    """Run all login checks at once; `found` is what is known already."""
    checks = {
        entry.name: job_check.ask(ctx, f"{STEP}/{entry.name}", entry.job)
        for entry in ctx.plan.spec.credential_checks
    }
    move = job_check.next_move(checks.values())
    shut = {name: check for name, check in checks.items() if check.state is not GateState.PASSED}
    if not shut:
        names = f"; logged in: {', '.join(checks)}" if checks else ""
        return passed(NAME, OWNER, f"{found}{names}")
    evidence = ", ".join(f"Job of {name}" for name in shut)
    wrong = [name for name, check in shut.items() if check.state is GateState.FAILED]
    if wrong:
        said = "; ".join(f"{name}: {shut[name].words}" for name in wrong)
        text = job_check.then_retry(ctx, f"login failed: {said}; correct the credentials")
        return failed(NAME, OWNER, text, evidence=evidence, next_move=move)
    said = ", ".join(f"{name} ({c.words})" if c.words else name for name, c in shut.items())
    return waiting(NAME, OWNER, f"logging in: {said}", evidence=evidence, next_move=move)


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
