"""What people have said about one plan: whose word counts, and why another's does not.

Used by the sign-off gates and wherever a gate may be waived. The API server has proved who said
it and that he may (`render.admission`); here it is judged again, at use: for this Release and no
namesake, for exactly this plan, not lapsed, not by who made the plan himself, and not taken back.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from release_coordinator.api.approval import Decision
from release_coordinator.api.attempt import Waiver
from release_coordinator.api.base import parse_duration
from release_coordinator.api.checklist import UNWAIVABLE, GateName

from . import names
from .context import Context, shorten
from .evidence import ApprovalFact

_SEVERITY = {Decision.APPROVED: 0, Decision.WAIVED: 0, Decision.REVOKED: 1, Decision.REJECTED: 2}
"""Of two words given within one second the one that opens less counts."""


@dataclass(frozen=True, slots=True)
class Voices:
    """The last word of each person about one role or gate, and what did not count."""

    valid: tuple[ApprovalFact, ...] = ()
    void: tuple[str, ...] = ()
    """For each person whose word does not count, why."""

    def saying(self, decision: Decision) -> tuple[ApprovalFact, ...]:
        """Those whose last word is this decision."""
        return tuple(fact for fact in self.valid if fact.spec.decision is decision)


def author_of(ctx: Context) -> str:
    """Who changed the spec last, as the API server stamped it; empty if nobody knows."""
    return ctx.release.annotations.get(names.ANNOTATION_CHANGED_BY, "")


def lapses_at(ctx: Context, fact: ApprovalFact) -> datetime:
    """When an approval no longer counts."""
    valid_for = ctx.plan.requirements.approvals.valid_for
    return fact.at + timedelta(seconds=parse_duration(valid_for))


def about_role(ctx: Context, role: str) -> Voices:
    """What was said for a sign-off role."""
    return _voices(ctx, (f for f in _all(ctx) if f.spec.role == role))


def about_gate(ctx: Context, gate: GateName) -> Voices:
    """What was said about waiving a gate."""
    return _voices(ctx, (f for f in _all(ctx) if f.spec.gate is gate))


def waiver(ctx: Context, gate: GateName) -> Waiver | None:
    """The waiver of a gate that counts, if there is one and forged ones are refused."""
    if gate in UNWAIVABLE:
        return None
    waived = about_gate(ctx, gate).saying(Decision.WAIVED)
    if not waived or ctx.seen.admission().problem:
        return None
    fact = min(waived, key=lambda one: (one.at, one.name))
    return Waiver(by=fact.spec.by, comment=shorten(fact.spec.comment), approval=fact.name)


def unread(ctx: Context) -> str:
    """Why nobody's word is known, and who mends it; empty if all are."""
    return ctx.seen.approvals(ctx.release.name, fresh=ctx.fresh).problem


def _all(ctx: Context) -> tuple[ApprovalFact, ...]:
    return ctx.seen.approvals(ctx.release.name, fresh=ctx.fresh).approvals


def _voices(ctx: Context, facts: Iterable[ApprovalFact]) -> Voices:
    last: dict[str, ApprovalFact] = {}
    valid, void = [], []
    for fact in sorted(facts, key=_order):
        if fact.spec.release_uid != ctx.release.uid:
            continue  # about a Release of the same name that is gone
        if _unproved(ctx, fact):
            void.append(
                f"{fact.spec.decision} by {fact.spec.by} does not count: nobody checked at that "
                "time who wrote it; give it again"
            )
            continue
        if fact.spec.digest == ctx.attempt.digest or fact.spec.by not in last:
            last[fact.spec.by] = fact
    for person, fact in sorted(last.items()):
        fault = _fault(ctx, fact)
        if fault:
            void.append(f"{fact.spec.decision} by {person} does not count: {fault}")
        else:
            valid.append(fact)
    return Voices(tuple(valid), tuple(void))


def _unproved(ctx: Context, fact: ApprovalFact) -> bool:
    """Whether it is older than the rules against forgery. A rejection only shuts, so it counts."""
    since = ctx.seen.admission().since
    return since is not None and fact.at < since and fact.spec.decision is not Decision.REJECTED


def _order(fact: ApprovalFact) -> tuple[datetime, int, str]:
    return fact.at, _SEVERITY[fact.spec.decision], fact.name


def _fault(ctx: Context, fact: ApprovalFact) -> str:
    """Why a word does not count; a rejection of this plan counts in any case."""
    if fact.spec.digest != ctx.attempt.digest:
        return "it was for another plan"
    if fact.spec.decision in {Decision.REJECTED, Decision.REVOKED}:
        return ""
    if ctx.now >= lapses_at(ctx, fact):
        return f"it has lapsed after {ctx.plan.requirements.approvals.valid_for}"
    if ctx.plan.requirements.approvals.author_may_approve:
        return ""
    author = author_of(ctx)
    if not author:
        return (
            "nobody knows who changed the spec last; apply the Release again, so that the API "
            f"server writes down {names.ANNOTATION_CHANGED_BY}"
        )
    if author == fact.spec.by:
        return "who changed the spec last does not sign it off"
    return ""
