"""What an attempt's journal knows of its migrations, and what becomes of one that is in doubt.

Shared by the way forward (`phases.migrating`) and the way back (`engine.reverting`).
"""

from dataclasses import dataclass

from release_coordinator.api.conditions import Reason
from release_coordinator.api.release import Migration, Reversibility

from . import backups, schema
from .context import Context
from .holds import Way, text
from .jobs import Doubt
from .outcome import Outcome
from .schema import Answer

PREFIX = "migrate/"
UNDO_PREFIX = "undo/migrate/"
BEFORE = "before"
"""Question to the database, before the first migration."""


def pending(ctx: Context) -> list[Migration]:
    """The plan's migrations that are not in place since the last good version."""
    return [m for m in ctx.plan.spec.migrations if m.name not in ctx.attempt.in_place]


def wanted(ctx: Context) -> list[Migration]:
    """Those of them that the database did not have when it was asked before the first one."""
    found = pending(ctx)
    at = schema.answered(ctx, BEFORE)
    there = [index for index, m in enumerate(found) if at and m.schema_version == at]
    return found[there[-1] + 1 :] if there else found


def checked(ctx: Context) -> bool:
    """Whether the database can be asked what it has: both sides are declared."""
    if ctx.plan.spec.database.current is None:
        return False
    return any(migration.schema_version for migration in pending(ctx))


def applied(ctx: Context) -> list[Migration]:
    """Migrations this attempt has applied, in their order."""
    return [m for m in wanted(ctx) if ctx.succeeded(PREFIX + m.name)]


def irreversible(ctx: Context) -> list[str]:
    """Names of applied migrations that a rollback must not pass without a person."""
    return [m.name for m in applied(ctx) if m.reversibility is Reversibility.IRREVERSIBLE]


def version_before(ctx: Context, migration: Migration) -> str:
    """What the database says without this migration and with all before it; empty if unknown."""
    names = [entry.name for entry in wanted(ctx)]
    index = names.index(migration.name)
    if index == 0:
        return schema.answered(ctx, BEFORE)
    return wanted(ctx)[index - 1].schema_version or ""


@dataclass(frozen=True, slots=True)
class Case:
    """A migration, there or back, of which it is not known whether it was done."""

    step: str
    done: str
    """What the database says if it was done; empty if that is not declared."""
    undone: str
    """What it says if nothing of it was done."""
    ways: tuple[Way, ...]
    """What a person can decide."""


def settle(ctx: Context, case: Case, doubt: Doubt) -> Outcome:
    """Ask the database what became of a migration; where it does not know, hold."""
    if doubt.running:
        return hold(ctx, case.step, f"{doubt.what}: end it, or see its node.", case.ways)
    if ctx.plan.spec.database.current is None or not case.done:
        if doubt.said:
            return ctx.fail(case.step, doubt.what)
        facts = f"{_ended(doubt.what)} Ask the database for its schema version."
        return hold(ctx, case.step, facts, case.ways)
    answer = schema.ask(ctx, case.step)
    if not isinstance(answer, Answer):
        return answer
    if case.done != case.undone and answer.version == case.done and not doubt.said:
        return ctx.succeed(case.step, f"its Job did not say so, but {answer}")
    if case.done != case.undone and answer.version == case.undone != "":
        return ctx.fail(case.step, f"{_ended(doubt.what)} Not applied: {answer}")
    facts = f"{_ended(doubt.what)} Asked, {answer}; {_expected(case)}."
    return hold(ctx, case.step, facts, case.ways)


def hold(
    ctx: Context,
    step_id: str,
    facts: str,
    ways: tuple[Way, ...],
    reason: Reason = Reason.MIGRATION_OUTCOME_UNKNOWN,
) -> Outcome:
    """Stop for a person, with the backup and a command for each decision."""
    told = text(f"{facts} {backups.advice(ctx.attempt)}".strip(), *ways)
    return ctx.hold(reason, told, step_id or None)


def _ended(sentence: str) -> str:
    return sentence if sentence.endswith(".") else f"{sentence}."


def _expected(case: Case) -> str:
    return f"{case.done} if it was done, {case.undone or 'unknown'} if not"
