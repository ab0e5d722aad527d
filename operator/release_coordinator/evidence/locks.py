"""Locks of workloads, who holds them, and who else names a workload; from the watch.

Only one answer may cost a request: whether the owner of a lock that seems left over is at work.
"""

from release_coordinator.cluster.locks import holder_fact, is_named_by, lock_fact
from release_coordinator.cluster.port import LEASE, RELEASE, Ref
from release_coordinator.engine import names
from release_coordinator.engine.lockfacts import (
    HolderFact,
    HolderWant,
    LockFact,
    LockWant,
    OwnLocksWant,
    RivalFact,
    RivalsWant,
)
from release_coordinator.errors import NotFound

from .sources import Sources


async def lock(sources: Sources, namespace: str, want: LockWant) -> LockFact | None:
    """Who holds it. One that is not known is found by whoever tries to take it."""
    body = sources.store.get(Ref(LEASE, namespace, want.name))
    return lock_fact(body) if body else None


async def own_locks(sources: Sources, namespace: str, want: OwnLocksWant) -> tuple[LockFact, ...]:
    """By name."""
    bodies = sources.store.select(LEASE, namespace, {names.LABEL_UID: want.release_uid})
    return tuple(lock_fact(body) for body in bodies)


async def holder(sources: Sources, namespace: str, want: HolderWant) -> HolderFact | None:
    """What its journal says."""
    ref = Ref(RELEASE, namespace, want.release)
    body = sources.store.get(ref)
    if want.fresh:
        try:
            body = await sources.cluster.get(ref)
        except NotFound:
            return None
        sources.store.put(RELEASE, body)
    return holder_fact(body) if body else None


async def rivals(sources: Sources, namespace: str, want: RivalsWant) -> tuple[RivalFact, ...]:
    """By name of the Release, then in the order asked for."""
    return tuple(
        RivalFact(body["metadata"]["name"], workload)
        for body in sources.store.select(RELEASE, namespace)
        if body["metadata"]["name"] != want.release
        for workload in want.workloads
        if is_named_by(body, workload)
    )
