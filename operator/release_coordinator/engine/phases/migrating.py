"""R3.5 and R4.6: database migrations in their order, and back again where that is safe.

A migration is never run twice on a guess: its Job is guarded (`engine.jobs`), and a rollback
reverts only what this attempt's journal shows as applied, newest first (`engine.reverting`). Where
the Release declares `database.current` and `schemaVersion`, the database itself is asked: before
the first migration, after the last one, and what became of one whose outcome is unknown.
"""

from functools import partial

from release_coordinator.api.attempt import StepState
from release_coordinator.api.conditions import Phase, Reason
from release_coordinator.api.release import Migration
from release_coordinator.engine import closing, holds, jobs, migrations, reverting, schema
from release_coordinator.engine.context import Context, shorten
from release_coordinator.engine.migrations import (
    PREFIX,
    UNDO_PREFIX,
    applied,
    irreversible,
    wanted,
)
from release_coordinator.engine.outcome import DONE, Failed, Outcome
from release_coordinator.engine.schema import Answer

__all__ = ["PREFIX", "UNDO_PREFIX", "advance", "applied", "irreversible", "settle", "undo", "up"]

AFTER = "after"
"""Question to the database, after the last migration."""


def up(migration: Migration) -> jobs.JobStep:
    """The step that applies a migration."""
    return jobs.JobStep(
        PREFIX + migration.name,
        migration.up,
        Reason.MIGRATION_FAILED,
        guarded=True,
        in_doubt=partial(_in_doubt, migration),
    )


def advance(ctx: Context) -> Outcome:
    """Apply the migrations one after the other."""
    if not migrations.pending(ctx):
        return DONE
    outcome = _before(ctx)
    if outcome is not DONE:
        return outcome
    for migration in wanted(ctx):
        outcome = jobs.run(ctx, up(migration))
        if outcome is not DONE:
            return outcome
    return _after(ctx)


def settle(ctx: Context) -> Outcome:
    """Wait for a migration that runs: it is never killed, whatever happens to the attempt."""
    for migration in wanted(ctx):
        outcome = jobs.settle(ctx, up(migration))
        if outcome is not DONE and not isinstance(outcome, Failed):
            return outcome
    return DONE


def ended(ctx: Context) -> Outcome:
    """Wait until no Job of a migration, there or back, runs any more; nothing is begun or asked."""
    for job in (*map(up, wanted(ctx)), *reverting.jobs_of(ctx)):
        outcome = jobs.ended(ctx, job)
        if outcome is not DONE:
            return outcome
    return DONE


def undo(ctx: Context) -> Outcome:
    """Revert what was applied, as far as that is safe."""
    return reverting.undo(ctx)


def left_behind(ctx: Context) -> str:
    """What a way back that is over has left of the schema, where that is not as it was planned."""
    left = ctx.step(reverting.LEFT)
    return f", the schema was not reverted ({left.message})" if left is not None else ""


def _before(ctx: Context) -> Outcome:
    """What the database has before anything is changed: the way back ends there."""
    if not migrations.checked(ctx):
        return DONE
    answer = schema.ask(ctx, migrations.BEFORE, None if _changed(ctx) else schema.GOOD_FOR)
    if not isinstance(answer, Answer):
        return answer
    if answer.version:
        return _there_already(ctx)
    if answer.trouble == schema.TOO_OLD:
        outcome = settle(ctx)
        if outcome is not DONE:
            return outcome
        text = "the first migration was kept waiting for too long, so the attempt starts over"
        return closing.end_of(ctx, Phase.SUPERSEDED, Reason.SUPERSEDED, text)
    return Failed(Reason.MIGRATION_FAILED, f"before the first migration {answer}")


def _changed(ctx: Context) -> bool:
    """Whether anything has been done on the strength of the answer; until then it may lapse."""
    migrated = any(step.uid for step in ctx.attempt.steps if step.id.startswith(PREFIX))
    return migrated or ctx.begun("traffic/") or ctx.begun("rollout/")


def _there_already(ctx: Context) -> Outcome:
    """Call off a migration that was to run, if the database says now that it has it."""
    kept = {PREFIX + migration.name for migration in wanted(ctx)}
    for step in ctx.attempt.steps:
        if step.id.startswith(PREFIX) and step.state is StepState.RUNNING and step.id not in kept:
            return ctx.fail(step.id, "not run: the database has it already")
    return DONE


def _after(ctx: Context) -> Outcome:
    """The Jobs have succeeded; the database must say so too."""
    done = wanted(ctx)
    newest = done[-1].schema_version if done else None
    if newest is None or not migrations.checked(ctx):
        return DONE
    answer = schema.ask(ctx, AFTER)
    if not isinstance(answer, Answer):
        return answer
    if answer.settled or answer.version == newest:
        return DONE
    if not answer.version:
        facts = f"The Jobs of all migrations succeeded, but {answer}."
        return migrations.hold(ctx, answer.step, facts, _ways(ctx, f"If its schema is at {newest}"))
    return _contradicted(ctx, done, answer)


def _contradicted(ctx: Context, done: list[Migration], answer: Answer) -> Outcome:
    """What the database does not have was not applied, whatever the Job said."""
    text = f"the Job succeeded, but {answer}, not {done[-1].schema_version}"
    versions = [schema.answered(ctx, migrations.BEFORE), *(m.schema_version for m in done)]
    if answer.version not in versions:
        return Failed(Reason.MIGRATION_FAILED, text)
    missing = {PREFIX + m.name for m in done[versions.index(answer.version) :]}
    failed = {"state": StepState.FAILED, "message": shorten(text)}
    steps = [
        step.model_copy(update=failed) if step.id in missing else step for step in ctx.attempt.steps
    ]
    return ctx.note(ctx.with_attempt(steps=steps))


def _in_doubt(migration: Migration, ctx: Context, doubt: jobs.Doubt) -> Outcome:
    case = migrations.Case(
        PREFIX + migration.name,
        migration.schema_version or "",
        migrations.version_before(ctx, migration),
        _ways(ctx, "If the migration is applied"),
    )
    return migrations.settle(ctx, case, doubt)


def _ways(ctx: Context, good: str) -> tuple[holds.Way, ...]:
    """What a person finds out where we must not guess; `orders` takes the answer."""
    if ctx.attempt.trigger is not None:
        return (holds.resume(ctx, "When the schema is as the previous version needs it"),)
    return (holds.resume(ctx, good), holds.roll_back(ctx, "if it is not"))
