"""Who may change a workload: whose lock it is, which one is left over, and giving back.

A lock is a Lease, created and deleted but never changed. It names its owner, attempt included, and
that attempt's journal says whether the lock still means anything: a crash leaves none behind.
Used by `phases.locking`, which takes them, by `closing` and `decide`, which give them back.
"""

from release_coordinator.api.attempt import Attempt, StepState
from release_coordinator.api.codec import ReleaseObject

from .action import Action, CreateRecord, DropLock, TakeLock
from .lockfacts import HolderFact, LockFact
from .observation import Observation
from .outcome import Do

STEP = "prepare/lock"


def is_own(release: ReleaseObject, attempt: Attempt, lock: LockFact) -> bool:
    """Whether this attempt holds it."""
    return (lock.release_uid, lock.attempt) == (release.uid, attempt.number)


def are_wanted(attempt: Attempt) -> bool:
    """Whether it is about to take its locks, or waits for one."""
    return any(s.id == STEP and s.state is StepState.RUNNING for s in attempt.steps)


def is_left_over(release: ReleaseObject, lock: LockFact, seen: Observation) -> bool:
    """Whether the owner of a lock that is not this attempt's needs it no more.

    Once true of a Lease's UID, always true of it: attempts only count upwards, and end once. What
    the watch tells may be old, so it is confirmed at the API server before a lock is broken.
    """
    if lock.release_uid == release.uid:
        return True  # of another attempt, and a Release has one at a time
    return _is_over(seen.holder(lock.release), lock) and _is_over(
        seen.holder(lock.release, fresh=True), lock
    )


def _is_over(holder: HolderFact | None, lock: LockFact) -> bool:
    if holder is None or holder.uid != lock.release_uid:
        return True
    return holder.attempt > lock.attempt or (holder.attempt == lock.attempt and holder.ended)


def is_released_now(release: str, seen: Observation) -> bool:
    """Whether another Release is past the point where it would give way."""
    holder = seen.holder(release)
    return holder is not None and holder.frozen and not holder.ended


def give_back(release: ReleaseObject, attempt: Attempt | None, seen: Observation) -> Do | None:
    """Give back a lock that an attempt has no use for any more; None when there is none.

    One that the API server would not let go is left: its owner has ended, so it stops nobody.
    """
    if attempt is not None and _was_refused(attempt):
        return None
    held = seen.own_locks(release.uid)
    return Do(DropLock(held[0].name, held[0].uid)) if held else None


def may_come_late(action: Action, attempt: Attempt | None) -> bool:
    """Whether an effect does no harm even if others have gone on with the Release meanwhile.

    A lock that is taken late names an attempt that is over, so it stops nobody. Once the end of an
    attempt is stored, its locks and its record are the same for everybody. So none of these needs
    a status write of its own.
    """
    ended = attempt is not None and attempt.end is not None
    return isinstance(action, TakeLock) or (ended and isinstance(action, DropLock | CreateRecord))


def _was_refused(attempt: Attempt) -> bool:
    return any(s.id == STEP and s.state is StepState.FAILED for s in attempt.steps)
