"""Gates R2.1: a role has signed off exactly this plan.

One gate per role that the policy names, `SignOff/<role>`. Approvals are watched: a signature is
seen when it is given, and waiting for it asks nobody.
"""

from collections.abc import Mapping

from release_coordinator.api.approval import Decision
from release_coordinator.api.attempt import Role
from release_coordinator.api.policy import SignOff
from release_coordinator.engine import approvals
from release_coordinator.engine.context import Context, shorten
from release_coordinator.engine.evidence import ApprovalFact

from .verdict import GateVerdict, failed, passed, unknown, waiting

PREFIX = "SignOff/"
QUOTED = 200
"""Characters of a comment that a message repeats, so that what to do still fits in."""
OWNERS: Mapping[str, Role] = {
    "qa": Role.QA,
    "security": Role.SECURITY,
    "product-owner": Role.PRODUCT_OWNER,
    "devops": Role.DEVOPS,
    "developer": Role.DEVELOPER,
    "release-manager": Role.RELEASE_MANAGER,
}
"""How people call the usual roles; others are called by their own name."""


def evaluate(ctx: Context, sign: SignOff) -> GateVerdict:
    """Count whose signatures are valid now."""
    name, owner = f"{PREFIX}{sign.role}", str(OWNERS.get(sign.role, sign.role))
    problem = ctx.seen.admission().problem
    if problem:
        text = f"no signature is believed: {problem}"
        return unknown(name, Role.PLATFORM, text, watched=True)
    unread = approvals.unread(ctx)
    if unread:
        return unknown(name, Role.PLATFORM, f"no signature is known: {unread}")
    voices = approvals.about_role(ctx, sign.role)
    rejected = voices.saying(Decision.REJECTED)
    if rejected:
        return failed(
            name, owner, _rejection(ctx, rejected[0]), evidence=_named(rejected), watched=True
        )
    signed = voices.saying(Decision.APPROVED)
    if len(signed) < sign.count:
        return waiting(
            name, owner, _missing(ctx, sign, signed, voices.void), evidence=_named(signed),
            watched=True,
        )  # fmt: skip
    lapse = sorted((approvals.lapses_at(ctx, fact) for fact in signed), reverse=True)
    who = ", ".join(fact.spec.by for fact in signed)
    return passed(
        name, owner, f"signed off by {who}", evidence=_named(signed),
        next_check=lapse[sign.count - 1], watched=True,
    )  # fmt: skip


def _rejection(ctx: Context, fact: ApprovalFact) -> str:
    spec = fact.spec
    return (
        f"{spec.by} rejected the plan: {shorten(spec.comment, QUOTED)}. Change the spec, or "
        f"{spec.by} signs after all with {_command(ctx, spec.role or '')}"
    )


def _missing(
    ctx: Context, sign: SignOff, signed: tuple[ApprovalFact, ...], void: tuple[str, ...]
) -> str:
    so_far = f"{len(signed)} of {sign.count} signatures" if sign.count > 1 else "not signed off"
    text = f"{so_far}; look at the plan and sign with {_command(ctx, sign.role)}"
    return f"{text} ({'; '.join(void)})" if void else text


def _command(ctx: Context, role: str) -> str:
    release = ctx.release
    return f"kubectl release approve {release.name} -n {release.namespace} --role {role}"


def _named(facts: tuple[ApprovalFact, ...]) -> str:
    return f"Approval {', '.join(fact.name for fact in facts)}" if facts else ""
