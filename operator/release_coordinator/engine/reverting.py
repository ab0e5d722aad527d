"""R4.6: what this attempt has applied is reverted, newest first, where that is safe.

Runs after the components were taken back, when no pod of the new code exists. Before the first
down-migration, and again before one that was kept waiting, a person has approved what it destroys,
and the database says exactly what this attempt has left: whatever somebody else has migrated since
is not ours to revert. After the last one it must say what it said before the attempt. Called
through `phases.migrating`.
"""

from collections.abc import Iterator
from datetime import timedelta
from functools import partial

from release_coordinator.api.attempt import Attempt, Step, StepState
from release_coordinator.api.conditions import Reason
from release_coordinator.api.release import Migration, Reversibility
from release_coordinator.engine import consent, holds, jobs, migrations, schema
from release_coordinator.engine.context import Context, shorten
from release_coordinator.engine.migrations import UNDO_PREFIX
from release_coordinator.engine.outcome import DONE, Failed, Note, Outcome, Wait
from release_coordinator.engine.runfacts import JobPhase
from release_coordinator.engine.schema import Answer

BACK, RESTORED = "back", "restored"
"""Questions to the database, before the first and after the last down-migration."""
LEFT = f"{schema.PREFIX}left"
"""Step that says why the schema is left as it is."""
HOLDS = {Reason.SCHEMA_CHANGED, Reason.DATA_LOSS, Reason.MIGRATION_OUTCOME_UNKNOWN}
"""Holds of the way back that a person can end by leaving the schema as it is."""


def undo(ctx: Context) -> Outcome:
    """Revert what was applied and is declared reversible, newest first."""
    downs = _downs(ctx)
    if not downs or ctx.succeeded(LEFT):
        return DONE
    left = [m for m in downs if not ctx.succeeded(UNDO_PREFIX + m.name)]
    if left and not _is_let_run(ctx, left[0]) and not _is_fresh(ctx, downs, left):
        for allowed in (_silent, _consented, _unchanged):
            outcome = allowed(ctx, left)
            if outcome is not DONE:
                return outcome
    for migration in downs:
        outcome = jobs.run(ctx, _down(ctx, migration))
        if outcome is not DONE:
            return outcome
    return _restored(ctx, downs)


def _is_let_run(ctx: Context, migration: Migration) -> bool:
    """Whether a down-migration may have run: a Job whose UID is not journalled never did.

    What keeps it from running (a missing right, a quota, a suspension) may last for days.
    """
    step = ctx.step(UNDO_PREFIX + migration.name)
    return step is not None and (step.uid is not None or step.state is StepState.FAILED)


def _is_fresh(ctx: Context, downs: list[Migration], left: list[Migration]) -> bool:
    """Whether the down-migration before this one has ended just now: it is evidence enough."""
    if len(left) == len(downs):
        return False
    before = ctx.step(UNDO_PREFIX + downs[-len(left) - 1].name)
    return before is not None and ctx.now - (before.finished_at or ctx.now) < schema.GOOD_FOR


def jobs_of(ctx: Context) -> list[jobs.JobStep]:
    """The Jobs that revert what was applied."""
    return [_down(ctx, migration) for migration in _downs(ctx)]


def may_leave(attempt: Attempt) -> bool:
    """Whether the attempt is held where a person can decide to leave the schema as it is."""
    hold = attempt.hold
    back = attempt.trigger is not None and hold is not None and hold.reason in HOLDS
    return back and not (hold is not None and (hold.step or "").startswith(migrations.PREFIX))


def leave(ctx: Context, why: str) -> Note:
    """Journal that the schema stays as it is: nothing more is reverted."""
    now, message = ctx.now, shorten(why, 128)
    left = Step(
        id=LEFT, state=StepState.SUCCEEDED, started_at=now, finished_at=now, message=message
    )
    cut = {"state": StepState.FAILED, "finished_at": now, "message": message}
    steps = [
        step.model_copy(update=cut)
        if step.state is StepState.RUNNING and step.id.startswith(UNDO_PREFIX)
        else step
        for step in ctx.attempt.steps
    ]
    return ctx.note(ctx.with_attempt(steps=[*steps, left], hold=None))


def _downs(ctx: Context) -> list[Migration]:
    found: list[Migration] = []
    for migration in reversed(migrations.applied(ctx)):
        if migration.reversibility is not Reversibility.REVERSIBLE or migration.down is None:
            break  # it stays, and so does everything below it
        found.append(migration)
    return found


def _down(ctx: Context, migration: Migration) -> jobs.JobStep:
    assert migration.down is not None  # noqa: S101 - only such are reverted
    return jobs.JobStep(
        UNDO_PREFIX + migration.name,
        migration.down,
        Reason.MIGRATION_FAILED,
        guarded=True,
        version=ctx.attempt.previous_version or "",
        in_doubt=partial(_in_doubt, migration),
    )


