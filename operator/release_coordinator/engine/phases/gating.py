"""R2: every gate is asked; nothing in the cluster is changed before all let the release through."""

from release_coordinator.api.attempt import StepState
from release_coordinator.engine import checklist, exported
from release_coordinator.engine.context import Context, all_passed
from release_coordinator.engine.outcome import DONE, Do, Note, Outcome, Wait
from release_coordinator.engine.previous import from_where

STEP = "gates"


def advance(ctx: Context) -> Outcome:
    """Evaluate all gates, report them together, and take the first move one of them asks for."""
    step = ctx.step(STEP)
    if step is None:
        return ctx.begin(STEP)
    if ctx.succeeded(STEP):
        return DONE
    attempt = from_where(ctx)
    if attempt != ctx.attempt:
        return ctx.note(attempt)
    verdicts = checklist.evaluate(ctx)
    news = exported.learned(ctx)
    if news is not None:
        return news
    gates = [verdict.gate for verdict in verdicts]
    if gates != ctx.attempt.gates:
        return ctx.gates(gates)
    if all_passed(gates):
        return _without_advisory_jobs(ctx) or ctx.succeed(STEP, checklist.tally(gates))
    moves = [verdict.next_move for verdict in verdicts]
    move = next((move for move in moves if isinstance(move, Note | Do)), None)
    return move if move is not None else Wait(checklist.next_look(ctx.now, verdicts))


def _without_advisory_jobs(ctx: Context) -> Note | None:
    """Nobody waits for the Job of an advisory or waived gate; the journal says so if it runs."""
    running = (s for s in ctx.attempt.steps if s.state is StepState.RUNNING and s.id != STEP)
    step = next(running, None)
    return ctx.fail(step.id, "not awaited: its gate holds nothing up") if step else None
