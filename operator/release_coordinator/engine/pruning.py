"""What was kept for rollbacks and no rollback needs any more; pure.

Asked once after each attempt. Needed are the way back of the good version, of the last attempt and
of the one before, what a live workload names, and the plans of the attempts that the history
shows. Nothing here holds up or fails a release: what cannot be deleted stays, and so does all of
it when the cluster knows a later attempt than the status (`engine.idle` holds the next one).
"""

from release_coordinator.api.attempt import Attempt
from release_coordinator.api.codec import ReleaseObject
from release_coordinator.api.status import ReleaseStatus

from .action import DeleteKept, Kept
from .closing import HISTORY_LIMIT
from .evidence import KeptObject, LeftoversFact, LeftoversWant
from .observation import Observation
from .outcome import Do, Note

AT_ONCE = 16
"""Objects that one action deletes at most."""


def advance(
    release: ReleaseObject, status: ReleaseStatus, attempt: Attempt | None, seen: Observation
) -> Do | Note | None:
    """Delete what is not needed, then say so; None if that was said, or the Release is going."""
    if attempt is None or attempt.pruned or release.deleting:
        return None
    fact = seen.leftovers(LeftoversWant(release.uid))
    # A status that is older than the cluster, as after a restore, knows not what is needed.
    behind = any(one.attempt > attempt.number for one in fact.plans)
    doomed = [] if fact.problem or behind else unneeded(status, attempt, fact)
    if doomed:
        kept = (Kept(one.kind, one.name, one.uid) for one in doomed[:AT_ONCE])
        return Do(DeleteKept(tuple(kept)))
    pruned = attempt.model_copy(update={"pruned": True})
    return Note(status.model_copy(update={"attempt": pruned}))


def unneeded(status: ReleaseStatus, attempt: Attempt, fact: LeftoversFact) -> list[KeptObject]:
    """Plans first, then copies, and last the snapshots, by which copies of Secrets are found."""
    plans = sorted(fact.plans, key=lambda one: one.attempt, reverse=True)
    current = status.current
    ways_back = {attempt.revision, attempt.basis, current.revision if current else None}
    kept_plans = {one.name for one in plans[:HISTORY_LIMIT]} | ways_back
    snapshots = {*attempt.kept.values(), *(current.snapshots.values() if current else ())}
    snapshots |= {name for plan in plans if plan.name in ways_back for name in plan.needs}
    copies = {copy for one in fact.snapshots if one.name in snapshots for copy in one.needs}
    return [
        *(one for one in plans if one.name not in kept_plans),
        *(one for one in fact.copies if one.name not in copies | fact.used),
        *(one for one in fact.snapshots if one.name not in snapshots),
    ]
