"""The checklist of one attempt: which gates its policy asks for, and what each of them says now.

Between the gates, which know nothing of policies, and the phases that ask them all: `gating`
before anything is prepared, `confirming` immediately before the first change.
"""

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial

from release_coordinator.api.attempt import Gate, GateState, Role
from release_coordinator.api.checklist import Enforcement, GateName

from . import approvals, policy
from .context import Context
from .gates import GATES, sign_off
from .gates.verdict import Evaluate, GateVerdict, unknown
from .observation import NotSeen, Want

RECHECK = timedelta(seconds=60)
"""Time between two looks at what cannot be watched, while a gate is shut."""


def evaluate(ctx: Context) -> list[GateVerdict]:
    """All verdicts; what the gates have not seen yet is asked for in one question."""
    verdicts, wants = [], list[Want]()
    before = {gate.name: gate for gate in ctx.attempt.gates}
    for name, level, ask in _asked(ctx):
        try:
            verdict = _in_context(ctx, name, level, _judged(ctx, name, ask))
            gate = verdict.gate.timed(before.get(verdict.gate.name), ctx.now)
            verdicts.append(replace(verdict, gate=gate))
        except NotSeen as question:
            wants += question.wants
    if wants:
        raise NotSeen(*dict.fromkeys(wants))
    return verdicts


def _judged(ctx: Context, name: GateName | None, ask: Evaluate) -> GateVerdict:
    """What a gate says. A fault of ours in one gate must not hide what all others say."""
    try:
        return ask(ctx)
    except NotSeen:
        raise
    except Exception as error:  # noqa: BLE001 - whatever it is, the gate stays shut and says so
        what = f"{type(error).__name__}: {error}"
        text = f"the operator failed to judge this ({what}); report it with the Release's spec"
        return unknown(name or sign_off.PREFIX, Role.PLATFORM, text)


def next_look(now: datetime, verdicts: list[GateVerdict]) -> datetime | None:
    """When to look again, though nothing was heard; None to wait for news alone."""
    moments = [v.gate.next_check for v in verdicts if v.gate.next_check and v.gate.next_check > now]
    if any(not v.gate.opens and not v.watched for v in verdicts):
        moments.append(now + RECHECK)
    return min(moments, default=None)


def tally(gates: list[Gate]) -> str:
    """How the gates let a release through, in words: nothing that did not pass goes unsaid."""
    passed = [gate for gate in gates if gate.state is GateState.PASSED]
    text = f"{len(passed)} gates passed"
    waived = [gate.name for gate in gates if gate.waiver and gate not in passed]
    if waived:
        text += f", waived: {', '.join(waived)}"
    advisory = [g.name for g in gates if g not in passed and g.name not in waived and g.opens]
    return f"{text}, advisory and not passed: {', '.join(advisory)}" if advisory else text


def _asked(ctx: Context) -> Iterator[tuple[GateName | None, Enforcement, Evaluate]]:
    """Every gate that is not off, in the order of the checklist; sign-offs have no GateName."""
    required = ctx.required
    for name, ask in GATES.items():
        level = policy.enforcement(required, name)
        if level is not Enforcement.OFF:
            yield name, level, ask
    for sign in required.sign_offs:
        if sign.enforcement is not Enforcement.OFF:
            yield None, sign.enforcement, partial(sign_off.evaluate, sign=sign)


def _in_context(
    ctx: Context, name: GateName | None, level: Enforcement, verdict: GateVerdict
) -> GateVerdict:
    """The verdict with how strictly it is meant, and the waiver if one is needed and given."""
    gate = verdict.gate.model_copy(update={"enforcement": level})
    if name is not None and not gate.opens:
        gate = gate.model_copy(update={"waiver": approvals.waiver(ctx, name)})
    return replace(verdict, gate=gate)
