"""R2: every gate is asked; nothing in the cluster is changed before all have passed."""

from datetime import timedelta

from release_coordinator.api.attempt import Attempt
from release_coordinator.engine.context import Context, all_passed
from release_coordinator.engine.gates import GATES
from release_coordinator.engine.gates.verdict import GateVerdict
from release_coordinator.engine.gates.version import derive_type
from release_coordinator.engine.observation import NotSeen, Want
from release_coordinator.engine.outcome import DONE, Do, Note, Outcome, Wait
from release_coordinator.engine.previous import previous_version

STEP = "gates"
RECHECK = timedelta(seconds=60)
"""Time between two looks at what cannot be watched, while a gate is shut."""


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
    verdicts = _evaluate(ctx)
    gates = [verdict.gate for verdict in verdicts]
    if gates != ctx.attempt.gates:
        return ctx.gates(gates)
    moves = [verdict.next_move for verdict in verdicts]
    move = next((move for move in moves if isinstance(move, Note | Do)), None)
    if move is not None:
        return move
    if all_passed(gates):
        return ctx.succeed(STEP, f"{len(gates)} gates passed")
    return Wait(ctx.now + RECHECK)


def _from_where(ctx: Context) -> Attempt:
    """The attempt with the version it steps on from as it is now: it may have changed by hand."""
    if ctx.attempt.basis is not None:
        return ctx.attempt
    spec = ctx.plan.spec
    previous = previous_version(spec, ctx.status, ctx.seen)
    kind = spec.type or derive_type(previous, spec.version)
    return ctx.with_attempt(previous_version=previous, type=kind)


def _evaluate(ctx: Context) -> list[GateVerdict]:
    """All verdicts; what the gates have not seen yet is asked for in one question."""
    verdicts, wants = [], list[Want]()
    for evaluate in GATES:
        try:
            verdicts.append(evaluate(ctx))
        except NotSeen as question:
            wants += question.wants
    if wants:
        raise NotSeen(*wants)
    return verdicts
