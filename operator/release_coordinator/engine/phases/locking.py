"""One active attempt per workload: a lock for each, all or none, before anything is recorded.

Nothing is taken while a lock that is wanted is held: what was taken already is given back first,
so nobody who waits holds anything, and two Releases that want the same workloads cannot block each
other. The first to take a lock goes; the other waits without a request, and hears when it goes.
"""

from dataclasses import replace
from datetime import timedelta

from release_coordinator.api.attempt import Step, StepState
from release_coordinator.api.base import format_time
from release_coordinator.api.conditions import Phase, Reason
from release_coordinator.api.release import WorkloadRef
from release_coordinator.engine import closing, locks, names
from release_coordinator.engine.action import DropLock, TakeLock
from release_coordinator.engine.context import Context
from release_coordinator.engine.lockfacts import HolderWant, LockFact, LockWant, RivalFact
from release_coordinator.engine.outcome import DONE, Do, Failed, Outcome, Wait
from release_coordinator.engine.previous import from_where
from release_coordinator.engine.runfacts import WorkloadWant

RIVAL_SECONDS = 10.0
"""Time between two looks at a Release that is at work without its lock; from the watch."""


def advance(ctx: Context) -> Outcome:
    """Take the locks of all components' workloads, and keep them."""
    step = ctx.step(locks.STEP)
    if step is None:
        # An attempt that was frozen before there were locks goes on without.
        return DONE if ctx.attempt.frozen else ctx.begin(locks.STEP)
    if step.state is StepState.SUCCEEDED:
        return _keep(ctx)
    if step.uid is not None and _is_held(ctx, names.lock_name("", "", step.uid)):
        return Wait()  # without a look at the workloads: waiting costs no request
    return _take(ctx, step, _wanted(ctx, fresh=False))


def _wanted(ctx: Context, *, fresh: bool) -> dict[str, WorkloadRef]:
    """Name of the lock -> workload, in the order in which everybody takes them."""
    targets = [component.target for component in ctx.plan.order]
    ctx.seen.gather(*(WorkloadWant(target, fresh) for target in targets))
    wanted = {}
    for target in targets:
        fact = ctx.seen.workload(target, fresh=fresh)
        wanted[names.lock_name(target.kind, target.name, fact.uid if fact else "")] = target
        if fact and fact.created_for not in {"", ctx.release.uid}:
            # Who has created it holds its lock by name for the rest of that attempt.
            wanted[names.lock_name(target.kind, target.name, "")] = target
    return dict(sorted(wanted.items()))


def _take(ctx: Context, step: Step, wanted: dict[str, WorkloadRef]) -> Outcome:
    ctx.seen.gather(*(LockWant(name) for name in wanted))
    known = {name: ctx.seen.lock(name) for name in wanted}
    others = [lock for lock in known.values() if lock and not _own(ctx, lock)]
    for lock in others:
        if not lock.release:
            text = f"Lease {lock.name} has the name of a lock but names no owner; see who made it"
            return ctx.hold(Reason.NAME_TAKEN, f"{text}, delete it, then resume", step.id)
        if not locks.is_left_over(ctx.release, lock, ctx.seen):
            return _wait(ctx, step, lock, wanted[lock.name])
    if others:
        return Do(DropLock(others[0].name, others[0].uid))
    missing = next((name for name, lock in known.items() if lock is None), None)
    if missing is None:
        return _taken(ctx, wanted)
    rival = _at_work(ctx, wanted)
    if rival is not None:
        return _let_it_lock_again(ctx, step, rival)
    return Do(TakeLock(missing, str(wanted[missing]), ctx.attempt.number))


def _at_work(ctx: Context, wanted: dict[str, WorkloadRef]) -> RivalFact | None:
    """Another Release that names a workload and is past giving way, whoever has its lock."""
    rivals = ctx.seen.rivals(ctx.release.name, tuple(wanted.values()))
    ctx.seen.gather(*(HolderWant(rival.release) for rival in rivals))
    return next((one for one in rivals if locks.is_released_now(one.release, ctx.seen)), None)


def _let_it_lock_again(ctx: Context, step: Step, rival: RivalFact) -> Outcome:
    """Somebody has deleted its lock: who is at work takes that again, who is not holds back."""
    text = (
        f"Release {rival.release}, which also names {rival.workload}, is in the middle of an "
        "attempt without its lock; this attempt goes on when that one has ended or locks it again"
    )
    return ctx.wait(step, text, ctx.now + timedelta(seconds=RIVAL_SECONDS))


