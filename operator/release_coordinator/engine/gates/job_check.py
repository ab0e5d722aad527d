"""A question of a gate that a Job answers, shared by the gates that ask so.

The Job runs once in an attempt; what it said stays in the journal. To run it again is a new
attempt, which a person asks for.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from release_coordinator.api.attempt import GateState, StepState
from release_coordinator.api.job import JobTemplate
from release_coordinator.engine import jobs, names
from release_coordinator.engine.context import Context, shorten
from release_coordinator.engine.outcome import Do, Note, Outcome

MESSAGE = 512
"""Characters of a gate's message."""


@dataclass(frozen=True, slots=True)
class JobCheck:
    """What came of the Job so far."""

    state: GateState
    """Passed, Failed or Waiting."""
    words: str
    """Its last words, why it failed, or what keeps it; empty if there is nothing to say."""
    next_move: Outcome


def ask(
    ctx: Context,
    step_id: str,
    template: JobTemplate,
    correct: Callable[[Note], Outcome] = lambda note: note,
) -> JobCheck:
    """Bring the Job one move further. `correct` may judge a change of the journal otherwise."""
    outcome = jobs.run(ctx, jobs.JobStep(step_id, template))
    if isinstance(outcome, Note):
        outcome = correct(outcome)
    step = ctx.step(step_id)
    state = _STATES[step.state] if step else GateState.WAITING
    return JobCheck(state, step.message if step else "", outcome)


def next_move(checks: Iterable[JobCheck]) -> Outcome | None:
    """The first thing there is to do; a Job that is only waited for holds no other up."""
    moves = (check.next_move for check in checks)
    return next((move for move in moves if isinstance(move, Note | Do)), None)


def retry(ctx: Context) -> str:
    """How a person starts again after a Job has failed."""
    return (
        f"start again with kubectl annotate release {ctx.release.name} "
        f"{names.ANNOTATION_RETRY}={ctx.attempt.number} --overwrite"
    )


def then_retry(ctx: Context, text: str) -> str:
    """What has failed and how to start again; the command is never what is cut off."""
    end = f"; then {retry(ctx)}"
    return shorten(text, MESSAGE - len(end)) + end


_STATES = {
    StepState.RUNNING: GateState.WAITING,
    StepState.SUCCEEDED: GateState.PASSED,
    StepState.FAILED: GateState.FAILED,
}
