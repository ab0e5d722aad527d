"""R10.2: an attempt that turns back by itself once the version has proved itself; then the next.

Whether an attempt is one is settled when its plan is recorded. The attempt after it has the same
plan, knows which one has rehearsed it, and completes.
"""

from release_coordinator.api.attempt import Attempt
from release_coordinator.api.conditions import Phase, Reason
from release_coordinator.api.release import ReleaseSpec, Reversibility

from .context import Context


def was_good(attempt: Attempt) -> bool:
    """Whether an ended attempt was a rehearsal that went there and back as planned."""
    end = attempt.end
    return end is not None and end.outcome is Phase.ROLLED_BACK and end.reason is Reason.REHEARSED


def rehearsed_by(last: Attempt | None, spec_digest: str) -> int | None:
    """The attempt that has rehearsed this plan, if the last one was about it."""
    if last is None or last.spec_digest != spec_digest:
        return None
    return last.number if was_good(last) else last.rehearsed


def is_due(spec: ReleaseSpec, rehearsed: int | None) -> bool:
    """Whether an attempt is to be a rehearsal."""
    return spec.rehearsal and rehearsed is None


def obstacle(ctx: Context) -> str:
    """Why this plan cannot be rehearsed, and what to do; empty if it can."""
    if not ctx.attempt.rehearsal:
        return ""
    if ctx.attempt.previous_version is None:
        return (
            "spec.rehearsal: nothing was released here before, so there is no version to go back "
            "to; remove spec.rehearsal, and rehearse the next version"
        )
    stays = [
        m.name
        for m in ctx.plan.spec.migrations
        if m.reversibility is Reversibility.IRREVERSIBLE and m.name not in ctx.attempt.in_place
    ]
    barred = [*ctx.attempt.inherited, *stays]
    if not barred:
        return ""
    return (
        f"spec.rehearsal: the way back would go past a migration that stays ({', '.join(barred)}), "
        "so it cannot be rehearsed; make it Reversible or ExpandOnly, or remove spec.rehearsal"
    )