def _silent(ctx: Context, _downs: list[Migration]) -> Outcome:
    """Nothing of the new version runs any more: a Job that was cut off goes to its own end."""
    cut = [job for job in _programs(ctx) if _was_cut_off(ctx, job)]
    facts = [ctx.seen.job(jobs.name_of(ctx, job)) for job in cut]
    if any(fact is not None and fact.phase is JobPhase.RUNNING for fact in facts):
        return Wait(ctx.now + timedelta(seconds=jobs.POD_SECONDS))
    return DONE


def _programs(ctx: Context) -> Iterator[jobs.JobStep]:
    """Plain Jobs that run after the migrations, as the new version."""
    spec = ctx.plan.spec
    for cache in spec.caches:
        yield jobs.JobStep(f"refresh/cache/{cache.name}", cache.job)
    for entry in spec.warmup:
        yield jobs.JobStep(f"refresh/warmup/{entry.name}", entry.job)
    for test in spec.verify.smoke_tests:
        yield jobs.JobStep(f"verify/{test.suite[:16]}/{test.name}", test.job)


def _was_cut_off(ctx: Context, job: jobs.JobStep) -> bool:
    step = ctx.step(job.id)
    return step is not None and step.state is StepState.FAILED


def _consented(ctx: Context, downs: list[Migration]) -> Outcome:
    """Nothing that was written since is destroyed unless somebody has approved that."""
    losing = [migration.name for migration in downs if migration.down_loses_data]
    if not losing:
        return DONE
    missing = consent.missing(ctx)
    if not missing:
        return DONE
    facts = (
        f"{_code(ctx)} but to revert {', '.join(losing)} destroys data written since; {missing}."
    )
    ways = (
        holds.approve(ctx, consent.ROLE, "To revert all the same"),
        holds.leave_schema(ctx, "to keep schema and data"),
    )
    return migrations.hold(ctx, "", facts, ways, Reason.DATA_LOSS)


def _unchanged(ctx: Context, downs: list[Migration]) -> Outcome:
    """The database says what this attempt has left there, or has been taken back already."""
    newest = downs[0].schema_version
    if newest is None or not migrations.checked(ctx) or _settled(ctx):
        return DONE
    answer = schema.ask(ctx, f"{BACK}/{ctx.attempt.holds}", schema.GOOD_FOR)
    if not isinstance(answer, Answer) or answer.version == newest:
        return DONE if isinstance(answer, Answer) else answer
    target = migrations.version_before(ctx, downs[-1])
    if answer.version and answer.version == target:
        return leave(ctx, f"nothing to revert: {answer}")
    keep = holds.leave_schema(ctx, "to leave the schema as it is")
    if not answer.version:
        facts = f"{_code(ctx)} but before its migrations are reverted {answer}."
        ways = (holds.resume(ctx, f"If its schema is at {newest}"), keep)
        return migrations.hold(ctx, answer.step, facts, ways)
    facts = (
        f"{_code(ctx)} but {answer}, and this attempt left it at {newest}: somebody has migrated "
        "since, and that is not reverted."
    )
    ways = (holds.resume(ctx, f"When it is at {newest} or {target or 'as before'} again"), keep)
    return migrations.hold(ctx, "", facts, ways, Reason.SCHEMA_CHANGED)


def _settled(ctx: Context) -> bool:
    """Whether a person has looked instead of the database's Job, just now or for good."""
    prefix = f"{schema.PREFIX}{BACK}/"
    looked = [
        step.finished_at or ctx.now
        for step in ctx.attempt.steps
        if step.id.startswith(prefix) and step.message == schema.BY_A_PERSON
    ]
    if not looked:
        return False
    return ctx.now - max(looked) < schema.GOOD_FOR or not schema.has_room(ctx)


def _restored(ctx: Context, downs: list[Migration]) -> Outcome:
    """The Jobs have succeeded; the database must be as it was."""
    target = migrations.version_before(ctx, downs[-1])
    if not target or not migrations.checked(ctx):
        return DONE
    answer = schema.ask(ctx, RESTORED)
    if not isinstance(answer, Answer):
        return answer
    if answer.settled or answer.version == target:
        return DONE
    if answer.version:
        text = f"the down-migrations succeeded, but {answer}, not {target}"
        return Failed(Reason.MIGRATION_FAILED, text)
    facts = f"The down-migrations succeeded, but {answer}."
    ways = (holds.resume(ctx, f"When its schema is at {target}"),)
    return migrations.hold(ctx, answer.step, facts, ways)


def _in_doubt(migration: Migration, ctx: Context, doubt: jobs.Doubt) -> Outcome:
    case = migrations.Case(
        UNDO_PREFIX + migration.name,
        migrations.version_before(ctx, migration),
        migration.schema_version or "",
        (
            holds.resume(ctx, "If it is reverted"),
            holds.leave_schema(ctx, "to revert nothing more"),
        ),
    )
    return migrations.settle(ctx, case, doubt)


def _code(ctx: Context) -> str:
    return f"{ctx.attempt.previous_version or 'The previous version'} runs again,"
