"""The first gate: the ReleasePolicy can be read, and where it asks for less is told.

It can neither be relaxed nor waived. A policy that cannot be read must not open anything: the
built-in one is put in its place, and this gate stays shut until it is corrected.
"""

from release_coordinator.api.attempt import Role
from release_coordinator.api.checklist import GateName
from release_coordinator.engine.context import Context
from release_coordinator.engine.evidence import PolicyFact
from release_coordinator.engine.policy import requirements

from .verdict import GateVerdict, failed, passed

NAME = GateName.POLICY
OWNER = Role.PLATFORM


def evaluate(ctx: Context) -> GateVerdict:
    """Name the policy, and all that it relaxes."""
    fact = ctx.seen.policy(ctx.release.name, fresh=ctx.fresh)
    if not fact.problem and requirements(fact.spec) != ctx.plan.requirements:
        text = (
            f"{_called(fact)} requires something else than when the plan was recorded; the "
            "attempt starts over with it"
        )
        return failed(NAME, OWNER, text, watched=True)
    if fact.problem and fact.name is None:
        return failed(NAME, OWNER, f"no policy is known: {fact.problem}")
    if fact.name is None:
        return passed(NAME, OWNER, "the built-in policy applies", watched=True)
    evidence = _called(fact)
    if fact.problem:
        text = f"{evidence} cannot be read: {fact.problem}"
        return failed(NAME, OWNER, text, evidence=evidence, watched=True)
    relaxed = ctx.attempt.policy.relaxed
    less = f"; less than the built-in policy asks for: {'; '.join(relaxed)}" if relaxed else ""
    return passed(NAME, OWNER, f"{evidence} applies{less}", evidence=evidence, watched=True)


def _called(fact: PolicyFact) -> str:
    return f"ReleasePolicy {fact.name}" if fact.name else "the built-in policy"
