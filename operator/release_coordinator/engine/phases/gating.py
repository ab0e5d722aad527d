"""R2: every gate is asked; nothing in the cluster is changed before all let the release through."""

from release_coordinator.api.attempt import Attempt
from release_coordinator.engine import checklist, policy
from release_coordinator.engine.context import Context, all_passed
from release_coordinator.engine.gates.version import derive_type
from release_coordinator.engine.outcome import DONE, Do, Note, Outcome, Wait
from release_coordinator.engine.previous import previous_version

STEP = "gates"


def advance(ctx: Context) -> Outcome:
    """Evaluate all gates, report them together, and take the first move one of them asks for."""
    step = ctx.step(STEP)
    if step is None:
        return ctx.begin(STEP)
    if ctx.succeeded(STEP):
        return DONE
    attempt = _from_where(ctx)
    if attempt != ctx.attempt:
        return ctx.note(attempt)
    verdicts = checklist.evaluate(ctx)
    gates = [verdict.gate for verdict in verdicts]
    if gates != ctx.attempt.gates:
        return ctx.gates(gates)
    if all_passed(gates):
        return ctx.succeed(STEP, checklist.tally(gates))
    moves = [verdict.next_move for verdict in verdicts]
    move = next((move for move in moves if isinstance(move, Note | Do)), None)
    return move if move is not None else Wait(checklist.next_look(ctx.now, verdicts))


def _from_where(ctx: Context) -> Attempt:
    """The attempt with the version it steps on from as it is now: it may have changed by hand."""
    if ctx.attempt.basis is not None:
        return ctx.attempt
    spec = ctx.plan.spec
    previous = previous_version(spec, ctx.status, ctx.seen)
    kind = spec.type or derive_type(previous, spec.version)
    applied = policy.applied(
        ctx.attempt.policy.name, ctx.plan.requirements, kind, version=spec.version
    )
    return ctx.with_attempt(previous_version=previous, type=kind, policy=applied)
