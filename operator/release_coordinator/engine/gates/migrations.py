"""Gate R2.13: the migrations are ready, as far as can be told without running them.

The Job `spec.database.current` says which schema version is there now; then the dry runs, one
after the other and in the order of the migrations, because each may lock what the next one needs.
A migration that is in place already needs none.
"""

from collections import Counter
from collections.abc import Iterator

from release_coordinator.api.attempt import GateState, Role
from release_coordinator.api.checklist import GateName
from release_coordinator.api.job import JobTemplate
from release_coordinator.engine.context import Context, shorten
from release_coordinator.text import one_line

from . import job_check
from .job_check import JobCheck
from .verdict import GateVerdict, failed, passed, waiting

NAME = GateName.MIGRATIONS
OWNER = Role.DEVELOPER
STEP = "gate/migrations"
CURRENT = f"{STEP}/current"
SHOWN = 64
"""Characters of a schema version that a message repeats."""


def evaluate(ctx: Context) -> GateVerdict:
    """Ask for the schema version, then try the migrations."""
    if not ctx.plan.spec.migrations:
        return passed(NAME, OWNER, "the version has no migrations")
    found = [_declared(ctx)]
    for what, step_id, template in _questions(ctx):
        check = job_check.ask(ctx, step_id, template)
        if check.state is GateState.WAITING:
            text = f"{what}" + (f": {check.words}" if check.words else "")
            return waiting(NAME, OWNER, text, evidence=step_id, next_move=check.next_move)
        fault = _fault(what, step_id, check)
        if fault:
            return failed(NAME, OWNER, job_check.then_retry(ctx, fault), evidence=step_id)
        found.append(_schema(ctx, check) if step_id == CURRENT else f"{what} succeeded")
    if ctx.plan.spec.database.current is None:
        found.append("the present schema version is not read: declare spec.database.current")
    return passed(NAME, OWNER, "; ".join(found))


def _questions(ctx: Context) -> Iterator[tuple[str, str, JobTemplate]]:
    """What a Job does, its step, and the Job."""
    spec = ctx.plan.spec
    if spec.database.current is not None:
        yield "reading the schema version", CURRENT, spec.database.current
    for migration in spec.migrations:
        dry_run = migration.dry_run_job()
        if dry_run is not None and migration.name not in ctx.attempt.in_place:
            yield f"dry run of {migration.name}", _step(migration.name), dry_run


def _step(migration: str) -> str:
    """The step of a dry run; one named `current` must not be taken for the schema version."""
    step_id = f"{STEP}/{migration}"
    return step_id if step_id != CURRENT else f"{step_id}/dry-run"


def _fault(what: str, step_id: str, check: JobCheck) -> str:
    if check.state is GateState.FAILED:
        owner = "the database or its Job" if step_id == CURRENT else "the migration"
        return f"{what} failed: {check.words}; repair {owner}"
    if step_id == CURRENT and not check.words.strip():
        return (
            "the Job spec.database.current succeeded but said nothing; let it write the schema "
            "version as its termination message (/dev/termination-log)"
        )
    return ""


def _schema(ctx: Context, check: JobCheck) -> str:
    """Where the schema is; and what of the plan it has already, by the words of the plan."""
    text = f"schema is at {one_line(check.words, SHOWN)}"
    pending = [m for m in ctx.plan.spec.migrations if m.name not in ctx.attempt.in_place]
    at = check.words.split()[-1]  # the last line of what the Job said
    there = next((m.name for m in pending if m.schema_version == at), None)
    if there is not None:
        return f"{text}: {there} is applied already, and is neither run nor reverted"
    if pending and pending[-1].schema_version is None:
        return f"{text}; declare schemaVersion of {pending[-1].name} to have it checked afterwards"
    return text


def _declared(ctx: Context) -> str:
    """`2 migrations (0007-add-isbn, 0008-drop-legacy): 1 Reversible, 1 Irreversible`."""
    migrations = ctx.plan.spec.migrations
    kinds = Counter(migration.reversibility.value for migration in migrations)
    counts = ", ".join(f"{count} {kind}" for kind, count in kinds.items())
    names = shorten(", ".join(migration.name for migration in migrations), 160)
    plural = "s" if len(migrations) > 1 else ""
    done = [migration.name for migration in migrations if migration.name in ctx.attempt.in_place]
    already = f"; in place already: {shorten(', '.join(done), 120)}" if done else ""
    return f"{len(migrations)} migration{plural} ({names}): {counts}{already}"
