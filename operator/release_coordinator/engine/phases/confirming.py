"""R2, the last moment: every gate is asked again immediately before the first change.

Between the first look and now a backup may have taken an hour: a window has closed, a person has
changed his mind, the pipeline was run again. A gate that has shut sends the attempt back to the
start, where it waits with everything else that waits: nothing was changed yet. A gate that cannot
be asked at the moment is waited for here.
"""

from dataclasses import replace

from release_coordinator.api.attempt import GateState
from release_coordinator.api.conditions import Phase, Reason
from release_coordinator.engine import checklist, closing
from release_coordinator.engine.context import Context, all_passed
from release_coordinator.engine.outcome import DONE, Outcome, Wait

STEP = "prepare/confirm"


def advance(ctx: Context) -> Outcome:
    """Evaluate all gates once more, approvals from the API server itself."""
    if ctx.succeeded(STEP):
        return DONE
    if ctx.step(STEP) is None:
        return ctx.begin(STEP)
    verdicts = checklist.evaluate(replace(ctx, fresh=True))
    gates = [verdict.gate for verdict in verdicts]
    if gates != ctx.attempt.gates:
        return ctx.gates(gates)
    if all_passed(gates):
        return ctx.succeed(STEP, checklist.tally(gates))
    shut = [gate for gate in gates if not gate.opens]
    if all(gate.state is GateState.UNKNOWN for gate in shut):
        return Wait(checklist.next_look(ctx.now, verdicts))
    text = "; ".join(f"{gate.name}: {gate.message}" for gate in shut)
    return closing.end_of(
        ctx,
        Phase.SUPERSEDED,
        Reason.GATES_NOT_PASSED,
        f"a gate shut again before the first change, so the attempt starts over ({text})",
    )
