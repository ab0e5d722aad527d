"""Whether somebody has approved that a rollback destroys data: role `data-loss`, for this plan.

The approval is an `Approval` like a sign-off and is judged like one (`engine.approvals`). It may be
given before the release or while the way back is held.
"""

from dataclasses import replace

from release_coordinator.api.approval import Decision

from . import approvals
from .context import Context, shorten

ROLE = "data-loss"


def missing(ctx: Context) -> str:
    """Why nobody's approval counts now; empty if one does."""
    fresh = replace(ctx, fresh=True)
    problem = ctx.seen.admission().problem or approvals.unread(fresh)
    if problem:
        return f"no approval is believed: {shorten(problem, 128)}"
    voices = approvals.about_role(fresh, ROLE)
    rejected = voices.saying(Decision.REJECTED)
    if rejected:
        return f"{rejected[0].spec.by} has rejected that"
    if voices.saying(Decision.APPROVED):
        return ""
    void = f" ({shorten(voices.void[0], 128)})" if voices.void else ""
    return f"role {ROLE} has not approved that{void}"
