"""R3.5 and R4.6: database migrations in their order, and back again where that is safe.

A migration is never run twice on a guess: its Job is guarded (`engine.jobs`), and a rollback
reverts only what this attempt's journal shows as applied, newest first.
"""

from release_coordinator.api.conditions import Reason
from release_coordinator.api.release import Migration, Reversibility
from release_coordinator.engine import jobs
from release_coordinator.engine.context import Context
from release_coordinator.engine.outcome import DONE, Failed, Outcome

PREFIX = "migrate/"
UNDO_PREFIX = "undo/migrate/"


def up(migration: Migration) -> jobs.JobStep:
    """The step that applies a migration."""
    step = PREFIX + migration.name
    return jobs.JobStep(step, migration.up, Reason.MIGRATION_FAILED, guarded=True)


def wanted(ctx: Context) -> list[Migration]:
    """The plan's migrations that are not in place since the last good version."""
    return [m for m in ctx.plan.spec.migrations if m.name not in ctx.attempt.in_place]


def advance(ctx: Context) -> Outcome:
    """Apply the migrations one after the other."""
    for migration in wanted(ctx):
        outcome = jobs.run(ctx, up(migration))
        if outcome is not DONE:
            return outcome
    return DONE


def settle(ctx: Context) -> Outcome:
    """Wait for a migration that runs: it is never killed, whatever happens to the attempt."""
    for migration in wanted(ctx):
        outcome = jobs.settle(ctx, up(migration))
        if outcome is not DONE and not isinstance(outcome, Failed):
            return outcome
    return DONE


def applied(ctx: Context) -> list[Migration]:
    """Migrations this attempt has applied, in their order."""
    return [m for m in wanted(ctx) if ctx.succeeded(PREFIX + m.name)]


def irreversible(ctx: Context) -> list[str]:
    """Names of applied migrations that a rollback must not pass without a person."""
    return [m.name for m in applied(ctx) if m.reversibility is Reversibility.IRREVERSIBLE]


def undo(ctx: Context) -> Outcome:
    """Revert what was applied and is declared reversible, newest first.

    Runs after the components were taken back, when no pod of the new code exists.
    """
    for migration in reversed(applied(ctx)):
        if migration.reversibility is not Reversibility.REVERSIBLE or migration.down is None:
            break  # it stays, and so does everything below it
        step = jobs.JobStep(
            UNDO_PREFIX + migration.name,
            migration.down,
            Reason.MIGRATION_FAILED,
            guarded=True,
            version=ctx.attempt.previous_version or "",
        )
        outcome = jobs.run(ctx, step)
        if outcome is not DONE:
            return outcome
    return DONE
