"""Asking the database for its schema version: the Job `spec.database.current`, and its answer.

A migration's Job tells what its program did; only the database knows what became of it. Each
question is a step of its own (`schema/...`), so that its answer is journalled and an old answer is
never taken for a new one. Used by `engine.phases.migrating`.
"""

from dataclasses import dataclass
from datetime import timedelta

from release_coordinator.api.attempt import Step, StepState
from release_coordinator.api.conditions import Reason

from . import jobs
from .context import Context
from .outcome import Outcome, Wait

PREFIX = "schema/"
TRIES = 3
"""How often one question is put while the database does not answer."""
PAUSE = timedelta(seconds=30)
"""Between two tries."""
PATIENCE = timedelta(minutes=5)
"""No further try begins later than this after the first."""
LIMIT = 10
"""Steps that all questions of one attempt may take: its journal has room for no more."""
GOOD_FOR = timedelta(seconds=60)
"""How long an answer, or a person's, is believed while nothing has been let run on it."""
TOO_OLD = "its answer is too old"
"""Trouble of an answer that was good once, when there is no further try."""
BY_A_PERSON = "settled by a person"
"""What a question's step says when a person has answered it (`engine.orders`)."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What the database said."""

    version: str = ""
    """Empty: it gave no answer."""
    trouble: str = ""
    """Why not."""
    step: str = ""
    """The step in which it was asked last."""
    settled: bool = False
    """A person has looked, and goes on: whatever the question was, the answer is the good one."""

    def __str__(self) -> str:
        """What it said, in a sentence about the database."""
        if self.version:
            return f"the database says its schema is at {self.version}"
        return f"the database gave no answer ({self.trouble})"


def ask(ctx: Context, question: str, good_for: timedelta | None = None) -> Outcome | Answer:
    """Put a question; an Answer when there is one, or when there will be none.

    With `good_for` an answer that is older is none: the question is put again.
    """
    template = ctx.plan.spec.database.current
    if template is None:
        return Answer(trouble="spec.database.current is not declared")
    first: Step | None = None
    for number in range(1, TRIES + 1):
        step_id = _step(question, number)
        if ctx.step(step_id) is None and not has_room(ctx):
            trouble = f"it was asked {LIMIT} times in this attempt; look yourself"
            return Answer(trouble=trouble, step=_step(question, max(1, number - 1)))
        outcome = jobs.run(
            ctx, jobs.JobStep(step_id, template, Reason.MIGRATION_FAILED, answers=True)
        )
        step = ctx.step(step_id)
        if step is None or step.state is StepState.RUNNING:
            return outcome
        first = first or step
        if step.state is StepState.SUCCEEDED and step.message:
            if not _stale(ctx, step, good_for):
                settled = step.message == BY_A_PERSON
                return Answer("" if settled else step.message, "", step_id, settled)
            # From the next try on, patience is counted anew.
            step, first = step.model_copy(update={"message": TOO_OLD, "finished_at": None}), None
        if number == TRIES or (first is not None and _too_late(first, step)):
            break
        again = step.finished_at + PAUSE if step.finished_at else ctx.now
        if ctx.step(_step(question, number + 1)) is None and ctx.now < again:
            return Wait(again)
    return Answer(trouble=(step and step.message) or _SILENT, step=step_id)


_SILENT = (
    "the Job spec.database.current succeeded but wrote nothing; let it write the schema version "
    "as its termination message (/dev/termination-log)"
)


def answered(ctx: Context, question: str) -> str:
    """What the database has answered to a question; empty if it has not."""
    steps = (ctx.step(_step(question, number)) for number in range(1, TRIES + 1))
    found = [s.message for s in steps if s is not None and s.state is StepState.SUCCEEDED]
    return found[-1] if found and found[-1] != BY_A_PERSON else ""


def has_room(ctx: Context) -> bool:
    """Whether the journal has room for one more question."""
    return sum(1 for step in ctx.attempt.steps if step.id.startswith(PREFIX)) < LIMIT


def _stale(ctx: Context, step: Step, good_for: timedelta | None) -> bool:
    return good_for is not None and ctx.now - (step.finished_at or ctx.now) >= good_for


def _step(question: str, number: int) -> str:
    return f"{PREFIX}{question}" + (f"/{number}" if number > 1 else "")


def _too_late(first: Step, step: Step) -> bool:
    begun = first.started_at
    return step.finished_at is not None and step.finished_at + PAUSE > begun + PATIENCE