def _own(ctx: Context, lock: LockFact) -> bool:
    return locks.is_own(ctx.release, ctx.attempt, lock)


def _wait(ctx: Context, step: Step, lock: LockFact, workload: WorkloadRef) -> Outcome:
    """Hold nothing while waiting; woken when a lock of the namespace goes."""
    for own in ctx.seen.own_locks(ctx.release.uid):
        return Do(DropLock(own.name, own.uid))
    text = (
        f"Release {lock.release}, attempt {lock.attempt}, has held {workload} since "
        f"{format_time(lock.since)[:19]}Z; this attempt goes on when that one has ended: "
        f"kubectl release explain {lock.release}"
    )[:256]
    return ctx.change(step.id, message=text, uid=names.locked_uid(lock.name))


def _is_held(ctx: Context, name: str) -> bool:
    """Whether the lock that was waited for is still held by somebody at work."""
    lock = ctx.seen.lock(name)
    if lock is None or _own(ctx, lock) or not lock.release:
        return False
    return not locks.is_left_over(ctx.release, lock, ctx.seen)


def _taken(ctx: Context, wanted: dict[str, WorkloadRef]) -> Outcome:
    """Whoever held a lock before may have changed what this attempt starts from."""
    if list(_wanted(ctx, fresh=True)) != list(wanted):
        text = "a workload was deleted or created anew while the attempt was prepared"
        return Failed(Reason.WORKLOAD_REPLACED, text)
    rival = _at_work(ctx, wanted)
    found = [(rival.workload, rival.release)] if rival else []
    facts = ((workload, ctx.seen.workload(workload, fresh=True)) for workload in wanted.values())
    found += [(workload, fact.labelled_for) for workload, fact in facts if fact]
    for workload, owner in found:
        if owner not in {"", ctx.release.name} and locks.is_released_now(owner, ctx.seen):
            text = f"{workload} is being released by {owner}, whose lock somebody has deleted"
            return ctx.hold(
                Reason.CONFLICTING_WRITER,
                f"{text}; end or abort that attempt, then resume",
                locks.STEP,
            )
    if news := _news(ctx, wanted):
        text = f"{news} since the gates have passed, so the attempt starts over"
        return closing.end_of(ctx, Phase.SUPERSEDED, Reason.SUPERSEDED, text)
    count = len(wanted)
    return ctx.succeed(locks.STEP, f"{count} workload{'s' if count > 1 else ''} locked")


def _news(ctx: Context, wanted: dict[str, WorkloadRef]) -> str:
    """What the attempt would start from, if that is not what the gates have looked at."""
    now = from_where(replace(ctx, fresh=True))
    if now != ctx.attempt:
        return (
            f"{now.previous_version or 'an unknown version'} runs, not "
            f"{ctx.attempt.previous_version or 'an unknown one'},"
        )
    facts = [ctx.seen.workload(workload, fresh=True) for workload in wanted.values()]
    ill = [str(fact.ref) for fact in facts if fact is not None and not fact.rolled_out]
    return f"{', '.join(ill)} is not healthy any more" if ill and ctx.attempt.basis is None else ""


def _keep(ctx: Context) -> Outcome:
    """Take a lock again that somebody has deleted, if nobody else has taken it since."""
    for entry in ctx.revision.previous if ctx.revision else []:
        name = names.lock_name(entry.kind, entry.workload, entry.uid)
        lock = ctx.seen.lock(name)
        workload = WorkloadRef(kind=entry.kind, name=entry.workload)
        if lock is None or (not _own(ctx, lock) and _left(ctx, lock)):
            return Do(_again(ctx, lock, name, workload))
        if not _own(ctx, lock):
            text = (
                f"the lock of {workload}, Lease {name}, was deleted by somebody and taken by "
                f"Release {lock.release}, attempt {lock.attempt}; wait until that attempt has "
                "ended, then resume or roll back"
            )
            return ctx.hold(Reason.CONFLICTING_WRITER, text)
    return DONE


def _left(ctx: Context, lock: LockFact) -> bool:
    return not lock.release or locks.is_left_over(ctx.release, lock, ctx.seen)


def _again(
    ctx: Context, lock: LockFact | None, name: str, workload: WorkloadRef
) -> TakeLock | DropLock:
    if lock is not None:
        return DropLock(name, lock.uid)
    return TakeLock(name, str(workload), ctx.attempt.number)
