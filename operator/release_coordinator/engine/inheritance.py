"""What an attempt takes over from an earlier one whose rollback failed: `attempt.basis`.

What was to be restored then is still the good state, but only of the very workloads it was
recorded of. Used by `phases.preparing`, which records the way back, and by gate RollbackTarget.
"""

from release_coordinator.api.attempt import PreviousComponent
from release_coordinator.api.release import Component, WorkloadRef

from .context import Context
from .runfacts import WorkloadFact


def of(ctx: Context, component: Component, fact: WorkloadFact) -> PreviousComponent | None:
    """What a rollback was to make of the component's workload; None if nothing of this one.

    Not there was only what that attempt has created. A workload that somebody else has made since
    is taken over as it is: a rollback that removed it would delete what was never ours.
    """
    known = next((entry for entry in _previous(ctx) if entry.name == component.name), None)
    if known is None or workload_of(known) != component.target:
        return None
    return None if known.absent and fact.created_for != ctx.release.uid else known


def workload_of(entry: PreviousComponent) -> WorkloadRef:
    """The workload of which something was recorded."""
    return WorkloadRef(kind=entry.kind, name=entry.workload)


def _previous(ctx: Context) -> list[PreviousComponent]:
    revision = ctx.seen.revision(ctx.attempt.basis) if ctx.attempt.basis else None
    return revision.previous if revision else []
